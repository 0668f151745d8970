"""A space as one file that other programs read."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from inlay.core.errors import DataError, ParameterError

from .table import Table

_HIDDEN = {"content_hash"}


def export(table: Table, path: str | os.PathLike[str]) -> None:
    """Write all records and vectors; the suffix of `path` says how.

    The file appears when it is whole. CSV and JSON Lines hold vectors as JSON lists.
    """
    path = Path(path)
    writers = {".parquet": _parquet, ".arrow": _arrow, ".feather": _arrow, ".csv": _csv, ".jsonl": _jsonl}
    write = writers.get(path.suffix.lower())
    if write is None:
        raise ParameterError(f"export writes {', '.join(writers)}; {path.name!r} ends in none of them.")
    part = path.with_name(f".{path.name}.part")
    try:
        write(table, part)
        part.replace(path)
    except OSError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _schema(table: Table) -> pa.Schema:
    kept = [field for field in table.schema if field.name not in _HIDDEN]
    return pa.schema(kept)


def _parquet(table: Table, path: Path) -> None:
    schema = _schema(table)
    with pa.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in table.batches(schema.names):
            writer.write_batch(batch)


def _arrow(table: Table, path: Path) -> None:
    schema = _schema(table)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for batch in table.batches(schema.names):
            writer.write_batch(batch)


def _csv(table: Table, path: Path) -> None:
    schema = _schema(table)
    at = schema.get_field_index("vector")
    schema = schema.set(at, pa.field("vector", pa.string()))
    with pa.csv.CSVWriter(path, schema) as writer:
        for batch in table.batches(schema.names):
            texts = pa.array([json.dumps(row) for row in batch["vector"].to_pylist()], pa.string())
            columns = [texts if name == "vector" else batch[name] for name in schema.names]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _jsonl(table: Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for batch in table.batches(_schema(table).names):
            for row in batch.to_pylist():
                file.write(_line(_present(row)) + "\n")


def _present(row: dict[str, Any]) -> dict[str, Any]:
    extra = json.loads(row.pop("extra") or "{}")
    return {**{name: value for name, value in row.items() if value is not None}, **({"extra": extra} if extra else {})}


def _line(row: dict[str, Any]) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:  # a number that JSON lacks: its field is left out, as one without a value is
        row = {name: value for name, value in _strict(row).items() if value is not None}
        return json.dumps(row, ensure_ascii=False, default=str)


def _strict(value: Any) -> Any:
    """Put None, as for what has no value, where a number is none that JSON has."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_strict(part) for part in value]
    if isinstance(value, dict):
        return {name: _strict(part) for name, part in value.items()}
    return value
