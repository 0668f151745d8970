"""What a function of two vectors says of each hit, pair by pair."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray, Hits, Search
from inlay.core.vectors import HELD_BYTES, as_vectors, found_rows

from ._members import ordered


def scored(
    search: Search, ranker: str, score: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]], *, dim: int, width: int
) -> Hits:
    """Return the hits in the order of their scores, equal ones as they stand; `score` returns (n,), see `of_pairs`."""
    scores = of_pairs(search, ranker, lambda q, x: score(q, x)[:, None], dim=dim, width=width, n_outputs=1)
    return ordered(search.hits.ids, scores[:, :, 0])


def of_pairs(
    search: Search,
    ranker: str,
    score: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]],
    *,
    dim: int,
    width: int,
    n_outputs: int,
) -> FloatArray:
    """Return some numbers for each hit, (n queries, k, n_outputs); -inf where the id is -1.

    Parameters
    ----------
    score : takes (n, dim) queries and (n, dim) stored vectors of float64, in which the rounding of BLAS, that depends
        on n, is too small to be seen; returns (n, n_outputs).
    dim : of the vectors.
    width : numbers that `score` holds for a pair; as many pairs at a time as memory is to be held.
    """
    search.need(ranker, "Q", "X")
    Q, X, ids = as_vectors(np.asarray(search.Q), "Q", dim=dim), np.asarray(search.X), search.hits.ids
    scores = np.full((*ids.shape, n_outputs), -np.inf, np.float32)
    query, place = np.nonzero(ids >= 0)
    step = max(1, HELD_BYTES // (8 * width))
    for start in range(0, len(query), step):
        at = query[start : start + step], place[start : start + step]
        rows = found_rows(X, ids[at], dim=dim)
        scores[at] = score(Q[at[0]].astype(np.float64), rows.astype(np.float64))
    return scores
