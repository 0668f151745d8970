"""Search of TurboQuant codes by turbovec, which keeps them laid out for the processor."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import rescore

from ._stored import allowed, check_kept, queries, stored

BITS = (2, 3, 4)
BLOCK = 1 << 14  # rows that are coded at a time
HEAD = 4  # bytes of a vector beside its codes


class TurboVec(Index):
    r"""Search codes of 2 to 4 bits a dimension, made by a random rotation, by the widest instructions there are.

    The rotated vector is rounded, number by number, to the best levels for what rotations make of any data
    (Zandieh et al. 2025), so that nothing has to be learned. The score estimates :math:`\langle q, x \rangle`. With
    `rescore`, the best ``rescore * k`` rows are compared again by their full vectors, as in `Coded`.

    Use it where vectors have to be few bytes and searched fast: ``benchmarks/speed/codes.py`` has it beside exact
    search and product codes. `Coded` takes any codec, at fewer bytes too; the transform ``TurboQuant`` makes the
    same kind of codes row by row, to be stored elsewhere.

    Parameters
    ----------
    bits : 2, 3 or 4 a dimension.
    rescore : how many times `k` rows are compared again by their full vectors; 0 where the codes have the last word.

    Attributes
    ----------
    data_ : (bytes,) uint8, the index as turbovec writes it.
    vectors_ : (n, d) float32, the full vectors, where `rescore` is not 0; else (0, d).
    n_rows_ : vectors that are stored.

    References
    ----------
    Zandieh, Daliri, Hadian, Mirrokni (2025). TurboQuant: Online Vector Quantization with Near-optimal Distortion Rate.
    arXiv:2504.19874.

    Examples
    --------
    >>> from inlay.core.vectors import normalize
    >>> X = normalize(np.random.default_rng(0).normal(size=(200, 16)))
    >>> index = TurboVec(rescore=4).fit(X)
    >>> index.search(X[:3], k=1).ids.ravel().tolist(), index.bytes_per_vector
    ([0, 1, 2], 12)
    """

    paper: ClassVar[str] = "zandieh2025turboquant"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    data_: NDArray[np.uint8]
    vectors_: FloatArray
    n_rows_: int

    def __init__(self, bits: int = 4, *, rescore: int = 0) -> None:
        self.bits = bits
        self.rescore = rescore

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(bits=3, rescore=4)

    @property
    def bytes_per_vector(self) -> int:
        """What a code takes, the full vector on disk not counted."""
        self._check_fitted()
        return self._width(self.vectors_.shape[1]) * self.bits // 8 + HEAD

    def fit(self, X: ArrayLike) -> Self:
        """Code and store (n, d) vectors; their row numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        if self.bits not in BITS:
            raise ParameterError(f"bits must be one of {BITS}, got {self.bits!r}.")
        if not isinstance(self.rescore, int | np.integer) or self.rescore < 0:
            raise ParameterError(f"rescore must be a whole number of at least 0, got {self.rescore!r}.")
        library = load("turbovec", extra="quantize", purpose="TurboVec")
        X = stored(X, "float32")
        self._index = library.TurboQuantIndex(dim=self._width(X.shape[1]), bit_width=self.bits)
        self.vectors_, self.n_rows_ = np.empty((0, X.shape[1]), np.float32), 0
        return self._take(X)

    def add(self, X: ArrayLike) -> Self:
        """Code and store further vectors behind those there are.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more = stored(X, "float32", dim=self.vectors_.shape[1])
        check_kept(self.rescore, len(self.vectors_), self.n_rows_)
        return self._take(more)

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query; see `Exact.search` for the parameters and errors."""
        self._check_fitted()
        Q, k = queries(Q, k, self.vectors_.shape[1])
        check_kept(self.rescore, len(self.vectors_), self.n_rows_)
        rows = allowed(where, self.n_rows_)
        depth = min(self.n_rows_ if rows is None else len(rows), k * max(1, self.rescore))
        shape = len(Q), max(k, depth)
        ids, scores = np.full(shape, -1, np.int64), np.full(shape, -np.inf, np.float32)
        if depth and len(Q):
            mask = None if rows is None else np.isin(np.arange(self.n_rows_), rows)
            found, numbers = self._held().search(self._padded(Q), depth, mask=mask)
            order = np.lexsort((numbers, -found))
            ids[:, :depth], scores[:, :depth] = (np.take_along_axis(a, order, 1) for a in (numbers, found))
        if self.rescore:
            return rescore(Q, self.vectors_, ids, k)
        return Hits(ids[:, :k], scores[:, :k])

    def _take(self, X: FloatArray) -> Self:
        held = self._held()
        for start in range(0, len(X), BLOCK):
            held.add(self._padded(X[start : start + BLOCK]))
        self.data_, self.n_rows_ = np.frombuffer(held.to_bytes(), np.uint8), self.n_rows_ + len(X)
        if self.rescore:
            self.vectors_ = np.concatenate([self.vectors_, X]) if len(self.vectors_) else X
        return self

    def _held(self) -> Any:
        if not hasattr(self, "_index"):
            library = load("turbovec", extra="quantize", purpose="TurboVec")
            self._index = library.TurboQuantIndex.from_bytes(self.data_.tobytes())
        return self._index

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the library's own object: it is made again from `data_`, and a copy would share it."""
        return {key: value for key, value in super().__getstate__().items() if key != "_index"}

    @staticmethod
    def _width(dim: int) -> int:
        return -(-dim // 8) * 8  # what turbovec takes

    def _padded(self, X: FloatArray) -> FloatArray:
        return np.ascontiguousarray(np.pad(X, ((0, 0), (0, self._width(X.shape[1]) - X.shape[1]))))
