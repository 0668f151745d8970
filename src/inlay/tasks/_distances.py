"""Distances of all pairs, in which equal vectors are equally far from every other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def squared_distances(Q: NDArray[Any], X: NDArray[Any]) -> NDArray[np.float64]:
    """Return (n, m) squares of Euclidean distances; what is left of numbers that cancel is zero.

    Round them to float32 before they are compared: a product of matrices may differ in the last bits for equal rows.
    """
    Q, X = np.asarray(Q, np.float64), np.asarray(X, np.float64)
    lengths = np.einsum("nd,nd->n", Q, Q)[:, None] + np.einsum("nd,nd->n", X, X)
    squares = lengths - 2 * (Q @ X.T)
    return np.where(squares > 1e-13 * lengths, squares, 0.0)
