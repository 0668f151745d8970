"""Product quantisation: parts of a vector, each by the nearest of 256 centroids."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits

from ._codes import check_bits
from ._lloyd import kmeans
from ._product import check_parts, decode, encode, parts, search


class ProductQuantizer(Transform):
    r"""Cut a vector into parts and replace each part by the nearest of the centroids that k-means found for it.

    With the parts :math:`u_1(x), \ldots, u_m(x)` and a quantiser :math:`q_j` of each, learned by Lloyd's algorithm,

    .. math:: x \mapsto q_1(u_1(x)), \ldots, q_m(u_m(x)), \qquad
        \langle y, \hat x \rangle = \sum_{j=1}^m \langle u_j(y), q_j(u_j(x)) \rangle

    A code has one byte for each part, and `search_codes` adds up one number of a table for each byte.

    Use it for codes of 16 to 96 bytes where a few thousand vectors or more are there to learn from.
    `OptimizedProductQuantizer` turns the space first, so that the parts are of equal weight, and is the better one
    where directions are correlated; `ResidualQuantizer` keeps more at equal size and is slower to make codes.

    Faiss has the same codes; this k-means is several times as fast as its on small parts, and does not depend on
    the number of threads.

    Parameters
    ----------
    n_subvectors : the number of parts, from 1 to d. Where d is no multiple of it, zeros are put at the end.
    bits : 8 for 256 centroids a part, or 4 for 16, of which two share a byte.
    n_iter : steps of Lloyd's algorithm, at least 1.
    random_state : seed of the rows that the centroids start from.

    Attributes
    ----------
    centroids_ : (n_subvectors, 2**bits, d / n_subvectors rounded up) float32.

    References
    ----------
    Jégou, Douze, Schmid (2011). Product quantization for nearest neighbor search. IEEE Transactions on Pattern
    Analysis and Machine Intelligence 33(1).

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    >>> codec = ProductQuantizer(4, bits=4).fit(X)
    >>> codes = codec.transform(X)
    >>> codes.shape, round(float(((codec.inverse_transform(codes) - X) ** 2).mean()), 2)
    ((500, 2), 0.1)
    >>> codec.search_codes(X[:2], codes, k=1).ids.tolist() == (X[:2] @ codec.inverse_transform(codes).T).argmax(
    ...     axis=1, keepdims=True
    ... ).tolist()
    True
    """

    paper: ClassVar[str] = "jegou2011product"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    centroids_: FloatArray

    def __init__(self, n_subvectors: int = 48, *, bits: int = 8, n_iter: int = 25, random_state: int = 0) -> None:
        self.n_subvectors = n_subvectors
        self.bits = bits
        self.n_iter = n_iter
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(2, bits=4, n_iter=3)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the centroids from (n, d) vectors, of which at most 256 a centroid are looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits, (4, 8))
        X = validated(self, X, fit=True)
        check_parts(self.n_subvectors, self.n_iter, X.shape[1])
        rng = np.random.default_rng(self.random_state)
        self.centroids_ = kmeans(parts(X, self.n_subvectors), 2**self.bits, self.n_iter, rng)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, n_subvectors) bytes, or half as many with 4 bits.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        return encode(validated(self, X, fit=False), self.centroids_, self.bits)

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
        return decode(C, self.centroids_, self.bits)[:, : self.n_features_in_]

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
        return search(Q, C, self.centroids_, self.bits, k, dim=self.n_features_in_)
