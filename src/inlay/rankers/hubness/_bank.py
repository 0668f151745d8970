"""What the rankers against hubness share: a bank of queries, and what it says of rows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import HELD_BYTES, as_vectors, found_rows, normalize, pair_scores, product_top_k


def bank_of(search: Search, ranker: str) -> FloatArray:
    """Return the queries of a search at length one, at least one of them; a query of zeros is near to nothing."""
    search.need(ranker, "Q")
    bank = normalize(as_vectors(np.asarray(search.Q), "Q"))
    there = bank.any(axis=1)
    if not there.any():
        what = "has no vector but of zeros" if len(bank) else "is empty"
        raise ShapeError(f"{ranker} learns from a bank of queries, and Q of the search {what}.")
    return bank[there]


def check(search: Search, bank: FloatArray, ranker: str) -> tuple[FloatArray, FloatArray]:
    """Return Q and X of a search that is ranked, or say what is wrong with them."""
    search.need(ranker, "Q", "X")
    Q, X = as_vectors(np.asarray(search.Q), "Q"), np.asarray(search.X)
    for name, vectors in (("Q", Q), ("X", X)):
        if vectors.ndim != 2 or vectors.shape[1] != bank.shape[1]:
            raise ShapeError(
                f"{name} must have the {bank.shape[1]} columns of the bank of {ranker}, got {vectors.shape}."
            )
    if search.hits.ids.max(initial=-1) >= len(X):
        raise ShapeError(f"The hits name row {search.hits.ids.max()}, but X has {len(X)} rows.")
    return Q, X


def cosines(Q: FloatArray, X: FloatArray, ids: IdArray) -> NDArray[np.float64]:
    """Return the cosine of each query with its hits, (n, k); -inf where there is none."""
    rows: IdArray = np.unique(ids[ids >= 0])
    places = np.where(ids < 0, -1, np.searchsorted(rows, ids))
    return pair_scores(normalize(Q), normalize(found_rows(X, rows)), places).astype(np.float64)


def of_rows(X: FloatArray, ids: IdArray, value: Callable[[FloatArray], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return `value` of the vector, at length one, of every hit, (n, k), made once for each row; 0 where none is."""
    out = np.zeros(ids.shape)
    rows, place = np.unique(ids[ids >= 0], return_inverse=True)
    if len(rows):
        out[ids >= 0] = value(normalize(found_rows(X, rows)))[place]
    return out


def nearest_cosines(A: FloatArray, X: FloatArray, n: int) -> FloatArray:
    """Return the `n` largest cosines of each of `A`, of length one, with rows of `X`, (len(A), n), or all there are."""
    best = np.empty((len(A), 0), np.float32)
    step = max(1, HELD_BYTES // (4 * max(1, A.shape[1])))
    for start in range(0, len(X) if len(A) else 0, step):
        # Block by block, for X may be half as precise, and a file.
        part = normalize(found_rows(X, np.arange(start, min(start + step, len(X)))))
        found = product_top_k(A, part, min(n, len(part))).scores
        best = -np.sort(-np.hstack([best, found]), axis=1)[:, :n]
    return best


def mean_nearest(A: FloatArray, X: FloatArray, n: int) -> NDArray[np.float64]:
    """Return the mean of the `nearest_cosines` of each of `A`; 0 where there are none."""
    near = nearest_cosines(A, X, n).astype(np.float64)
    return np.asarray(near.sum(axis=1) / max(1, near.shape[1]))


def reordered(search: Search, scores: NDArray[np.float64]) -> Search:
    """Return the search with its hits in the order of new scores, (n, k); equal ones as they stood."""
    ids = search.hits.ids
    fresh = np.where(ids < 0, -np.inf, np.maximum(scores, np.finfo(np.float32).min)).astype(np.float32)
    order = np.lexsort((-fresh, ids < 0))
    return search.found(Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(fresh, order, 1)))
