"""k-means in many subspaces at once, and the nearest centroids of vectors.

FAISS trains one subspace after another; here a block of rows meets the centroids of all of them, and the blocks are
shared out among threads. All products with the centroids of a subspace have one shape and one thread, so that what
comes out depends on neither the number of threads nor the rows beside a row.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import ThreadpoolController

from inlay.core.values import FloatArray

ROWS = 512  # of a product: what it makes stays in the cache
PER_CENTROID = 256  # rows a centroid that are looked at in training


def kmeans(X: FloatArray, size: int, n_iter: int, rng: np.random.Generator) -> FloatArray:
    """Return (m, size, d) centroids of (n, m, d) vectors, by Lloyd's algorithm from rows drawn at random.

    Where there are fewer rows than centroids, rows serve more than once.
    """
    if len(X) > PER_CENTROID * size:
        X = X[np.sort(rng.choice(len(X), PER_CENTROID * size, replace=False))]
    start = np.resize(rng.permutation(len(X))[:size], size)
    return lloyd(X, np.ascontiguousarray(X[start].transpose(1, 0, 2)), n_iter)


def lloyd(X: FloatArray, centroids: FloatArray, n_iter: int) -> FloatArray:
    """Move (m, size, d) centroids to the means of the (n, m, d) vectors nearest to them, `n_iter` times."""
    for _ in range(n_iter):
        moved = means(X, nearest(X, centroids), centroids)
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids


def nearest(X: FloatArray, centroids: FloatArray) -> NDArray[np.uint8]:
    """Return for each of (n, m, d) vectors the number of the nearest of at most 256 centroids, (n, m)."""
    n, m, d = X.shape
    half = np.einsum("msd,msd->ms", centroids, centroids, dtype=np.float32) / np.float32(2)
    out = np.empty((n, m), np.uint8)

    def block(start: int) -> None:
        rows = X[start : start + ROWS]
        part, scores = np.zeros((ROWS, d), np.float32), np.empty((ROWS, centroids.shape[1]), np.float32)
        for j in range(m):
            part[: len(rows)] = rows[:, j]
            np.matmul(part, centroids[j].T, out=scores)
            out[start : start + ROWS, j] = np.subtract(half[j], scores, out=scores).argmin(axis=1)[: len(rows)]

    run(block, range(0, n, ROWS))
    return out


def run(work: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Do the work on each part, in threads where there are several, with one thread for each product."""
    with _libraries().limit(limits=1):
        if len(parts) < 2:
            return [work(part) for part in parts]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(work, parts))


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # which looks through all that is loaded, and takes longer than a small product


def means(X: FloatArray, numbers: NDArray[np.uint8], centroids: FloatArray) -> FloatArray:
    """Return the means of the vectors of each number; a centroid without any takes a vector far from its own."""
    n, m, _ = X.shape
    size = centroids.shape[1]
    out = np.empty(centroids.shape, np.float32)
    for j in range(m):
        counts = np.bincount(numbers[:, j], minlength=size)[:, None]
        members = csr_array((np.ones(n), numbers[:, j].astype(np.int32), np.arange(n + 1)), shape=(n, size))
        sums = members.T @ X[:, j].astype(np.float64)
        out[j] = np.divide(sums, counts, out=centroids[j].astype(np.float64), where=counts > 0)
        empty = np.flatnonzero(counts == 0)
        if len(empty):
            far = np.square(X[:, j] - out[j, numbers[:, j]]).sum(axis=1)
            rows = np.argsort(-far, kind="stable")[: len(empty)]
            rows = rows[far[rows] > 0]  # with fewer distinct vectors than centroids, some stay without
            out[j, empty[: len(rows)]] = X[rows, j]
    return out
