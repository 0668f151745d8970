"""Search dense vectors by sparse codes of them, in an inverted index."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.catalogue import methods
from inlay.core.contracts import Index, Transform, Where
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import rescore

from ._stored import allowed, check_kept, fitted_codec, queries, stored
from .inverted import Inverted


class SparseCoded(Index):
    r"""Turn vectors into sparse codes, and search these by inverted lists.

    A transform makes a sparse code :math:`f(x)` without negative numbers of every stored vector, and of every query;
    the score of a row is :math:`\langle f(q), f(x) \rangle`. A search reads the lists of those dimensions that the code
    of the query has, :math:`n \sum_j p_j^2` entries where dimension j is active in the part :math:`p_j` of the rows.
    Rows that share no dimension with the query have the score 0, and stand behind all others in the order of their
    numbers. With `rescore`, the best ``rescore * k`` rows are compared again by their full vectors, which lie on disk
    where the index was loaded with ``mmap``.

    Use it with `SparseCodes` where an inverted index is what serves the search, or where codes should be read. An
    entry takes 8 bytes, so that `Coded` with product codes keeps more of the neighbours at equal memory.

    Parameters
    ----------
    codec : a transform of vectors to sparse rows without negative numbers; the index fits a copy of it.
    rescore : how many times `k` rows are compared again by their full vectors; 0 where the codes have the last word.
    n_fit : the most rows from which the codec learns, drawn at random; at least 1.
    random_state : seed of that draw.

    Attributes
    ----------
    codec_ : the codec, fitted.
    index_ : `Inverted`, the codes of all rows.
    vectors_ : (n, d) float32, the full vectors, where `rescore` is not 0; else (0, d).

    References
    ----------
    Paria, Yeh, Yen, Xu, Ravikumar, Póczos (2020). Minimizing FLOPs to Learn Efficient Sparse Representations. ICLR.
    arXiv:2004.05665.

    Examples
    --------
    >>> from inlay.transforms.sparse import SparseCodes
    >>> X = np.random.default_rng(0).normal(size=(200, 8))
    >>> X /= np.linalg.norm(X, axis=1, keepdims=True)
    >>> codec = SparseCodes(dim=64, n_epochs=20, batch_size=50, learning_rate=0.01)
    >>> index = SparseCoded(codec, rescore=5).fit(X)
    >>> index.search(X[:3], k=1).ids.ravel().tolist(), index.bytes_per_vector < 64 * 4
    ([0, 1, 2], True)
    """

    paper: ClassVar[str] = "paria2020minimizing"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    codec_: Any
    index_: Inverted
    vectors_: FloatArray

    def __init__(self, codec: Transform, *, rescore: int = 0, n_fit: int = 100_000, random_state: int = 0) -> None:
        self.codec = codec
        self.rescore = rescore
        self.n_fit = n_fit
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for an index names no transform.
        codec = next(entry for entry in methods() if entry.name == "SparseCodes").load()
        yield cls(codec(dim=128, n_epochs=2))
        yield cls(codec(dim=32, n_epochs=1), rescore=4, n_fit=50, random_state=1)

    @property
    def bytes_per_vector(self) -> float:
        """What the lists take for a row, the full vector on disk not counted."""
        self._check_fitted()
        lists = self.index_
        held = lists.values_.nbytes + lists.rows_.nbytes + lists.starts_.nbytes
        return held / max(1, lists.n_rows_)

    def fit(self, X: ArrayLike) -> Self:
        """Code and store (n, d) vectors; their row numbers are the ids.

        Raises
        ------
        MissingExtra
            If a library is not installed.
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or what the codec makes of it has negative numbers.
        """
        X = stored(X, "float32")
        self.codec_ = fitted_codec(
            self.codec, X, rescore=self.rescore, n_fit=self.n_fit, random_state=self.random_state
        )
        self.index_ = Inverted().fit(self._code(X))
        self.vectors_ = X if self.rescore else np.empty((0, X.shape[1]), np.float32)
        return self

    def add(self, X: ArrayLike) -> Self:
        """Code and store further vectors behind those there are; the codec stays as it was fitted.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more = stored(X, "float32", dim=self.vectors_.shape[1])
        if not self.index_.n_rows_:
            return self.fit(more)  # of nothing, nothing was learned
        check_kept(self.rescore, len(self.vectors_), self.index_.n_rows_)
        self.index_.add(self._code(more))
        if self.rescore:
            self.vectors_ = np.concatenate([self.vectors_, more])
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query; see `Exact.search` for the parameters and errors."""
        self._check_fitted()
        Q, k = queries(Q, k, self.vectors_.shape[1])
        n = self.index_.n_rows_
        check_kept(self.rescore, len(self.vectors_), n)
        rows = allowed(where, n)
        depth = max(k, min(n, k * max(1, self.rescore)))
        hits = self.index_.search(self._code(Q), depth, where=rows)
        first = np.arange(min(n, depth)) if rows is None else rows[:depth]
        hits = _filled(hits, first)
        return rescore(Q, self.vectors_, hits.ids, k) if self.rescore else hits.top(k)

    def _code(self, X: FloatArray) -> Any:
        # A transform takes at least one row.
        return self.codec_.transform(X) if len(X) else self.codec_.transform(np.zeros((1, X.shape[1])))[:0]


def _filled(hits: Hits, first: IdArray) -> Hits:
    """Put rows without a hit behind the hits, with the score 0; `first` holds as many as there are places."""
    short = np.flatnonzero(hits.counts < len(first))
    if not len(short):
        return hits
    ids, scores = hits.ids.copy(), hits.scores.copy()
    for query in short.tolist():
        count = int(hits.counts[query])
        rest = first[~np.isin(first, ids[query, :count])][: len(first) - count]
        ids[query, count : len(first)], scores[query, count : len(first)] = rest, 0.0
    return Hits(ids, scores)
