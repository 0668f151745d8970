"""What the methods of this folder share: items checked, sums within items, and a part of each item."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray, IdArray, Ragged
from inlay.core.vectors import as_vectors


def checked(items: object, name: str = "items", *, dim: int | None = None, filled: bool = False) -> Ragged:
    """Return `items` if they are a Ragged of finite numbers.

    Parameters
    ----------
    dim : the columns that they have to have.
    filled : refuse items that hold no vector at all.

    Raises
    ------
    ShapeError
        If they are not; what is wrong is said.
    """
    if not isinstance(items, Ragged):
        raise ShapeError(
            f"{name} must be a Ragged, got {type(items).__name__}; Ragged.stack makes one of a list of (any, d) arrays."
        )
    as_vectors(items.values, f"{name}.values", dim=dim)
    if filled and not len(items.values):
        raise ShapeError(f"{name} hold no vector: {len(items)} items, all of them empty.")
    return items


def owners(items: Ragged) -> IdArray:
    """Return the number of the item that each vector belongs to, (total,)."""
    return np.repeat(np.arange(len(items)), items.lengths)


def sums(items: Ragged, values: NDArray[Any]) -> NDArray[np.float64]:
    """Sum numbers or rows of numbers, one for each vector, within each item; an item's sum is its own alone."""
    total = len(items.values)
    pick = sparse.csr_array((np.ones(total), np.arange(total), items.offsets), shape=(len(items), total))
    return np.asarray(pick @ values.astype(np.float64))


def part(items: Ragged, keep: NDArray[np.bool_], values: FloatArray | None = None) -> Ragged:
    """Keep some vectors of each item, in their order; with `values` these in their place."""
    counts = np.bincount(owners(items)[keep], minlength=len(items))
    values = items.values if values is None else values
    return Ragged(values[keep], np.append(0, np.cumsum(counts)))


def best(items: Ragged, scores: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the vectors with the best scores of each item, as many as `counts` says; of equal ones the first.

    Examples
    --------
    >>> items = Ragged.stack([np.zeros((3, 1)), np.zeros((2, 1))])
    >>> best(items, np.array([1, 3, 3, 5, 4]), np.array([1, 1])).tolist()
    [False, True, False, True, False]
    """
    item = owners(items)
    order = np.lexsort((-scores, item))  # stable
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return np.asarray(place - items.offsets[:-1][item] < counts[item])
