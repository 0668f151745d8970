"""Records as columns: which of their fields become columns of the table, and how the rest is kept."""

import base64
import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pyarrow as pa

# Columns of every space. A field of the user with such a name is kept in `extra`.
OWN: dict[str, pa.DataType] = {
    "id": pa.string(),
    "document": pa.string(),
    "text": pa.string(),
    "source": pa.string(),
    "start": pa.int64(),
    "end": pa.int64(),
    "tokens": pa.int32(),
    "tokens_lost": pa.int32(),
    "content_hash": pa.binary(16),
    "source_hash": pa.string(),
    "source_file": pa.string(),
    "extra": pa.string(),
    "vector": pa.list_(pa.float32(), 1),
}
MOST = 256  # columns of the user's; a table whose every row brings new names would drown in them
_UTC = pa.timestamp("us", tz="UTC")
_KINDS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    datetime.date: pa.date32(),
    datetime.datetime: pa.timestamp("us"),
}
MISFIT = object()


def vector_type(dim: int, dtype: str) -> pa.DataType:
    """Return the type of the column ``vector``."""
    return pa.list_(pa.float32() if dtype == "float32" else pa.float16(), dim)


def plain(value: Any) -> Any:
    """Return a numpy number as a Python number, and text without lone surrogates, which no file can hold."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    return clean(value) if isinstance(value, str) else value


def clean(text: str) -> str:
    """Replace what UTF-8 cannot hold by the replacement character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def kind(value: Any) -> pa.DataType | None:
    """Return the column type that holds `value` exactly, None where there is none."""
    if type(value) is int and not -(2**63) <= value < 2**63:
        return None
    if type(value) is datetime.datetime and value.tzinfo is not None:
        return _UTC
    return _KINDS.get(type(value))


def fit(value: Any, column: pa.DataType) -> Any:
    """Return `value` as `column` holds it, or MISFIT."""
    has = kind(value)
    if has == column:
        return value
    if column == pa.float64() and type(value) is int and abs(value) <= 2**53:
        return float(value)
    return MISFIT


def may_be_column(name: str, known: Iterable[str]) -> bool:
    """Tell whether a field of this name can be a column beside the `known` ones."""
    if not name or name.startswith("_") or "." in name or "`" in name or "\0" in name or name != clean(name):
        return False
    # SQL finds columns whatever the case of their names.
    return name.casefold() not in {other.casefold() for other in known}


def new_columns(rows: Sequence[Mapping[str, Any]], known: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Choose the columns that the fields of `rows` need beside the `known` ones."""
    found: dict[str, pa.DataType] = {}
    for row in rows:
        for name, value in row.items():
            if name in known:
                continue
            has = kind(value)
            if has is None:
                continue
            if name not in found:
                taken = [*OWN, *known, *found]
                if len(taken) < len(OWN) + MOST and may_be_column(name, taken):
                    found[name] = has
            elif {found[name], has} == {pa.int64(), pa.float64()}:
                found[name] = pa.float64()
    return found


def spread(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
    """Lay the fields of `rows` out in `columns`, and what does not fit there in ``extra``."""
    values: dict[str, list[Any]] = {name: [None] * len(rows) for name in columns}
    extra: list[str | None] = [None] * len(rows)
    for i, row in enumerate(rows):
        rest = {}
        for name, value in row.items():
            held = fit(value, columns[name]) if name in columns else MISFIT
            if held is MISFIT:
                rest[name] = value
            else:
                values[name][i] = held
        if rest:
            extra[i] = to_json(rest)
    arrays = {name: pa.array(column, columns[name]) for name, column in values.items()}
    return {**arrays, "extra": pa.array(extra, pa.string())}


def gather(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored row as they were given; those without a value are left out."""
    fields = {name: value for name, value in row.items() if name not in OWN and value is not None}
    return {**fields, **(json.loads(row["extra"]) if row.get("extra") else {})}


def to_json(value: Any) -> str:
    """Write a value as JSON in one fixed way; what JSON lacks is written as text."""
    try:
        return clean(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_as_json))
    except (TypeError, ValueError):  # keys of different kinds, or a circle
        return json.dumps({str(k): repr(v) for k, v in value.items()}, ensure_ascii=True, sort_keys=True)


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, set | frozenset | tuple):
        return sorted(map(str, value))
    return str(value)


def content_hash(*parts: Any) -> bytes:
    """Return 16 bytes that name the content of a row."""
    whole = to_json({"": parts}) if parts[-1] else "\0".join(map(str, parts[:-1]))
    return blake2b(whole.encode(), digest_size=16).digest()
