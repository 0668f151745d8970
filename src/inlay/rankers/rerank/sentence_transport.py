"""Reranking of documents by how cheaply their sentences are moved onto those of the query."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Ragged, Search

from ._members import first, ordered, parts, with_parts
from ._parts import blocks

MATCHES = ("transport", "best")
CLOSE = 1e-7  # how near the masses of a plan have to be to those wanted
ABSENT = -1e30  # the logarithm of nothing, finite so that differences stay numbers
SHRINK = 0.9  # of epsilon from step to step, until it is that asked for
BEYOND = 1.8  # of a step from then on; below 2, where it still comes to the same plan

Array = NDArray[Any]


class SentenceTransport(Ranker):
    r"""Rank documents for a document by matching their sentences, by optimal transport or by the best pair alone.

    With the Euclidean distances :math:`D_{ij}` of the query's sentence :math:`i` and the candidate's :math:`j`,
    ``match="transport"`` (otAspire) gives the sentences the masses

    .. math::

        x_q = \mathrm{softmax}_i(-\min_j D_{ij} / \tau), \qquad x_c = \mathrm{softmax}_j(-\min_i D_{ij} / \tau)

    finds the plan :math:`P` with these as its margins that minimises :math:`\langle D, P \rangle` with entropy
    :math:`\epsilon`, by Sinkhorn's iteration, and scores with :math:`-\langle D, P \rangle`. So a sentence that has no
    counterpart weighs little, and each part of the query is met by a part of its own. ``match="best"`` (tsAspire)
    scores with :math:`-\min_{ij} D_{ij}`, one aspect in common, some ten times faster.

    Use it where documents are the queries and what they share is one aspect of several. `LateInteraction` sums over the
    parts of the query alone, which suits short queries. The paper trains its sentence vectors to be matched so; this
    takes any, and does so without the library POT, for all candidates of a query at once.

    A hit without parts is left out, and a query without parts has none.

    Parameters
    ----------
    match : "transport" or "best".
    epsilon : weight of the entropy, in units of distance, above 0: the smaller, the sparser the plan; 0.05 as in the
        paper.
    temperature : :math:`\tau`, above 0, in units of distance. 1 as in the paper, whose vectors are some ten apart;
        vectors of length one ask for about 0.1. ``float("inf")`` gives all sentences the same mass.
    n_iter : the most iterations at this epsilon, at least 1, behind those that lead down to it from the largest
        distance; those of a plan end where it has the right margins.
    n_reranked : how many of the first hits are scored, at least 1; those behind are left out. None scores all.

    References
    ----------
    Mysore, Cohan, Hope (2022). Multi-Vector Models with Textual Guidance for Fine-Grained Scientific Document
    Similarity. NAACL. arXiv:2111.08366.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> query = Ragged.stack([np.array([[1, 0], [0, 1]])])
    >>> items = Ragged.stack([np.array([[1, 0], [1, 0]]), np.array([[0.8, 0.6], [0.6, 0.8]])])
    >>> search = Search(Hits([[0, 1]], [[0.9, 0.8]]), Q_parts=query, X_parts=items)
    >>> hits = SentenceTransport().rank(search).hits
    >>> hits.ids, hits.scores.round(2)
    (array([[0, 1]]), array([[-0.28, -0.63]], dtype=float32))
    >>> SentenceTransport(temperature=float("inf")).rank(search).hits.ids
    array([[1, 0]])
    """

    paper: ClassVar[str] = "mysore2022multi"

    def __init__(
        self,
        match: str = "transport",
        *,
        epsilon: float = 0.05,
        temperature: float = 1.0,
        n_iter: int = 200,
        n_reranked: int | None = None,
    ) -> None:
        self.match = match
        self.epsilon = epsilon
        self.temperature = temperature
        self.n_iter = n_iter
        self.n_reranked = n_reranked

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_iter=20)
        yield cls("best", n_reranked=3)

    def rank(self, search: Search) -> Search:
        """Order the first hits of each query by how well their parts match, equal ones as they stood.

        Raises
        ------
        ParameterError
            If the search lacks the parts, or a parameter is out of its range.
        ShapeError
            If the parts of queries and items are of different dimensions, or a hit is a row that `X_parts` lacks.
        """
        Q, X = parts(search, "SentenceTransport")
        if self.match not in MATCHES:
            raise ParameterError(f"match must be one of {', '.join(MATCHES)}, got {self.match!r}.")
        check_numbers(self, at_least={"n_iter": 1}, above={"epsilon": 0, "temperature": 0}, below={"epsilon": np.inf})
        ids = first(search.hits, self.n_reranked)
        held = with_parts(X, ids)
        scores = np.full(ids.shape, -np.inf, np.float32)
        for i, query in enumerate(Q):
            if len(query):
                scores[i, held[i]] = self._score(query.astype(np.float64), X, ids[i, held[i]])
        return search.found(ordered(ids, scores))

    def _score(self, query: Array, items: Ragged, rows: IdArray) -> FloatArray:
        out = np.empty(len(rows), np.float32)
        for which, lengths, values in blocks(items, rows, 8 * len(query)):
            D = _distances(query, values.astype(np.float64))
            if self.match == "best":
                out[which] = -np.minimum.reduceat(D.min(axis=0), np.cumsum(lengths) - lengths)
            else:
                there = np.arange(lengths.max()) < lengths[:, None]
                padded = np.zeros((*there.shape, len(query)))
                padded[there] = D.T
                cost = transport_cost(
                    padded.transpose(0, 2, 1), there, self.epsilon, temperature=self.temperature, n_iter=self.n_iter
                )
                out[which] = -cost
        return out


def transport_cost(D: Array, there: Array, epsilon: float, *, temperature: float, n_iter: int) -> Array:
    """Return what the plans of (n, a, b) distances cost, (n,); `there` tells for (n, b) columns which there are.

    From nothing, Sinkhorn's iteration takes thousands of steps where epsilon is small beside the distances. So each
    plan first gets an epsilon as large as its largest distance, which shrinks from step to step, and from then on goes
    further than the step says, which speeds up the end; each stops for itself, whatever the others need.
    """
    rows = -np.where(there[:, None], D, np.inf).min(axis=2) / temperature
    columns = np.where(there, -D.min(axis=1) / temperature, ABSENT)
    rows, columns = (near - _log_sum(near, 1)[:, None] for near in (rows, columns))
    first = np.maximum(np.where(there[:, None], D, 0.0).max(axis=(1, 2)), epsilon)
    shrinking = np.ceil(np.log(first / epsilon) / -np.log(SHRINK)).astype(np.int64)
    D = np.where(there[:, None], D, -ABSENT)
    f, g = np.zeros(rows.shape), np.zeros(columns.shape)
    cost, left = np.empty(len(D)), np.arange(len(D))
    for step in range(int(shrinking.max(initial=0)) + n_iter):
        last = step == shrinking + n_iter - 1
        e = np.where(step < shrinking, first * SHRINK**step, epsilon)[:, None]
        share = np.where((step < shrinking) | last, 1.0, BEYOND)[:, None]
        f += share * (e * (rows - _log_sum((g[:, None, :] - D) / e[:, :, None], 2)) - f)
        g += share * (np.where(there, e * (columns - _log_sum((f[:, :, None] - D) / e[:, :, None], 1)), 0.0) - g)
        if (step < shrinking).all():
            continue
        plan = np.exp((f[:, :, None] + g[:, None, :] - D) / e[:, :, None])
        off = np.abs(plan.sum(axis=2) - np.exp(rows)).max(axis=1)
        off = np.maximum(off, np.abs(plan.sum(axis=1) - np.exp(columns)).max(axis=1))
        ended = last | ((step >= shrinking) & (off < CLOSE))
        if ended.any():
            cost[left[ended]] = (plan * np.where(there[:, None], D, 0.0)).sum(axis=(1, 2))[ended]
            left, D, there, rows, columns, f, g, first, shrinking = (
                part[~ended] for part in (left, D, there, rows, columns, f, g, first, shrinking)
            )
        if not len(left):
            break
    return cost


def _log_sum(values: Array, axis: int) -> Array:
    top = values.max(axis=axis, keepdims=True)
    out: Array = (np.log(np.exp(values - top).sum(axis=axis, keepdims=True)) + top).squeeze(axis)
    return out


def _distances(A: Array, B: Array) -> Array:
    squares = np.einsum("ij,ij->i", A, A)[:, None] + np.einsum("ij,ij->i", B, B) - 2 * A @ B.T
    out: Array = np.sqrt(np.maximum(squares, 0.0))
    return out
