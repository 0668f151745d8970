"""Random hyperplanes: the signs of random projections."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits

from ._hamming import check_bits, nearest_codes, packed


class RandomHyperplanes(Transform):
    r"""Keep of a vector on which side of random hyperplanes through the origin it lies.

    Each bit is :math:`h_r(u) = [r \cdot u \geq 0]` for a random direction :math:`r` with normal entries, and two
    vectors at the angle :math:`\theta` differ in it with the probability

    .. math:: \Pr[h_r(u) \neq h_r(v)] = \theta(u, v) / \pi,

    so that :math:`\cos(\pi h / \mathrm{bits})` of the number of bits that differ estimates their cosine, with an error
    that shrinks as one over the root of the bits. Nothing is learned but the dimension.

    Use it as the yardstick for other hashes, where there are no vectors to learn from, or where a guarantee counts;
    `IterativeQuantization` and `SemanticHashing` find more neighbours with as many bits. The length of a vector is
    lost, so there is no way back.

    Parameters
    ----------
    bits : at least 1; eight of them take a byte.
    random_state : seed of the directions.

    Attributes
    ----------
    directions_ : (bits, d).

    References
    ----------
    Charikar (2002). Similarity estimation techniques from rounding algorithms. STOC.

    Examples
    --------
    >>> hash = RandomHyperplanes(bits=1024).fit([[1.0, 0.0]])
    >>> codes = hash.transform([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    >>> codes.shape, codes.dtype
    ((3, 128), dtype('uint8'))
    >>> hash.search_codes([[1.0, 0.0]], codes, k=3).scores.round(1)
    array([[1. , 0.6, 0.1]], dtype=float32)
    """

    paper: ClassVar[str] = "charikar2002similarity"

    directions_: FloatArray

    def __init__(self, bits: int = 64, random_state: int = 0) -> None:
        self.bits = bits
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(bits=8)
        yield cls(bits=13)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Draw the directions for (n, d) vectors; of these only d counts.

        Raises
        ------
        ParameterError
            If `bits` is below 1.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits)
        d = validated(self, X, fit=True).shape[1]
        self.directions_ = np.random.default_rng(self.random_state).standard_normal((self.bits, d), np.float32)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, bits / 8 rounded up) bytes; the first bit is the highest of the first byte.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        return packed(self._project(validated(self, X, fit=False)))

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find for each of (n queries, d) vectors the `k` of (n, m) codes that differ in the fewest bits."""
        return nearest_codes(self.transform(Q), C, k, self.bits)

    def _project(self, X: FloatArray) -> NDArray[Any]:
        # Rounding depends on the shape of the product; in float64 it is too small to turn a sign.
        return X.astype(np.float64) @ self.directions_.T
