"""The nearest other rows of each row."""

import numpy as np

from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import product_top_k


def neighbours(X: FloatArray, k: int) -> IdArray:
    r"""Return the row numbers of the `k` nearest others of each row by Euclidean distance, nearest first.

    The order of :math:`\langle q, x \rangle - \|x\|^2 / 2` is that of the distance, so that one more column makes a
    search by inner products of it. `k` has to be less than the number of rows.

    Examples
    --------
    >>> neighbours(np.float32([[0], [1], [3]]), 1).ravel().tolist()
    [1, 0, 1]
    """
    centred = X - X.mean(axis=0, dtype=np.float64).astype(np.float32)
    half = 0.5 * np.einsum("ij,ij->i", centred, centred)
    one = np.ones_like(half)
    ids = product_top_k(np.column_stack([centred, one]), np.column_stack([centred, -half]), k + 1).ids
    # The row itself goes out; where more than k + 1 rows are equal it may not be there, and the last one goes.
    own = ids == np.arange(len(X))[:, None]
    own[~own.any(axis=1), -1] = True
    others: IdArray = ids[~own].reshape(len(X), k)
    return others
