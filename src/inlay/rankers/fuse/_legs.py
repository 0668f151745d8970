"""Several lists of hits for the same queries, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, IdArray, Search

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Legs:
    """Every row that one of m lists has, c places for each of n queries.

    Parameters
    ----------
    ids : (n, c), in ascending order, -1 at the end.
    scores : (n, c, m) float64, what each list gives each row; NaN where it lacks it.
    places : (n, c, m), where in each list it stands, from 1; 0 where the list lacks it.
    width : places of the longest list.
    """

    ids: IdArray
    scores: Scores
    places: IdArray
    width: int


def legs_of(search: Search) -> Legs:
    """Lay ``search.hits`` and ``search.others`` side by side; of a row that a list has twice, the first counts.

    Raises
    ------
    ShapeError
        If a score is infinite.
    """
    lists = (search.hits, *search.others)
    if any(np.isposinf(one.scores).any() for one in lists):
        raise ShapeError("A hit has an infinite score; scores must be finite.")
    n, width = len(search.hits), max(one.k for one in lists)
    every = np.concatenate([one.ids for one in lists], axis=1)
    beyond = np.iinfo(np.int64).max
    wanted = np.where(every < 0, beyond, every)
    order = np.argsort(wanted, axis=1, kind="stable")
    ordered = np.take_along_axis(wanted, order, 1)
    first = np.ones(ordered.shape, bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    number = np.empty_like(order)  # of the row of each hit among the rows of its query
    np.put_along_axis(number, order, np.cumsum(first, axis=1) - 1, 1)
    c = int((first & (ordered < beyond)).sum(axis=1).max(initial=0))
    ids = np.full((n, c), -1, np.int64)
    scores, places = np.full((n, c, len(lists)), np.nan), np.zeros((n, c, len(lists)), np.int64)
    start = 0
    for leg, one in enumerate(lists):
        # The last places come first, so that the first one of a row is what stays.
        query, place = (part[::-1] for part in np.nonzero(one.ids >= 0))
        column = number[query, start + place]
        ids[query, column] = one.ids[query, place]
        scores[query, column, leg] = one.scores[query, place]
        places[query, column, leg] = place + 1
        start += one.k
    return Legs(ids, scores, places, width)


def fused(search: Search, legs: Legs, total: Scores) -> Search:
    """Return the search with the rows of largest `total`, (n, c), as its one list, as wide as the longest was.

    Equal totals stand in the order of row numbers.
    """
    total = np.where(legs.ids >= 0, total.astype(np.float32), -np.inf)
    order = np.lexsort((np.where(legs.ids < 0, np.iinfo(np.int64).max, legs.ids), -total))[:, : legs.width]
    pad = ((0, 0), (0, legs.width - order.shape[1]))
    hits = Hits(
        np.pad(np.take_along_axis(legs.ids, order, 1), pad, constant_values=-1),
        np.pad(np.take_along_axis(total, order, 1), pad, constant_values=-np.inf),
    )
    own = np.take_along_axis(legs.scores, order[:, :, None], 1).astype(np.float32)
    return replace(search, hits=hits, others=(), legs=np.pad(own, (*pad, (0, 0)), constant_values=np.nan))


def weights_of(weights: Sequence[float] | None, m: int, ranker: str) -> Scores:
    """Return one weight for each of `m` lists, adding up to one; equal ones where there are none."""
    if weights is None:
        return np.full(m, 1 / m)
    given: Any = np.asarray(weights, np.float64)
    if given.shape != (m,) or not np.isfinite(given).all() or (given < 0).any() or not given.sum() > 0:
        raise ParameterError(
            f"weights of {ranker} must be a number of at least 0 for each of the {m} lists (hits, then others), and "
            f"not all 0, got {weights!r}."
        )
    return np.asarray(given / given.sum())
