"""What the rankers against hubness share: a bank of queries, and what it says of rows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import normalize, pair_scores


def bank_of(search: Search, ranker: str) -> FloatArray:
    """Return the queries of a search at length one, at least one of them."""
    search.need(ranker, "Q")
    bank = normalize(np.asarray(search.Q))
    if not len(bank):
        raise ShapeError(f"{ranker} learns from a bank of queries, and Q of the search is empty.")
    return bank


def check(search: Search, bank: FloatArray, ranker: str) -> tuple[FloatArray, FloatArray]:
    """Return Q and X of a search that is ranked, or say what is wrong with them."""
    search.need(ranker, "Q", "X")
    Q, X = np.asarray(search.Q), np.asarray(search.X)
    for name, vectors in (("Q", Q), ("X", X)):
        if vectors.shape[1] != bank.shape[1]:
            raise ShapeError(
                f"{name} must have the {bank.shape[1]} columns of the bank of {ranker}, got {vectors.shape}."
            )
    if search.hits.ids.max(initial=-1) >= len(X):
        raise ShapeError(f"The hits name row {search.hits.ids.max()}, but X has {len(X)} rows.")
    return Q, X


def cosines(Q: FloatArray, X: FloatArray, ids: IdArray) -> NDArray[np.float64]:
    """Return the cosine of each query with its hits, (n, k); -inf where there is none."""
    rows, place = np.unique(np.maximum(ids, 0), return_inverse=True)
    units = normalize(X[rows]) if len(X) else X
    return pair_scores(normalize(Q), units, np.where(ids < 0, -1, place.reshape(ids.shape))).astype(np.float64)


def of_rows(X: FloatArray, ids: IdArray, value: Callable[[FloatArray], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return `value` of the vector, at length one, of every hit, (n, k), made once for each row; 0 where none is."""
    out = np.zeros(ids.shape)
    rows, place = np.unique(ids[ids >= 0], return_inverse=True)
    if len(rows):
        out[ids >= 0] = value(normalize(X[rows]))[place]
    return out


def reordered(search: Search, scores: NDArray[np.float64]) -> Search:
    """Return the search with its hits in the order of new scores, (n, k); equal ones as they stood."""
    ids = search.hits.ids
    fresh = np.where(ids < 0, -np.inf, np.maximum(scores, np.finfo(np.float32).min)).astype(np.float32)
    order = np.lexsort((-fresh, ids < 0))
    return search.found(Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(fresh, order, 1)))
