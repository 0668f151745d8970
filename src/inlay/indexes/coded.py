"""Search among codes, and compare the best again by their full vectors."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.catalogue import methods
from inlay.core.contracts import Codec, Index, Progress, SearchesCodes, Where
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, rescore, top_k

from ._stored import allowed, check_kept, fitted_codec, queries, stored

BLOCK_BYTES = 16 << 20  # vectors that are made of codes at a time


class Coded(Index):
    r"""Search codes instead of vectors, after the two stages of Jégou et al. (2011): scan the codes, rescore the best.

    A codec makes a code :math:`c(x)` of every stored vector. The score of a row is
    :math:`\langle q, \hat x \rangle` with the vector :math:`\hat x` that the codec makes of its code again, so that the
    query itself is never coded; a codec with ``search_codes`` estimates that in its own, faster way, and one that has
    no way back, such as a hash, has scores of its own. With `rescore`, the best ``rescore * k`` rows are compared again
    by their full vectors, which lie on disk where the index was loaded with ``mmap``; only the codes have to be in
    memory.

    Use it where the vectors do not fit into memory, or where reading them is what a search costs. `Exact` misses
    nothing, at 4 bytes a number.

    Parameters
    ----------
    codec : a transform with ``inverse_transform`` or ``search_codes``; the index fits a copy of it.
    rescore : how many times `k` rows are compared again by their full vectors; 0 where the codes have the last word.
    n_fit : the most rows from which the codec learns, drawn at random; at least 1.
    random_state : seed of that draw.

    Attributes
    ----------
    codec_ : the codec, fitted.
    codes_ : (n, m), the code of each row.
    vectors_ : (n, d) float32, the full vectors, where `rescore` is not 0; else (0, d).

    References
    ----------
    Jégou, Tavenard, Douze, Amsaleg (2011). Searching in one billion vectors: re-rank with source coding. ICASSP.
    arXiv:1102.3828.

    Examples
    --------
    >>> from inlay.transforms.quantize import ScalarQuantizer
    >>> index = Coded(ScalarQuantizer()).fit([[1, 0], [0, 1], [0.6, 0.8]])
    >>> index.search([[1, 0]], k=2).ids, index.codes_.nbytes
    (array([[0, 2]]), 6)
    """

    paper: ClassVar[str] = "jegou2011searching"

    codec_: Any
    codes_: NDArray[Any]
    vectors_: FloatArray

    def __init__(
        self, codec: Codec | SearchesCodes, *, rescore: int = 0, n_fit: int = 100_000, random_state: int = 0
    ) -> None:
        self.codec = codec
        self.rescore = rescore
        self.n_fit = n_fit
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for an index names no transform.
        codec = next(entry for entry in methods() if entry.name == "ScalarQuantizer").load()
        yield cls(codec())
        yield cls(codec(bits=4), rescore=4, n_fit=50, random_state=1)

    @property
    def bytes_per_vector(self) -> int:
        """What a code takes, the full vector on disk not counted."""
        self._check_fitted()
        return int(self.codes_.itemsize * self.codes_.shape[1])

    def fit(self, X: ArrayLike) -> Self:
        """Code and store (n, d) vectors; their row numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `codec` can neither be searched nor be led back.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        return self.fit_with_progress(X, lambda rows: None)

    def fit_with_progress(self, X: ArrayLike, progress: Progress) -> Self:
        """Fit as `fit` does, and call `progress` with the number of rows finished since the last call."""
        # Asked of the object: a chain has these powers only where its steps have them.
        if not any(hasattr(self.codec, name) for name in ("inverse_transform", "search_codes")):
            raise ParameterError(f"codec must have inverse_transform or search_codes, got {self.codec!r}.")
        X = stored(X, "float32")
        self.codec_ = fitted_codec(
            self.codec, X, rescore=self.rescore, n_fit=self.n_fit, random_state=self.random_state
        )
        self.codes_ = self._code(X, progress)
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
        if not len(self.codes_):
            return self.fit(more)  # of nothing, nothing was learned
        check_kept(self.rescore, len(self.vectors_), len(self.codes_))
        self.codes_ = np.concatenate([self.codes_, self._code(more, lambda rows: None)])
        if self.rescore:
            self.vectors_ = np.concatenate([self.vectors_, more])
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query; see `Exact.search` for the parameters and errors."""
        self._check_fitted()
        Q, k = queries(Q, k, self.vectors_.shape[1])
        check_kept(self.rescore, len(self.vectors_), len(self.codes_))
        rows = allowed(where, len(self.codes_))
        codes = self.codes_ if rows is None else self.codes_[rows]
        depth = max(1, min(len(codes), k * max(1, self.rescore)))
        if not len(Q):
            return Hits(np.empty((0, k), np.int64), np.empty((0, k), np.float32))
        if hasattr(self.codec_, "search_codes") and len(codes):
            hits = self.codec_.search_codes(Q, codes, depth)
        else:
            hits = self._search_decoded(Q, codes, depth)
        ids = hits.ids if rows is None or not len(rows) else np.where(hits.ids >= 0, rows[hits.ids], -1)
        if self.rescore:
            return rescore(Q, self.vectors_, ids, k)
        pad = ((0, 0), (0, max(0, k - depth)))
        return Hits(
            np.pad(ids, pad, constant_values=-1)[:, :k], np.pad(hits.scores, pad, constant_values=-np.inf)[:, :k]
        )

    def _code(self, X: FloatArray, progress: Progress) -> NDArray[Any]:
        parts = [self.codec_.transform(np.zeros((1, X.shape[1]), np.float32))[:0]]
        if not isinstance(parts[0], np.ndarray):
            raise ParameterError(
                f"codec must make arrays; SparseCoded takes sparse codes, such as those of {self.codec!r}."
            )
        for part in _blocks(len(X), X.shape[1]):
            parts.append(self.codec_.transform(X[part]))
            progress(part.stop - part.start)
        return np.concatenate(parts)

    def _search_decoded(self, Q: FloatArray, codes: NDArray[Any], depth: int) -> Hits:
        ids, scores = np.full((len(Q), depth), -1, np.int64), np.full((len(Q), depth), -np.inf, np.float32)
        for part in _blocks(len(codes), Q.shape[1]):
            fresh = product_top_k(Q, self.codec_.inverse_transform(codes[part]), min(depth, part.stop - part.start))
            both: IdArray = np.concatenate([ids, fresh.ids + part.start], axis=1)
            best, scores = top_k(np.concatenate([scores, fresh.scores], axis=1), depth)
            ids = np.take_along_axis(both, best, 1)
        return Hits(ids, scores)


def _blocks(n: int, dim: int) -> Iterator[slice]:
    step = max(1, BLOCK_BYTES // (4 * dim))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))
