"""Queries moved towards what is relevant and away from what is not."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Ranker
from inlay.core.errors import ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors

from ._again import again, as_long_as, check_rows, looked_at, mean_of_rows


class Rocchio(Ranker):
    r"""Search again with the query moved towards the best hits, after Rocchio (1971).

    For a query q with relevant rows R and irrelevant rows N,

    .. math:: q' = \alpha q + \frac{\beta}{|R|} \sum_{x \in R} x - \frac{\gamma}{|N|} \sum_{x \in N} x

    `rank` has nobody to ask and takes the first hits for R and the last ones for N: pseudo relevance feedback, which
    Li et al. (2023) found to help dense vectors as it helps words, and more the more rows are relevant. `update` takes
    R and N from judgments. The new query is scaled to the length of the old one.

    Use it where a question has many good answers and finding most of them counts, and wherever users mark what they
    like. Where one row alone is right, and it is not first, the first hits lead the query away. `ListwiseFeedback`
    reads the texts of the hits instead, at the price of an encoding.

    Parameters
    ----------
    alpha : weight of the query, at least 0.
    beta : weight of the mean of what is relevant, at least 0.
    gamma : weight of the mean of what is irrelevant, at least 0.
    n_relevant : how many of the first hits `rank` takes to be relevant, at least 0.
    n_irrelevant : how many of the last hits `rank` takes to be irrelevant, at least 0. A hit is never both.

    References
    ----------
    Rocchio (1971). Relevance feedback in information retrieval. In: Salton, The SMART Retrieval System. Prentice-Hall.
    Li, Mourad, Zhuang, Koopman, Zuccon (2023). Pseudo Relevance Feedback with Deep Language Models and Dense
    Retrievers: Successes and Pitfalls. ACM Transactions on Information Systems 41(3). arXiv:2108.11044.

    Examples
    --------
    >>> from inlay.core.values import Search
    >>> from inlay.core.vectors import product_top_k
    >>> X = np.float32([[0.8, 0.6, 0], [0.6, 0.8, 0], [0.7, 0, 0.7]])
    >>> Q = np.float32([[1, 0, 0]])
    >>> search = Search(product_top_k(Q, X, 2), Q=Q, X=X)
    >>> search.hits.ids, Rocchio(n_relevant=1).rank(search).hits.ids
    (array([[0, 2]]), array([[0, 1]]))
    >>> liked = Rocchio().update(Q, X, relevant=[[2]], irrelevant=[[0]])
    >>> product_top_k(liked, X, 2).ids
    array([[2, 0]])
    """

    paper: ClassVar[str] = "rocchio1971relevance"

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 0.75,
        gamma: float = 0.15,
        n_relevant: int = 3,
        n_irrelevant: int = 0,
    ) -> None:
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.n_relevant = n_relevant
        self.n_irrelevant = n_irrelevant

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(0.5, 1.0, 0.3, n_relevant=2, n_irrelevant=3)

    def rank(self, search: Search) -> Search:
        """Return the hits of the moved queries among all of `X`; `Q` holds the queries that found them.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks `Q` or `X`.
        ShapeError
            If `Q` and `X` differ in dimension, or hits name rows that `X` lacks.
        """
        self._check()
        Q, X = looked_at(search, "Rocchio")
        ids, counts = search.hits.ids, search.hits.counts[:, None]
        place = np.arange(search.hits.k)
        first = place < self.n_relevant
        last = ~first & (place >= counts - self.n_irrelevant)
        return again(search, self._moved(Q, X, np.where(first, ids, -1), np.where(last, ids, -1)))

    def update(
        self,
        Q: ArrayLike,
        X: ArrayLike,
        relevant: Sequence[Sequence[int]],
        irrelevant: Sequence[Sequence[int]] | None = None,
    ) -> FloatArray:
        """Move queries by judgments, and return them as long as they were.

        Parameters
        ----------
        Q : (n queries, d).
        X : (n rows, d) stored vectors.
        relevant : for each query the rows that were found good; none leaves the query where it is.
        irrelevant : for each query the rows that were found bad.

        Returns
        -------
        (n queries, d) float32, to be searched with.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If there is not one list of rows for each query, or a row that `X` lacks.
        """
        self._check()
        stored = as_vectors(X)
        asked = as_vectors(Q, "Q", dim=stored.shape[1])
        good = _padded(relevant, "relevant", len(asked), len(stored))
        bad = _padded([()] * len(asked) if irrelevant is None else irrelevant, "irrelevant", len(asked), len(stored))
        return as_long_as(self._moved(asked, stored, good, bad), asked)

    def _check(self) -> None:
        check_numbers(self, at_least={"alpha": 0, "beta": 0, "gamma": 0, "n_relevant": 0, "n_irrelevant": 0})

    def _moved(self, Q: FloatArray, X: FloatArray, relevant: IdArray, irrelevant: IdArray) -> FloatArray:
        alpha, beta, gamma = (np.float32(weight) for weight in (self.alpha, self.beta, self.gamma))
        moved: FloatArray = alpha * Q + beta * mean_of_rows(X, relevant) - gamma * mean_of_rows(X, irrelevant)
        return moved


def _padded(rows: Sequence[Sequence[int]], name: str, n: int, n_stored: int) -> IdArray:
    """Return lists of rows as (n, longest) ids, with -1 behind the short ones."""
    if len(rows) != n:
        raise ShapeError(f"{name} must hold a list of rows for each of {n} queries, got {len(rows)}.")
    ids = np.full((n, max((len(some) for some in rows), default=0)), -1, np.int64)
    for i, some in enumerate(rows):
        ids[i, : len(some)] = some
        if len(some) and min(some) < 0:
            raise ShapeError(f"{name}[{i}] has the row {min(some)}; rows run from 0 to {n_stored - 1}.")
    check_rows(ids, n_stored)
    return ids
