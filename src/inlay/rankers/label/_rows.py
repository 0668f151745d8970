"""What memories of labelled rows share: rows that go, and classes that come with others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.errors import ShapeError
from inlay.core.values import IdArray


def row_numbers(rows: Sequence[int] | IdArray, n: int) -> IdArray:
    """Return the numbers of rows that are removed from `n`, or say what is wrong with them."""
    gone = np.asarray(rows)
    if gone.ndim != 1 or (gone.size and gone.dtype.kind not in "iu"):
        raise ShapeError(f"rows must be whole row numbers of shape (m,), got {gone.dtype} of shape {gone.shape}.")
    if gone.size and (gone.min() < 0 or gone.max() >= n):
        raise ShapeError(f"rows must lie between 0 and {n - 1}, got {gone.min()} to {gone.max()}.")
    return gone.astype(np.int64)


def united(old: NDArray[Any], new: NDArray[Any]) -> tuple[NDArray[Any], IdArray, IdArray]:
    """Return the classes of both, ascending, and the place of each old and each new one among them.

    Examples
    --------
    >>> united(np.array(["card", "loan"]), np.array(["fee", "loan"]))[1:]
    (array([0, 2]), array([1, 2]))
    """
    if not len(old) or not len(new):  # of which the type says nothing
        classes = new if len(new) else old
    elif (new.dtype.kind in "OU") != (old.dtype.kind in "OU"):
        raise ShapeError(f"y must hold labels such as {old.tolist()[0]!r}, got {new.tolist()[0]!r}.")
    else:
        classes = np.union1d(old, new)
    return classes, np.searchsorted(classes, old), np.searchsorted(classes, new)
