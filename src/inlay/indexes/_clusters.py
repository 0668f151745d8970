"""k-means of stored vectors, and which rows lie in the lists that a query looks into."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import product_top_k

BLOCK = 4096  # rows compared with all centroids at a time


def nearest(X: FloatArray, C: FloatArray) -> IdArray:
    """Return the number of the centroid with the least Euclidean distance to each row; the first of equal ones."""
    half = np.einsum("ij,ij->i", C, C) / 2
    parts = [
        (X[first : first + BLOCK] @ C.T - half).argmax(axis=1).astype(np.int64) for first in range(0, len(X), BLOCK)
    ]
    return np.concatenate([np.empty(0, np.int64), *parts])


def means(X: FloatArray, lists: IdArray, C: FloatArray) -> FloatArray:
    """Return the mean of the rows of each list, and the old centroid where there are none; rows of list -1 are none."""
    rows = np.flatnonzero(lists >= 0)
    order = rows[np.argsort(lists[rows], kind="stable")]
    out, (found, first) = C.copy(), np.unique(lists[order], return_index=True)
    for number, part in zip(found, np.split(order, first[1:]), strict=True):
        out[number] = X[part].mean(axis=0, dtype=np.float64)
    return out


def k_means(X: FloatArray, k: int, n_steps: int, rng: np.random.Generator) -> FloatArray:
    """Return the (k, d) centroids of Lloyd's algorithm from rows drawn at random; `k` is at most the number of rows.

    A centroid without rows is put beside that with the most, which the next step parts.
    """
    C = np.array(X[np.sort(rng.permutation(len(X))[:k])], np.float32)
    for _ in range(n_steps):
        lists = nearest(X, C)
        C, sizes = means(X, lists, C), np.bincount(lists, minlength=k).astype(np.float64)
        for number in np.flatnonzero(sizes == 0):
            largest = int(sizes.argmax())
            C[number] = X[rng.choice(np.flatnonzero(lists == largest))]
            sizes[largest] /= 2
    return C


def probe(Q: FloatArray, C: FloatArray, n_probe: int) -> IdArray:
    """Return the centroids nearest to each query, nearest first; a query's do not depend on those beside it."""
    half = np.einsum("ij,ij->i", C, C)[:, None] / 2
    ones = np.ones((len(Q), 1), np.float32)
    return product_top_k(np.hstack([Q, ones]), np.hstack([C, -half]).astype(np.float32), n_probe).ids


def members(probed: IdArray, order: IdArray, starts: IdArray) -> IdArray:
    """Return the rows of the lists that each query looks into, padded with -1; list j is ``order[starts[j]:]``."""
    sizes = np.where(probed >= 0, np.diff(starts)[probed], 0)
    totals = sizes.sum(axis=1)
    out: NDArray[np.int64] = np.full((len(probed), int(totals.max(initial=0))), -1, np.int64)
    flat, first = sizes.ravel(), starts[probed].ravel()
    before = np.cumsum(flat) - flat
    place = np.arange(flat.sum()) - np.repeat(before, flat)
    at = np.arange(out.shape[1]) < totals[:, None]
    out[at] = order[np.repeat(first, flat) + place]
    return out
