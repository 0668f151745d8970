"""Tables: Parquet and Arrow, read in batches."""

from collections.abc import Iterator
from typing import Any

from ._columns import Columns
from ._input import Input, Unreadable
from .records import Record

_ROWS = 512


def read_parquet(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield a record for each row of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(input.source.path) as file:
            names, columns = _settled(file.schema_arrow, columns)
            batches = file.iter_batches(batch_size=_ROWS, columns=names)
            yield from _records(input, columns, batches, file.metadata.num_rows)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged("Parquet", error) from error


def read_arrow(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield a record for each row of an Arrow (Feather) file or stream."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(input.source.path)) as file:
            is_file = file.read(6) == b"ARROW1"
            file.seek(0)
            reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
            batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else reader
            names, columns = _settled(reader.schema, columns)
            pieces = (batch.slice(at, _ROWS) for batch in batches for at in range(0, batch.num_rows, _ROWS))
            yield from _records(input, columns, (piece.select(names) for piece in pieces), 0)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _damaged("Arrow", error) from error


def _records(input: Input, columns: Columns, batches: Any, rows: int) -> Iterator[Record]:
    number = 0
    for batch in batches:
        batch.validate(full=True)  # offsets that lead astray would be followed, into anybody's memory
        for row in batch.to_pylist():
            number += 1
            if (record := columns.record(input, row, number)) is not None:
                yield record
        if rows:
            input.position = input.source.size * number // rows


def _settled(schema: Any, columns: Columns) -> tuple[list[str], Columns]:
    """Return the columns that can be text, an id or a field, which bytes and vectors cannot, and the choice."""
    import pyarrow.types as types

    def is_list(kind: Any) -> bool:
        return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))

    def is_text(kind: Any) -> bool:
        return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))

    fields = [
        field
        for field in schema
        if not (types.is_binary(field.type) or types.is_large_binary(field.type))
        and not (is_list(field.type) and types.is_floating(field.type.value_type))
    ]
    names = [field.name for field in fields]
    return names, columns.settle(names, [field.name for field in fields if is_text(field.type)])


def _damaged(kind: str, error: Exception) -> Exception:
    """Return what to raise: errors of the system, which have a number, are told as such."""
    if getattr(error, "errno", None):
        return error
    return Unreadable(f"this {kind} file is damaged or cut short: {str(error).partition(chr(10))[0]}")
