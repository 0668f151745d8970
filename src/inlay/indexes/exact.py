"""Exact search: every stored vector is compared with every query."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Index, Where
from inlay.core.values import Hits
from inlay.core.vectors import product_top_k

from ._stored import allowed, queries, stored


class Exact(Index):
    r"""Find the best rows by comparing the query with all of them, block by block.

    The score of row :math:`x` for the query :math:`q` is :math:`\langle q, x \rangle`; for vectors of length one
    that is the cosine. One query costs as long as memory takes to deliver the vectors; many queries at once cost as
    long as BLAS takes for the product, after the blocked scheme of Johnson et al. (2021).

    Use it wherever it is fast enough: nothing is built, nothing is approximate, any filter costs what it lets
    through. `HNSW` answers single queries faster from some ten thousand vectors on, and misses a few;
    `Auto` chooses between the two.

    Hits with equal scores stand in the order of their row numbers, and neither the number of queries nor that of
    threads changes an answer, unless rows are hundreds of times as long as others: float32 then cannot tell near ties.

    Parameters
    ----------
    dtype : "float32", or "float16" for half the memory at about 3 significant digits; sums run in float32.

    Attributes
    ----------
    vectors_ : (n, d), the stored vectors. A memory-mapped or read-only array of the right dtype is kept, not copied:
        do not change the file behind it. Anything else is copied.

    References
    ----------
    Johnson, Douze, Jégou (2021). Billion-scale similarity search with GPUs. IEEE Transactions on Big Data 7(3).
    arXiv:1702.08734.

    Examples
    --------
    >>> index = Exact().fit([[1, 0], [0, 1], [0.6, 0.8]])
    >>> hits = index.search([[1, 0]], k=2)
    >>> hits.ids, hits.scores
    (array([[0, 2]]), array([[1. , 0.6]], dtype=float32))
    >>> index.search([[1, 0]], k=2, where=[1, 2]).ids
    array([[2, 1]])
    """

    paper: ClassVar[str] = "johnson2021billion"

    vectors_: NDArray[Any]

    def __init__(self, dtype: str = "float32") -> None:
        self.dtype = dtype

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("float16")

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors; their row numbers are the ids. No rows at all are allowed.

        Raises
        ------
        ParameterError
            If `dtype` is not one of those allowed.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        self.vectors_ = stored(X, self.dtype)
        return self

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are; copies all of them once.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more = stored(X, self.dtype, dim=self.vectors_.shape[1])
        self.vectors_ = np.concatenate([self.vectors_, more])
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query.

        Parameters
        ----------
        Q : (n queries, d) query vectors.
        k : at least 1; places beyond the number of allowed rows hold the id -1.
        where : rows allowed as hits: a mask of booleans, one for each row, or row numbers in any order.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another dimension or is not finite, or `where` names rows that there are not.
        """
        self._check_fitted()
        Q, k = queries(Q, k, self.vectors_.shape[1])
        return product_top_k(Q, self.vectors_, k, rows=allowed(where, len(self.vectors_)))
