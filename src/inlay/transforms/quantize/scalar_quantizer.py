"""Scalar quantisation: each number of a vector on its own, to 8 or 4 bits."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._codes import check_bits, checked, packed, unpacked


def _has_numba(codec: Any) -> bool:
    """Say whether codes can be searched as they are."""
    return find_spec("numba") is not None


class ScalarQuantizer(Transform):
    r"""Round each number to one of 256 or 16 levels, which are spread over the range that its dimension has.

    Dimension j has the range :math:`[l_j, h_j]` in which lies the part `coverage` of its values; what lies outside is
    cut off. With the step :math:`\Delta_j = (h_j - l_j) / (2^b - 1)`

    .. math:: c_j = \mathrm{round}\left(\frac{x_j - l_j}{\Delta_j}\right), \qquad \hat x_j = l_j + \Delta_j c_j

    Use 8 bits where a quarter of the memory is little enough: hardly any neighbour is lost, and nothing has to be
    rescored. With 4 bits it is an eighth. `TurboQuant` makes better use of 4 bits and fewer; `BinaryQuantizer` takes
    one bit a dimension, with rescoring. Codes are searched as they are where Numba is installed (the extra
    ``quantize``), and are made vectors again for a search where it is not.

    Parameters
    ----------
    bits : 8, or 4, of which two numbers share a byte.
    coverage : the part of the values of a dimension, above 0 and at most 1, that its range takes in; the rest is cut
        off equally on both sides. 1 takes in all of them, which one outlier can spoil.

    Attributes
    ----------
    low_ : (d,) float32, the lowest level of each dimension.
    step_ : (d,) float32, the distance between levels; 0 where a dimension has one value only.

    References
    ----------
    Douze et al. (2024). The Faiss library. arXiv:2401.08281, section 3.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(1000, 8))
    >>> for bits in (8, 4):
    ...     codec = ScalarQuantizer(bits).fit(X)
    ...     codes = codec.transform(X)
    ...     print(codes.shape, round(float(np.abs(codec.inverse_transform(codes) - X).mean()), 3))
    (1000, 8) 0.006
    (1000, 4) 0.098
    """

    paper: ClassVar[str] = "douze2024faiss"

    low_: FloatArray
    step_: FloatArray

    def __init__(self, bits: int = 8, *, coverage: float = 0.998) -> None:
        self.bits = bits
        self.coverage = coverage

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(4, coverage=1.0)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the range of each dimension from (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits, (4, 8))
        if not 0 < self.coverage <= 1:
            raise ParameterError(f"coverage must lie above 0 and be at most 1, got {self.coverage}.")
        X = validated(self, X, fit=True)
        out = (1 - self.coverage) / 2
        low, high = np.quantile(X, [out, 1 - out], axis=0).astype(np.float32)
        self.low_, self.step_ = low, (high - low) / np.float32(2**self.bits - 1)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, d) bytes, or (n, d / 2 rounded up) with 4 bits.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        X = validated(self, X, fit=False)
        Z = np.divide(X - self.low_, self.step_, out=np.zeros_like(X), where=self.step_ > 0)
        return packed(np.clip(np.rint(Z), 0, 2**self.bits - 1), self.bits)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, m) codes into (n, d) vectors.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes of this codec.
        """
        self._check_fitted()
        d = len(self.low_)
        codes = unpacked(checked(C, -(-d * self.bits // 8)), self.bits, d)
        out: FloatArray = codes.astype(np.float32)
        out *= self.step_
        out += self.low_
        return out

    @available_if(_has_numba)  # type: ignore[untyped-decorator]
    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the best `k` of (n, m) codes for each of the (n queries, d) vectors, by the vectors they stand for.

        Raises
        ------
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another dimension or is not finite, or `C` is not codes of this codec.
        """
        self._check_fitted()
        from ._levels import search

        d = len(self.low_)
        codes = checked(C, -(-d * self.bits // 8))
        return search(as_vectors(Q, "Q", dim=d), codes, self.low_, self.step_, self.bits, k)
