"""What rankers that ask again share: what they look at, the length of a new query, and the second search."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import as_vectors, normalize, product_top_k


def looked_at(search: Search, name: str) -> tuple[FloatArray, NDArray[Any]]:
    """Return `Q` and `X` of a search, or say what is wrong with them; `name` is the ranker that looks."""
    search.need(name, "Q", "X")
    X = np.asarray(search.X)
    if X.ndim != 2:
        raise ShapeError(f"X must have the shape (n rows, d), got {X.shape}.")
    Q = as_vectors(np.asarray(search.Q), "Q", dim=X.shape[1])
    check_rows(search.hits.ids, len(X))
    return Q, X


def check_rows(ids: IdArray, n: int) -> None:
    """Raise a ShapeError where row numbers go beyond the `n` rows that there are."""
    if ids.size and int(ids.max()) >= n:
        raise ShapeError(f"hits have the row {int(ids.max())}, but X has {n} rows.")


def mean_of_rows(X: NDArray[Any], ids: IdArray) -> FloatArray:
    """Return the mean of the rows of `X` that each row of `ids` names, (n, d); -1 is left out, of none it is zero."""
    total = np.zeros((len(ids), X.shape[1]), np.float32)
    for column in ids.T:  # one place at a time: no array of all vectors at once, and one order of summation
        total += np.where(column[:, None] >= 0, np.take(X, np.maximum(column, 0), axis=0), 0) if len(X) else 0
    out: FloatArray = total / np.maximum((ids >= 0).sum(axis=1, keepdims=True), 1).astype(np.float32)
    return out


def as_long_as(V: ArrayLike, Q: FloatArray) -> FloatArray:
    """Scale new queries to the lengths of the old ones; a new query of zeros leaves the old one as it is.

    The length of a query does not change an order, and so the scores stay comparable to those of the first search.
    """
    units = normalize(V)
    lengths = np.linalg.norm(Q, axis=1, keepdims=True)
    scaled = units * np.where(lengths > 0, lengths, np.float32(1))
    return np.where(units.any(axis=1, keepdims=True), scaled, Q).astype(np.float32)


def again(search: Search, V: ArrayLike) -> Search:
    """Search all stored vectors with new queries `V`; a query that had no hits stays as it was, without any."""
    Q, X = np.asarray(search.Q, np.float32), np.asarray(search.X)
    some = search.hits.counts > 0
    V = np.where(some[:, None], as_long_as(V, Q), Q)
    if not search.hits.k:
        return replace(search, Q=V)
    hits = product_top_k(V, X, search.hits.k, rows=search.rows)
    return replace(search.found(without(hits, ~some)), Q=V)


def without(hits: Hits, empty: NDArray[np.bool_]) -> Hits:
    """Take all hits from the queries that `empty` marks."""
    return Hits(np.where(empty[:, None], -1, hits.ids), np.where(empty[:, None], -np.inf, hits.scores))
