"""TurboQuant: 1, 2 or 4 bits a dimension, with levels that are known before any vector is seen."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from inlay.core.contracts import Transform
from inlay.core.extras import load
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._codes import check_bits, checked, floats, joined, packed, random_rotation, rotated, unpacked, with_floats

POINTS = 1 << 12  # equally likely values that stand for the distribution of a coordinate


class TurboQuant(Transform):
    r"""Rotate a vector at random, and round each coordinate to levels that suit every vector so rotated.

    A coordinate of a unit vector in a random rotation P is distributed as

    .. math:: f(t) = \frac{\Gamma(d/2)}{\sqrt\pi\, \Gamma((d-1)/2)} (1 - t^2)^{(d-3)/2}

    whatever the vector is, so that the :math:`2^b` levels with the least mean squared error (Lloyd, Max) are computed
    from d alone, and nothing is learned from data: vectors that come later are coded as well as the first ones. The
    distortion is within a factor of about 2.7 of what any code of that many bits can reach.

    With y for the rounded coordinates, a row of codes holds d numbers of b bits and one float32,
    :math:`\lVert x \rVert / \langle y, P x / \lVert x \rVert \rangle`, which times y estimates inner products without
    the bias that rounding brings. The paper stores the length, and removes the bias with one bit a dimension of what
    is left (its second variant); this factor, of `RaBitQ`, does it without those bits.

    Use it for 2 or 4 bits a dimension, where no sample of vectors is at hand or the vectors will change. Where they
    are, `OptimizedProductQuantizer` loses fewer neighbours at 2 bits and fewer, as it knows the directions that
    matter; `ScalarQuantizer` needs no rotation, and is the simple choice at 8 bits. The library turbovec keeps such
    codes in a form of its own, and searches them about twenty times as fast.

    Parameters
    ----------
    bits : of a dimension: 1, 2 or 4.
    random_state : seed of the rotation.

    Attributes
    ----------
    rotation_ : (d, d) float32, orthogonal.
    levels_ : (2**bits,) float32, in ascending order.

    References
    ----------
    Zandieh, Daliri, Hadian, Mirrokni (2025). TurboQuant: Online Vector Quantization with Near-optimal Distortion Rate.
    arXiv:2504.19874.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)
    >>> for bits in (1, 2, 4):
    ...     codec = TurboQuant(bits).fit(X)
    ...     codes = codec.transform(X)
    ...     print(codes.shape, round(float(((codec.inverse_transform(codes) - X) ** 2).mean()), 3))
    (500, 12) 0.661
    (500, 20) 0.174
    (500, 36) 0.024
    """

    paper: ClassVar[str] = "zandieh2025turboquant"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    rotation_: FloatArray
    levels_: FloatArray

    def __init__(self, bits: int = 4, *, random_state: int = 0) -> None:
        self.bits = bits
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(2, random_state=1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Draw the rotation and compute the levels for the dimension of (n, d) vectors; nothing else is learned.

        Raises
        ------
        ParameterError
            If `bits` is not one of those allowed.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits, (1, 2, 4))
        d = validated(self, X, fit=True).shape[1]
        self.rotation_ = random_rotation(d, self.random_state)
        self.levels_ = levels(d, self.bits)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, d * bits / 8 rounded up + 4) bytes.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        turned = rotated(validated(self, X, fit=False), self.rotation_)
        square = np.vecdot(turned, turned)
        length = np.sqrt(square)[:, None]
        unit = np.divide(turned, length, out=np.zeros_like(turned), where=length > 0)
        numbers = np.searchsorted((self.levels_[1:] + self.levels_[:-1]) / 2, unit)
        along = np.vecdot(self.levels_[numbers], turned)
        factor = np.divide(square, along, out=np.zeros_like(square), where=along > 0)
        return with_floats(packed(numbers, self.bits), factor)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, m) codes into the (n, d) vectors whose inner products are the estimates.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes of this codec.
        """
        self._check_fitted()
        codes = self._codes(C)
        rounded = self.levels_[unpacked(codes, self.bits, len(self.rotation_))]
        return np.asarray((rounded * floats(codes)[:, None]) @ self.rotation_, np.float32)

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the `k` of (n, m) codes with the largest estimates for each of the (n queries, d) vectors.

        Raises
        ------
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another dimension or is not finite, or `C` is not codes of this codec.
        """
        self._check_fitted()
        Q = as_vectors(Q, "Q", dim=len(self.rotation_))
        codes = self._codes(C)
        search = load("inlay.transforms.quantize._tables", extra="quantize", purpose="Searching codes").search

        def tables(some: FloatArray) -> FloatArray:
            return joined(np.multiply.outer(rotated(some, self.rotation_), self.levels_), self.bits)

        hits: Hits = search(tables, Q, codes, k, scale=floats(codes))
        return hits

    def _codes(self, C: ArrayLike) -> NDArray[np.uint8]:
        return checked(C, -(-len(self.rotation_) * self.bits // 8) + 4)


def levels(dim: int, bits: int) -> FloatArray:
    """Return the levels of least mean squared error for a coordinate of a random unit vector.

    Examples
    --------
    >>> (levels(1024, 2) * 32).astype(float).round(2).tolist()  # those of the normal distribution
    [-1.51, -0.45, 0.45, 1.51]
    """
    share = (np.arange(POINTS) + 0.5) / POINTS
    half = (dim - 1) / 2
    points = 2 * beta.ppf(share, half, half) - 1 if dim > 1 else np.where(share < 0.5, -1.0, 1.0)
    sums = np.concatenate([[0.0], np.cumsum(points)])
    out = np.quantile(points, (np.arange(2**bits) + 0.5) / 2**bits)
    for _ in range(1000):
        ends = np.searchsorted(points, np.concatenate([[-2.0], (out[1:] + out[:-1]) / 2, [2.0]]))
        counts = np.diff(ends)
        moved = np.where(counts > 0, np.diff(sums[ends]) / np.maximum(counts, 1), out)
        if np.abs(moved - out).max() < 1e-7:
            break
        out = moved
    return np.asarray(out, np.float32)
