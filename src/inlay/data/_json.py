"""JSON: one object a line (.jsonl), or one array or object a file (.json)."""

import json
from collections.abc import Iterator
from typing import Any

from ._columns import Columns
from ._input import Input, Unreadable, decode
from .records import Record

# A JSON file is parsed as one value, which takes several times its size in memory.
_LARGEST = 256 << 20


def read_lines(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield a record for each line, in constant memory; a line that is not an object or a string is a problem."""
    for number, line in input.lines():
        if not line or line.isspace():
            continue
        try:
            row = _row(json.loads(line))
        except UnicodeDecodeError as error:
            input.problem(f"this line is not UTF-8 (byte {line[error.start]:#04x})", number)
        except (ValueError, RecursionError) as error:
            input.problem(f"this line is not JSON: {_why(error)}", number)
        else:
            if (record := columns.record(input, row, number, number)) is not None:
                yield record


def read_file(input: Input, columns: Columns) -> Iterator[Record]:
    """Yield a record for each object of an array or of an object, or one record for a single object."""
    try:
        content = input.content(max(_LARGEST, input.limit))
    except Unreadable as error:
        hint = f"jq -c '.[]' {input.source.name} > {input.source.name}l"
        raise Unreadable(
            f"this JSON file is larger than {_LARGEST >> 20} MB; turn it into lines first: {hint}"
        ) from error
    try:
        rows = _rows(json.loads(decode(content)[0]), columns)
    except json.JSONDecodeError as error:
        hint = "; it has one value a line: name it .jsonl" if error.msg == "Extra data" else ""
        raise Unreadable(f"this is not JSON: {_why(error)}{hint}", error.lineno) from error
    except RecursionError as error:
        raise Unreadable(f"this is not JSON: {_why(error)}") from error
    for number, row in enumerate(rows, 1):
        if (record := columns.record(input, _row(row), number)) is not None:
            yield record


def _rows(value: Any, columns: Columns) -> list[Any]:
    """Find the rows: an array, the only array of objects in an object, the objects in an object, or the object."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        if columns.choose(tuple(value))[0] and columns.text is None:
            return [value]
        tables = [inner for inner in value.values() if isinstance(inner, list) and inner and _all_objects(inner)]
        if len(tables) == 1:
            return tables[0]
        if value and _all_objects(list(value.values())):
            return [{"id": key, **inner} for key, inner in value.items()]
    return [value]


def _all_objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)


def _row(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"text": value}


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.lower()} at column {error.colno}"
    return str(error)
