"""Products of queries with many stored vectors, block by block: bounded memory, each vector read once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .values import FloatArray, IdArray

SCORE_BYTES = 16 << 20  # a block of scores: stays in a shared cache while it is compared
VECTOR_BYTES = 32 << 20  # a block of stored float32 vectors
COPY_BYTES = 4 << 20  # a block of vectors that are gathered or converted: read again while still in the cache
GATHER = 0.4  # one query, more than this share of the rows allowed: multiply all rows, then mask


def products(Q: FloatArray, X: NDArray[Any], rows: IdArray | None) -> Iterator[tuple[IdArray, slice, FloatArray]]:
    """Yield (row numbers, queries, scores of those) in blocks; a score is -inf where a row is not allowed.

    Parameters
    ----------
    Q : (n queries, d) float32.
    X : (n rows, d) float32 or finite float16, in memory or memory-mapped.
    rows : allowed row numbers in ascending order; all where None.
    """
    n, dim = Q.shape
    keep = None
    if rows is not None and n == 1 and len(rows) > GATHER * len(X):
        keep = np.zeros(len(X), bool)
        keep[rows] = True
        rows = None
    total = len(X) if rows is None else len(rows)
    queries = max(1, min(n, 1024))
    held = VECTOR_BYTES if X.dtype == np.float32 and rows is None else COPY_BYTES
    step = max(1, min(SCORE_BYTES // (4 * queries), held // (4 * max(1, dim))))
    space = np.empty((step, dim), np.int32) if X.dtype == np.float16 else None
    for start in range(0, total, step):
        part = slice(start, min(start + step, total))
        numbers = np.arange(part.start, part.stop) if rows is None else rows[part]
        block = np.asarray(X[part] if rows is None else gather(X, numbers))
        vectors = np.asarray(block, np.float32) if space is None else widen(block, space[: len(block)])
        for first in range(0, n, queries):
            these = slice(first, min(first + queries, n))
            with np.errstate(over="ignore", invalid="ignore"):  # top_k refuses what is not a number
                S = Q[these] @ vectors.T
            if keep is not None:
                S[:, ~keep[part]] = -np.inf
            yield numbers, these, S


def gather(X: NDArray[Any], rows: IdArray) -> NDArray[Any]:
    """Return some rows; `np.take` is the faster way, but copies all of an array that is not in C order first."""
    return np.take(X, rows, axis=0) if X.flags.c_contiguous else np.asarray(X[rows])


def widen(half: NDArray[np.float16], space: NDArray[np.int32]) -> FloatArray:
    """Convert finite float16 to float32 exactly, about five times as fast as astype: shift bits, scale exponents."""
    space[...] = half.view(np.int16)
    np.left_shift(space, 13, out=space)
    np.bitwise_and(space, np.int32(-0x70002000), out=space)  # the sign, and the 15 bits below it where they belong
    wide = space.view(np.float32)
    np.multiply(wide, np.float32(2.0**112), out=wide)  # the exponents' biases differ by 127 - 15
    return wide
