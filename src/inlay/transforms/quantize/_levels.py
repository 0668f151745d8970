"""Inner products of vectors with codes of levels, of which none is made a vector in memory; on all cores."""

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import top_k

HELD_BYTES = 32 << 20  # of scores at once
ROWS = 256  # of a task of one core


# Sums may be made in another order than they are written, in which a core adds several numbers at once; the order is
# the same for every pair, so that a score depends on its query and its code alone.
@njit(fastmath={"reassoc", "contract"})
def _product(q: Any, x: Any) -> Any:
    total = np.float32(0)
    for j in range(len(q)):
        total += q[j] * x[j]
    return total


@njit(parallel=True, cache=True)
def _products(Q: Any, C: Any, halves: bool) -> FloatArray:
    """Return the inner products of (n queries, d) weights with (n, bytes) codes; two levels to a byte with `halves`."""
    n, width = C.shape
    out = np.empty((len(Q), n), np.float32)
    for task in prange((n + ROWS - 1) // ROWS):
        levels = np.zeros(Q.shape[1], np.float32)
        for i in range(task * ROWS, min(n, (task + 1) * ROWS)):
            if halves:  # all the low ones first, as `weights` has them
                for j in range(width):
                    levels[j] = np.float32(C[i, j] & 15)
                for j in range(width):
                    levels[width + j] = np.float32(C[i, j] >> 4)
            else:
                for j in range(width):
                    levels[j] = np.float32(C[i, j])
            for q in range(len(Q)):
                out[q, i] = _product(Q[q], levels)
    return out


def search(Q: FloatArray, C: NDArray[np.uint8], low: FloatArray, step: FloatArray, bits: int, k: int) -> Hits:
    """Find the `k` of (n, m) codes with the largest inner products ``q @ (low + step * levels)``; ties in row order."""
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
    found = min(k, len(C))
    weights = Q * step
    if bits == 4:
        weights = np.pad(weights, ((0, 0), (0, weights.shape[1] % 2)))
        weights = np.ascontiguousarray(np.concatenate([weights[:, ::2], weights[:, 1::2]], axis=1))
    base = np.vecdot(Q, low)[:, None]
    rows = max(1, HELD_BYTES // (4 * max(1, len(C))))
    for start in range(0, len(Q) if found else 0, rows):
        part = slice(start, start + rows)
        products = _products(weights[part], C, bits == 4) + base[part]
        ids[part, :found], scores[part, :found] = top_k(products, found)
    return Hits(ids, scores)
