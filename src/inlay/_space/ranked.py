"""Ranking what a space has found."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.values import FloatArray, Hits, IdArray, Search


def ranked(
    search: Search, rankers: Sequence[Ranker], k: int, found: IdArray, texts: Sequence[Any], X: FloatArray
) -> Search:
    """Return the best `k` hits of each query by rankers, which see what was found under new, small numbers.

    Query by query, so that none is ranked among what another one has found.

    Parameters
    ----------
    found : the positions that some query has among its hits, ascending.
    texts, X : of these.
    """
    n = len(search.hits)
    ids, scores = np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
    legs: FloatArray | None = None
    for i in range(n):
        lists = [(hits.ids[[i]], hits.scores[[i]]) for hits in (search.hits, *search.others)]
        own = np.unique(np.concatenate([rows[rows >= 0] for rows, _ in lists]))
        if not len(own):
            continue
        small = [Hits(np.where(rows >= 0, np.searchsorted(own, rows), -1), values) for rows, values in lists]
        at = np.searchsorted(found, own)
        one = Search(
            small[0],
            tuple(small[1:]),
            Q=None if search.Q is None else search.Q[[i]],
            X=X[at],
            queries=None if search.queries is None else [search.queries[i]],
            items=[texts[j] for j in at],
        )
        for ranker in rankers:
            one = ranker.rank(one)
        one = one.found(one.hits.top(k))
        width = one.hits.k
        ids[i, :width], scores[i, :width] = np.where(one.hits.ids[0] >= 0, own[one.hits.ids[0]], -1), one.hits.scores[0]
        if one.legs is not None:
            if legs is None:
                legs = np.full((n, k, one.legs.shape[2]), np.nan, np.float32)
            legs[i, :width] = one.legs[0]
    return Search(Hits(ids, scores), legs=legs)
