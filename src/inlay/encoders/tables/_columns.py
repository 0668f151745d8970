"""Columns as they are given, and their cells as texts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from hashlib import blake2b
from numbers import Number
from typing import Any

import numpy as np

from inlay.core.errors import DataError, ParameterError
from inlay.core.values import IdArray

PLAIN = (str, Number, np.generic, date, time)


def listed(items: Sequence[Any]) -> list[Any]:
    """Return items as a list, or say that one column is none."""
    if isinstance(items, str | bytes | Mapping):
        raise ParameterError(f"encode needs a list of columns, got one {type(items).__name__}; wrap it as [column].")
    return list(items)


def column(i: int, item: Any) -> tuple[str, str, Counter[str]]:
    """Return the title, the name and the distinct cells of a column, with how often each is there."""
    if isinstance(item, Mapping) and "cells" in item:
        title, name, cells = item.get("title"), item.get("name"), item["cells"]
    elif isinstance(item, tuple | list) and len(item) == 3:
        title, name, cells = item
    else:
        raise DataError(f"Item {i} is no column, which is (title, name, cells) or a mapping of these: {item!r:.60}")
    if isinstance(cells, str | bytes | Mapping) or not isinstance(cells, Iterable):
        raise DataError(f"The cells of item {i} must be a list, got {cells!r:.60}")
    title, name, *given = (_plain(i, value) for value in (title, name, *cells))
    return title, name, Counter(cell for cell in given if cell)


def _plain(i: int, value: Any) -> str:
    if value is None or (isinstance(value, PLAIN) and value != value):  # NaN
        return ""
    if isinstance(value, bytes) or not isinstance(value, PLAIN):
        raise DataError(
            f"Item {i} has a {type(value).__name__} where a text, a number, a date or a time belongs: {value!r:.60}"
        )
    return str(value).strip()


def hashes(cells: Iterable[str]) -> IdArray:
    """Return 64-bit numbers that stand for cells."""
    digests = b"".join(blake2b(cell.encode("utf-8", "replace"), digest_size=8).digest() for cell in cells)
    return np.frombuffer(digests, np.dtype("<i8")).astype(np.int64)
