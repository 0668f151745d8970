"""RaBitQ: one bit a dimension, and a factor that makes inner products right on average."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.extras import load
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._codes import checked, floats, joined, packed, random_rotation, rotated, unpacked, with_floats


class RaBitQ(Transform):
    r"""Keep the signs of a vector in a randomly rotated space, and by how much to stretch them.

    The vector relative to the centre, :math:`x - c = \lVert x - c \rVert\, o`, is rotated by P; the nearest corner of
    the hypercube, :math:`\bar o = \mathrm{sign}(P o) / \sqrt d`, is its code. The inner product with any vector is
    estimated without bias by

    .. math:: \langle o, q \rangle \approx \frac{\langle \bar o, P q \rangle}{\langle \bar o, P o \rangle}, \qquad
        \left| \text{error} \right| = O\!\left(\frac{1}{\sqrt d}\right) \text{ with high probability}

    whatever the vectors are, because the rotation is random. A row of codes holds d bits and one float32,
    :math:`\lVert x - c \rVert / (\sqrt d\, \langle \bar o, P o \rangle)`.

    Use it where the codes alone have to answer, or where few rows are rescored: its scores are those of the vectors on
    average, at 4 bytes more than `BinaryQuantizer` and a product with a (d, d) matrix a vector. `TurboQuant` takes 2
    or 4 bits a dimension.

    The paper also rounds the rotated query to 4 bits, at random, to compare by counting bits; here it stays as it is,
    which the tables of `search_codes` make as fast, and d is not rounded up to a multiple of 64.

    Parameters
    ----------
    random_state : seed of the rotation.

    Attributes
    ----------
    center_ : (d,) float32, the mean.
    rotation_ : (d, d) float32, orthogonal.

    References
    ----------
    Gao, Long (2024). RaBitQ: Quantizing High-Dimensional Vectors with a Theoretical Error Bound for Approximate
    Nearest Neighbor Search. SIGMOD. arXiv:2405.12497.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 64)).astype(np.float32)
    >>> codec = RaBitQ().fit(X)
    >>> codes = codec.transform(X)
    >>> codes.shape
    (500, 12)
    >>> error = X @ codec.inverse_transform(codes).T - X @ X.T
    >>> np.abs(error).mean().round(2), error.mean().round(2)
    (np.float32(5.03), np.float32(-0.03))
    """

    paper: ClassVar[str] = "gao2024rabitq"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    center_: FloatArray
    rotation_: FloatArray

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Take the mean of (n, d) vectors for the centre, and draw the rotation.

        Raises
        ------
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        X = validated(self, X, fit=True)
        self.center_ = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.rotation_ = random_rotation(X.shape[1], self.random_state)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, d / 8 rounded up + 4) bytes.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        turned = rotated(validated(self, X, fit=False) - self.center_, self.rotation_)
        # |x - c| / (sqrt(d) <o', P o>), with |x - c|^2 = |turned|^2 and sqrt(d) <o', P o> |x - c| = the sum of |turned|
        square, whole = np.vecdot(turned, turned), np.abs(turned).sum(axis=1)
        factor = np.divide(square, whole, out=np.zeros_like(square), where=whole > 0)
        return with_floats(packed(turned > 0, 1), factor)

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
        codes, d = self._codes(C), len(self.center_)
        signs = unpacked(codes, 1, d).astype(np.float32) * 2 - 1
        return np.asarray((signs * floats(codes)[:, None]) @ self.rotation_ + self.center_, np.float32)

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
        Q = as_vectors(Q, "Q", dim=len(self.center_))
        codes = self._codes(C)
        search = load("inlay.transforms.quantize._tables", extra="quantize", purpose="Searching codes").search

        def tables(some: FloatArray) -> FloatArray:
            turned = rotated(some, self.rotation_)
            return joined(np.stack([-turned, turned], axis=2), 1)

        hits: Hits = search(tables, Q, codes, k, scale=floats(codes))
        return Hits(hits.ids, hits.scores + np.vecdot(Q, self.center_)[:, None])

    def _codes(self, C: ArrayLike) -> NDArray[np.uint8]:
        return checked(C, -(-len(self.center_) // 8) + 4)
