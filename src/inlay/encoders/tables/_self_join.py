"""Pairs of columns that share cells, counted exactly."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from inlay.core.values import IdArray

BLOCK = 1024  # columns that are joined with all others at a time


def joinable(columns: Sequence[IdArray], threshold: float) -> tuple[IdArray, IdArray]:
    """Return the pairs of columns of which the second has a share of `threshold` or more of the cells of the first.

    Parameters
    ----------
    columns : of each the distinct numbers that stand for its cells.
    threshold : above 0, to 1.

    Returns
    -------
    first, second : (p,) numbers of columns, ordered by the first, then by the second.

    Examples
    --------
    >>> first, second = joinable([np.array([1, 2, 3, 4]), np.array([9, 4]), np.array([7])], 0.5)
    >>> first.tolist(), second.tolist()
    ([1], [0])
    """
    sizes = np.array([len(some) for some in columns], np.int64)
    values, cell = np.unique(np.concatenate([np.empty(0, np.int64), *columns]), return_inverse=True)
    ends = np.append(0, np.cumsum(sizes))
    A = sparse.csr_array((np.ones(len(cell), np.float32), cell, ends), shape=(len(columns), len(values)))
    pairs = [np.empty((2, 0), np.int64)]
    for start in range(0, len(columns), BLOCK):
        shared = (A[start : start + BLOCK] @ A.T).tocoo()
        first, second = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        enough = (first != second) & (shared.data >= threshold * sizes[first] - 1e-6)
        pairs.append(np.stack([first[enough], second[enough]]))
    first, second = np.concatenate(pairs, axis=1)
    order = np.lexsort((second, first))
    return first[order], second[order]
