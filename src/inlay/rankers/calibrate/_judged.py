"""What the rankers that learn from judgments share: the grades of hits, and hits that are kept."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Grades
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits


def judgments(ranker: str, n: int, y: Grades | None) -> Grades:
    """Return the judgments of `n` queries, or say what is wrong with them."""
    if y is None:
        raise ParameterError(f"{ranker} learns from judgments: fit(search, y), for each query the grades of its rows.")
    if len(y) != n:
        raise ShapeError(f"The search has {n} queries, but y has judgments for {len(y)}.")
    for i, grades in enumerate(y):
        if not isinstance(grades, Mapping):
            raise ShapeError(
                f"y must hold a mapping from rows to grades for each query; query {i} has a {type(grades).__name__}."
            )
        names = [row for row in grades if not isinstance(row, int | np.integer)]
        if names:
            raise ShapeError(f"y names rows by their numbers, those of the ids; query {i} has {names[0]!r}.")
    return y


def relevant(hits: Hits, y: Grades) -> NDArray[np.bool_]:
    """Return (n queries, k) whether a hit has a grade above 0; one that is not named has the grade 0."""
    out = np.zeros(hits.ids.shape, bool)
    for i, (ids, grades) in enumerate(zip(hits.ids, y, strict=True)):
        out[i] = np.isin(ids, [row for row, grade in grades.items() if grade > 0 and row >= 0])
    return out


def there(hits: Hits) -> NDArray[np.bool_]:
    """Return (n queries, k) which places hold a hit; a score of -inf is none."""
    if np.isposinf(hits.scores).any():
        raise ShapeError("A hit has an infinite score; scores must be finite.")
    real: NDArray[np.bool_] = (hits.ids >= 0) & (hits.scores > -np.inf)
    return real


def kept(hits: Hits, keep: NDArray[np.bool_], scores: ArrayLike | None = None) -> Hits:
    """Return the hits to be kept, by `scores` where they are new, equal ones by their place; what is left is empty."""
    found: FloatArray = hits.scores if scores is None else np.asarray(scores, np.float32)
    order = np.lexsort((-np.where(keep, found, 0), ~keep))
    ids = np.where(keep, hits.ids, -1)
    return Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(np.where(keep, found, -np.inf), order, 1))
