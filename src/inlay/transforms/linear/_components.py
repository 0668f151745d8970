"""What several transforms of this folder compute: principal directions, and the removal of some."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from inlay.core.values import FloatArray

BLOCK = 128  # rows at a time, which stay in the cache
_VANISHING = 1e-10  # of the largest variance; below it a direction is what rounding to float32 left


def principal(X: NDArray[np.floating], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the directions of largest second moment of (m, d) rows, which are centred by the caller.

    The sign of a direction is that its largest entry is positive.

    Returns
    -------
    directions : (n, d), those of largest variance first; zero where the rows have no more directions.
    variances : (n,).
    """
    Z, d = np.asarray(X, np.float64, order="C"), X.shape[1]
    variances, vectors = eigh(Z.T @ Z / len(Z), subset_by_index=(d - n, d - 1))
    variances, directions = np.maximum(variances[::-1], 0), vectors.T[::-1]
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.where(directions[np.arange(n), largest] < 0, -1, 1)[:, None]
    directions[variances <= _VANISHING * variances[:1]] = 0
    return directions, variances


def without(X: FloatArray, directions: FloatArray) -> FloatArray:
    """Return (n, d) rows less their parts along orthogonal `directions`, (p, d).

    In float64, so that a row comes out the same wherever it stands: sums in float32 differ with the place of a row.
    """
    out, axes = np.empty(X.shape, np.float32), directions.astype(np.float64)
    for start in range(0, len(X), BLOCK):
        rows = X[start : start + BLOCK].astype(np.float64)
        out[start : start + BLOCK] = rows - (rows @ axes.T) @ axes
    return out
