"""Inverted lists: exact search of sparse vectors."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.contracts import Index, Where
from inlay.core.values import FloatArray, Hits, IdArray

from ._lists import Lists, lists_top_k, places, sparse_rows
from ._stored import allowed


class Inverted(Index):
    r"""Find the best sparse vectors exactly, by the lists of the rows that have a number in a column.

    The score is :math:`\langle q, x \rangle = \sum_{j: q_j > 0} q_j x_j`. Column by column, the numbers in its list
    are multiplied with the query's and added to what the rows have so far (term at a time, Zobel & Moffat 2006), so
    that a query costs one multiplication for each entry of its lists and nothing for other rows. Rows that share no
    column with the query are no hits. Equal scores stand in the order of row numbers.

    Use it for learned sparse vectors, weighted words and codes of a sparse autoencoder. `BM25` takes texts and weighs
    their words itself; `Seismic` scores a part of the rows where lists are long, and misses a few.

    Attributes
    ----------
    values_ : (entries,) float32, the numbers, column after column; mapped where the index was loaded with ``mmap``.
    rows_ : (entries,) int32, the rows that they stand in.
    starts_ : (columns + 1,) int64, where the list of each column starts.
    n_rows_ : rows that are stored.

    References
    ----------
    Zobel, Moffat (2006). Inverted files for text search engines. ACM Computing Surveys 38(2).

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> index = Inverted().fit(csr_matrix([[1.0, 0, 2], [0, 3, 0], [0.5, 1, 0]]))
    >>> hits = index.search(csr_matrix([[1.0, 0, 1]]), k=3)
    >>> hits.ids.tolist(), hits.scores.tolist()
    ([[0, 2, -1]], [[3.0, 0.5, -inf]])
    """

    paper: ClassVar[str] = "zobel2006inverted"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)
    stores: ClassVar[Literal["sparse"]] = "sparse"

    values_: FloatArray
    rows_: NDArray[np.int32]
    starts_: IdArray
    n_rows_: int

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()

    def fit(self, X: Any) -> Self:
        """Store (n, columns) sparse rows without negative numbers; their numbers are the ids.

        Raises
        ------
        ShapeError
            If `X` is not of two dimensions, or one of its numbers is negative or not finite.
        """
        return self._take(Lists.of(sparse_rows(X)))

    def add(self, X: Any) -> Self:
        """Store further rows behind those there are; copies all lists once.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored rows.
        """
        self._check_fitted()
        dim = len(self.starts_) - 1
        more = sparse_rows(X, dim=dim)
        old = sparse.csc_array((self.values_, self.rows_, self.starts_), shape=(self.n_rows_, dim))
        return self._take(Lists.of(sparse.vstack([old, more], format="csc")))

    def search(self, Q: Any, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each of the (n queries, columns) sparse queries.

        Parameters
        ----------
        Q : (n queries, columns) sparse, without negative numbers.
        k : at least 1; places beyond the number of allowed rows that share a column hold the id -1.
        where : rows allowed as hits: a mask of booleans, one for each row, or row numbers in any order.

        Raises
        ------
        MissingExtra
            If Numba is not installed.
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has other columns or bad numbers, or `where` names rows that there are not.
        """
        self._check_fitted()
        k = places(k)
        Q = sparse_rows(Q, "Q", dim=len(self.starts_) - 1)
        lists = Lists(self.starts_, self.rows_, self.values_, self.n_rows_)
        return lists_top_k(Q, lists, k, rows=allowed(where, self.n_rows_), purpose="Inverted")

    def _take(self, lists: Lists) -> Self:
        self.values_, self.rows_, self.starts_, self.n_rows_ = lists.values, lists.rows, lists.starts, lists.n_rows
        return self
