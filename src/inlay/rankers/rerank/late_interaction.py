"""Reranking by the best match of each part of the query."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.values import FloatArray, IdArray, Ragged, Search

from ._members import first, ordered, parts, with_parts
from ._parts import blocks


class LateInteraction(Ranker):
    r"""Rank hits again by the best match of each part of the query, summed (MaxSim).

    The score of an item with the vectors :math:`E_d` of its parts, usually tokens, for the query with :math:`E_q` is

    .. math:: S_{q,d} = \sum_{i \in |E_q|} \max_{j \in |E_d|} E_{q_i} \cdot E_{d_j}^\top

    computed exactly from the vectors as they are; the paper scales each to length one, so that products are cosines.
    A hit without parts is left out, and a query without parts has none.

    Use it on the first 100 to 1000 hits of a search by one vector, where a word of the query has to be met in the item
    and the vectors of tokens are stored. `CrossEncoder` sees more, at the cost of a run of a model for each pair;
    `SentenceTransport` compares whole documents with each other, for which a sum over the query's parts is lopsided.

    Parameters
    ----------
    n_reranked : how many of the first hits are scored, at least 1; those behind are left out. None scores all.

    References
    ----------
    Khattab, Zaharia (2020). ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over
    BERT. SIGIR. arXiv:2004.12832.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> query = Ragged.stack([np.array([[1, 0], [0, 1]])])
    >>> items = Ragged.stack([np.array([[1, 0], [0.8, 0.6]]), np.array([[0.6, 0.8], [1, 0]])])
    >>> search = Search(Hits([[0, 1]], [[0.9, 0.8]]), Q_parts=query, X_parts=items)
    >>> hits = LateInteraction().rank(search).hits
    >>> hits.ids, hits.scores
    (array([[1, 0]]), array([[1.8, 1.6]], dtype=float32))
    """

    paper: ClassVar[str] = "khattab2020colbert"

    def __init__(self, *, n_reranked: int | None = None) -> None:
        self.n_reranked = n_reranked

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(n_reranked=3)

    def rank(self, search: Search) -> Search:
        """Order the first hits of each query by MaxSim, equal ones as they stood.

        Raises
        ------
        ParameterError
            If the search lacks the parts, or `n_reranked` is less than 1.
        ShapeError
            If the parts of queries and items are of different dimensions, or a hit is a row that `X_parts` lacks.
        """
        Q, X = parts(search, "LateInteraction")
        ids = first(search.hits, self.n_reranked)
        held = with_parts(X, ids)
        scores = np.full(ids.shape, -np.inf, np.float32)
        for i, query in enumerate(Q):
            if len(query):
                scores[i, held[i]] = _max_sim(query, X, ids[i, held[i]])
        return search.found(ordered(ids, scores))


def _max_sim(query: FloatArray, items: Ragged, rows: IdArray) -> FloatArray:
    out = np.empty(len(rows), np.float32)
    for which, lengths, values in blocks(items, rows, len(query)):
        best = np.maximum.reduceat(values @ query.T, np.cumsum(lengths) - lengths, axis=0)
        out[which] = best.sum(axis=1)
    return out
