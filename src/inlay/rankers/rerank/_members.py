"""What the rankers here look at in a search, and how they put hits in order."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits, IdArray, Ragged, Search


def asked(search: Search, ranker: str) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return the queries and the items, or name what is missing."""
    search.need(ranker, "queries", "items")
    return cast(Sequence[Any], search.queries), cast(Sequence[Any], search.items)


def parts(search: Search, ranker: str) -> tuple[Ragged, Ragged]:
    """Return the vectors of the parts of queries and of items, or say what is wrong with them."""
    search.need(ranker, "Q_parts", "X_parts")
    Q, X = cast(Ragged, search.Q_parts), cast(Ragged, search.X_parts)
    if Q.values.shape[1] != X.values.shape[1]:
        raise ShapeError(
            f"{ranker} compares parts of one dimension, got {Q.values.shape[1]} of queries and {X.values.shape[1]} of "
            "items."
        )
    return Q, X


def first(hits: Hits, n: int | None) -> IdArray:
    """Return the first `n` hits of each query, all where it is None."""
    if n is not None and n < 1:
        raise ParameterError(f"n_reranked must be at least 1, or None for all hits, got {n!r}.")
    return hits.ids[:, :n]


def with_parts(X: Ragged, ids: IdArray) -> NDArray[np.bool_]:
    """Return which hits have parts, of the shape of `ids`; where the id is -1 there are none."""
    if ids.max(initial=-1) >= len(X):
        raise ShapeError(f"Row {ids.max()} was found, but X_parts has {len(X)} rows.")
    return np.append(X.lengths, 0)[ids] > 0  # -1 is the last


def ordered(ids: IdArray, scores: FloatArray) -> Hits:
    """Return hits in the order of their scores, equal ones as they stand; what has the score -inf is left out."""
    order = np.argsort(-scores, axis=1, kind="stable")
    scores = np.take_along_axis(scores, order, 1)
    return Hits(np.where(scores > -np.inf, np.take_along_axis(ids, order, 1), -1), scores)
