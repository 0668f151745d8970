"""Items as they can be told apart: what comes from JSON as lists is made tuples, which a dictionary can hold."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from inlay.core.values import IdArray


def hashable(items: Iterable[Any]) -> list[Any]:
    """Return items that are texts, numbers, or tuples of tuples of these."""
    if isinstance(items, np.ndarray):
        items = items.tolist()  # at once, and all the way down
    return [_frozen(item) for item in items]


def number(*columns: Sequence[Any]) -> tuple[list[Any], list[IdArray]]:
    """Return the distinct items of some columns in the order of their appearance, and the columns in their places."""
    place: dict[Any, int] = {}
    found = [
        np.array([place.setdefault(item, len(place)) for item in hashable(column)], np.int64) for column in columns
    ]
    return list(place), found


def _frozen(item: Any) -> Any:
    if isinstance(item, np.ndarray | np.generic):
        item = item.tolist()
    if isinstance(item, Sequence) and not isinstance(item, str | bytes):
        return tuple(map(_frozen, item))
    return item
