"""Reranking for what is relevant and not yet said."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import HELD_BYTES, as_vectors, found_rows, normalize

RELEVANCES = ("cosine", "scores")


class MaximalMarginalRelevance(Ranker):
    r"""Put hits into the order in which each is relevant and unlike those before it.

    One hit after the other is taken from the rest :math:`R \setminus S` of the list,

    .. math:: \mathrm{MMR} = \arg\max_{d_i \in R \setminus S} \Big[ \lambda \, \mathrm{Sim}_1(d_i, q)
              - (1 - \lambda) \max_{d_j \in S} \mathrm{Sim}_2(d_i, d_j) \Big]

    where :math:`1 - \lambda` is the `diversity`, :math:`\mathrm{Sim}_2` is the cosine, and so is
    :math:`\mathrm{Sim}_1` with ``relevance="cosine"``. With ``"scores"``, :math:`\mathrm{Sim}_1` is the own score of
    the hits, scaled from 0 for the last to 1 for the first of a query; take it behind a fusion or a cross-encoder,
    whose order would be lost otherwise. Ties keep the order of the hits.

    Use it where one query may mean several things, or hits repeat each other; give it a list several times as long as
    what will be shown, for it can only choose from that. With ``diversity=0`` it orders by relevance. Among cosines of
    sentences, which lie close together, 0.1 brings much of the variety at little loss, and 0.5 costs precision.

    The score of a hit is what is maximised, as it was when the hit was taken. It never rises along the list, the
    second hit aside, where its cosine with the first is negative: it then gets the score of the first.

    Parameters
    ----------
    diversity : from 0 to 1, the share of what counts that is being unlike the hits before; the paper's lambda is one
        minus this.
    relevance : ``"cosine"`` of query and row, or ``"scores"`` of the hits.

    References
    ----------
    Carbonell, Goldstein (1998). The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing
    Summaries. SIGIR.

    Examples
    --------
    >>> X = np.float32([[1, 0], [0.98, 0.2], [0.6, -0.8]])
    >>> search = Search(Hits([[0, 1, 2]], [[1.0, 0.98, 0.6]]), Q=np.float32([[1, 0]]), X=X)
    >>> hits = MaximalMarginalRelevance(diversity=0.6).rank(search).hits
    >>> hits.ids, hits.scores.round(2)
    (array([[0, 2, 1]]), array([[ 0.4 , -0.12, -0.2 ]], dtype=float32))
    """

    paper: ClassVar[str] = "carbonell1998use"

    def __init__(self, diversity: float = 0.2, *, relevance: str = "cosine") -> None:
        self.diversity = diversity
        self.relevance = relevance

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(0.3, relevance="scores")

    def rank(self, search: Search) -> Search:
        """Reorder the hits.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks X, or Q where the relevance is the cosine.
        ShapeError
            If a hit names a row that X does not have, or one with a value that is not finite, or Q is not finite
            vectors of the dimension of X.
        """
        if not 0 <= self.diversity <= 1:
            raise ParameterError(f"diversity must be from 0 to 1, got {self.diversity!r}.")
        if self.relevance not in RELEVANCES:
            raise ParameterError(f"relevance must be one of {', '.join(RELEVANCES)}, got {self.relevance!r}.")
        search.need("MaximalMarginalRelevance", *(("Q", "X") if self.relevance == "cosine" else ("X",)))
        X, hits = np.asarray(search.X), search.hits
        Q = as_vectors(np.asarray(search.Q), "Q", dim=X.shape[1]) if self.relevance == "cosine" else None
        if hits.ids.max(initial=-1) >= len(X):
            raise ShapeError(f"The hits name row {hits.ids.max()}, but X has {len(X)} rows.")
        ids, scores = np.empty_like(hits.ids), np.empty_like(hits.scores)
        step = max(1, HELD_BYTES // (4 * max(1, hits.k * X.shape[1])))
        for start in range(0, len(hits) if len(X) else 0, step):
            part = slice(start, start + step)
            real = hits.ids[part] >= 0
            vectors = np.zeros((*real.shape, X.shape[1]), np.float32)
            vectors[real] = normalize(found_rows(X, hits.ids[part][real]))
            relevance = _scaled(hits.scores[part]) if Q is None else np.vecdot(vectors, normalize(Q[part])[:, None])
            order, scores[part] = self._order(vectors, relevance, hits.counts[part])
            ids[part] = np.take_along_axis(hits.ids[part], order, 1)
        if not len(X):
            return search.found(hits)
        missing = np.arange(hits.k) >= hits.counts[:, None]
        return search.found(Hits(np.where(missing, -1, ids), np.where(missing, -np.inf, scores)))

    def _order(self, vectors: FloatArray, relevance: FloatArray, counts: IdArray) -> tuple[IdArray, FloatArray]:
        """Return the places of hits in their new order, and what each was worth as it was taken."""
        n, k = relevance.shape
        every = np.arange(n)
        order, worth = np.zeros((n, k), np.int64), np.zeros((n, k), np.float32)
        left = np.arange(k) < counts[:, None]
        nearest = np.zeros((n, k), np.float32)  # the cosine with the most alike of those taken; nothing is at first
        for step in range(k):
            value = (1 - self.diversity) * relevance - self.diversity * nearest
            value = np.where(left, value, -np.inf)
            taken = value.argmax(axis=1)
            order[:, step], worth[:, step] = taken, value[every, taken]
            left[every, taken] = False
            alike = np.vecdot(vectors, vectors[every, taken][:, None])
            nearest = np.maximum(nearest, alike) if step else alike
        return order, np.minimum.accumulate(worth, axis=1)


def _scaled(scores: FloatArray) -> FloatArray:
    """Scale the scores of each query from 0 to 1; to 1 where all are equal."""
    real = np.isfinite(scores)
    low = np.where(real, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    above = np.subtract(scores, low, out=np.zeros_like(scores), where=real)
    high = above.max(axis=1, keepdims=True, initial=0)
    scaled: FloatArray = np.divide(above, high, out=np.ones_like(above), where=high > 0)
    return scaled
