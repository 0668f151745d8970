"""Exact MaxSim: every stored item's vectors are compared with every query's."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from numpy.typing import NDArray

from inlay.core.contracts import Index, Where
from inlay.core.values import Hits, IdArray, Ragged

from ._multi import asked_items, choices, joined, max_sim_top_k, stored_items


class MaxSim(Index):
    r"""Find the items of several vectors that answer each vector of the query best, by comparing all of them.

    The score of the item with the vectors :math:`d_j` for the query with the vectors :math:`q_i` is the late
    interaction of Khattab and Zaharia (2020),

    .. math:: s(q, d) = \sum_i \max_j \, \langle q_i, d_j \rangle .

    A kernel makes the products of sixteen query vectors with eight stored ones in the registers of the processor and
    keeps only their maxima, so that the products, of which there are many more than stored vectors, are never written.
    Blocks of items are compared with all queries while they are in the cache, on all cores.

    Use it up to some ten thousand items, and to judge the others by. `CentroidMaxSim` looks at compressed vectors of
    promising items alone; `Muvera` lets an index of single vectors choose them; `DiskMaxSim` reads only theirs from
    disk.

    Hits with equal scores stand in the order of their row numbers, and neither the number of queries nor that of
    threads changes an answer. An item without vectors is no hit, and a query without vectors has none.

    Parameters
    ----------
    dtype : "float32", or "float16" for half the memory at about 3 significant digits; sums run in float32.

    Attributes
    ----------
    values_ : (total, d), the vectors of all items, one after another. A memory-mapped or read-only array of
        float32 is kept where that is the dtype, not copied: do not change the file behind it.
    offsets_ : (n + 1,) int64; item i owns ``values_[offsets_[i]:offsets_[i + 1]]``.

    References
    ----------
    Khattab, Zaharia (2020). ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over
    BERT. SIGIR. arXiv:2004.12832.

    Examples
    --------
    >>> import numpy as np
    >>> index = MaxSim().fit(Ragged.stack([np.eye(2), np.array([[0.6, 0.8]])]))
    >>> hits = index.search(Ragged.stack([np.array([[1.0, 0.0], [0.8, 0.6]])]), k=2)
    >>> hits.ids, hits.scores.round(2)
    (array([[0, 1]]), array([[1.8 , 1.56]], dtype=float32))
    """

    paper: ClassVar[str] = "khattab2020colbert"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)
    stores = "multivectors"

    values_: NDArray[Any]
    offsets_: IdArray

    def __init__(self, dtype: str = "float32") -> None:
        self.dtype = dtype

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("float16")

    def fit(self, X: Ragged) -> Self:
        """Store n items of vectors; their numbers are the ids. No items at all are allowed.

        Raises
        ------
        ParameterError
            If `dtype` is not one of those allowed.
        ShapeError
            If `X` is not a Ragged of finite numbers.
        """
        self.values_, self.offsets_ = stored_items(X, self.dtype)
        return self

    def add(self, X: Ragged) -> Self:
        """Store further items behind those there are; copies all of them once.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        self.values_, self.offsets_ = joined(self.values_, self.offsets_, X)
        return self

    def search(self, Q: Ragged, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` items for each query.

        Parameters
        ----------
        Q : queries of several vectors each.
        k : at least 1; places beyond the number of allowed items hold the id -1.
        where : rows allowed as hits: a mask of booleans, one for each item, or row numbers in any order; only the
            vectors of these are read.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` is not a Ragged of the stored dimension, or `where` names rows that there are not.
        """
        self._check_fitted()
        Q, k = asked_items(Q, k, self.values_.shape[1])
        return max_sim_top_k(Q, self.values_, self.offsets_, k, choices(where, self.offsets_))
