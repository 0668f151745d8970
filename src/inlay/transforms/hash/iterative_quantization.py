"""Iterative quantization: principal directions, turned so that their signs lose little."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits

from ._hamming import check_bits, nearest_codes, packed, signs


class IterativeQuantization(Transform):
    r"""Keep the signs of the first principal components after the rotation that brings them nearest to signs.

    With the centred vectors' components :math:`V = XW`, it alternates between the codes and the rotation in

    .. math:: Q(B, R) = \lVert B - VR \rVert_F^2, \quad B \in \{-1, 1\}^{n \times c}, \; R^\top R = I :

    :math:`B = \mathrm{sgn}(VR)`, and :math:`R = \hat S S^\top` from the decomposition
    :math:`B^\top V = S \Omega \hat S^\top`, which is Procrustes' problem.

    Use it for short codes of vectors that you have before you: it needs some thousand of them and a second, and finds
    more neighbours than `RandomHyperplanes`. `SemanticHashing` is slower to learn and follows neighbourhoods rather
    than variance.

    Codes can be turned back: each bit stands for the mean length of its coordinate, which the paper does without.

    Parameters
    ----------
    bits : at least 1, at most the dimension; eight of them take a byte.
    n_iterations : alternations; 50 in the paper.
    random_state : seed of the first rotation.

    Attributes
    ----------
    mean_ : (d,).
    directions_ : (d, bits), the principal directions after the rotation.
    scale_ : (bits,), the mean length of each coordinate.

    References
    ----------
    Gong, Lazebnik (2011). Iterative quantization: A Procrustean approach to learning binary codes. CVPR.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 8)) * np.arange(8, 0, -1)
    >>> hash = IterativeQuantization(bits=4).fit(X)
    >>> codes = hash.transform(X)
    >>> codes.shape
    (500, 1)
    >>> X -= X.mean(axis=0)
    >>> bool(np.linalg.norm(hash.inverse_transform(codes) - X) < 0.7 * np.linalg.norm(X))
    True
    """

    paper: ClassVar[str] = "gong2011iterative"

    mean_: FloatArray
    directions_: FloatArray
    scale_: FloatArray

    def __init__(self, bits: int = 64, n_iterations: int = 50, random_state: int = 0) -> None:
        self.bits = bits
        self.n_iterations = n_iterations
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(bits=2, n_iterations=5)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the directions from (n, d) vectors.

        Raises
        ------
        ParameterError
            If `bits` is not from 1 to d, or `n_iterations` is below 0.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits)
        if self.n_iterations < 0:
            raise ParameterError(f"n_iterations must be at least 0, got {self.n_iterations}.")
        vectors = validated(self, X, fit=True).astype(np.float64)
        if self.bits > vectors.shape[1]:
            raise ParameterError(
                f"bits must be at most the dimension, got bits={self.bits} for n_features={vectors.shape[1]}; "
                "RandomHyperplanes makes codes of any length."
            )
        mean = vectors.mean(axis=0)
        vectors -= mean
        W = np.linalg.eigh(vectors.T @ vectors)[1][:, : -self.bits - 1 : -1]
        W *= np.sign(W[np.abs(W).argmax(axis=0), np.arange(self.bits)])  # LAPACK leaves the sign open
        V = vectors @ W
        R = np.linalg.qr(np.random.default_rng(self.random_state).standard_normal((self.bits, self.bits)))[0]
        for _ in range(self.n_iterations):
            S, _, S_hat = np.linalg.svd(np.where(V @ R > 0, 1.0, -1.0).T @ V)
            R = (S @ S_hat).T
        self.mean_ = mean.astype(np.float32)
        self.directions_ = (W @ R).astype(np.float32)
        self.scale_ = np.abs(V @ R).mean(axis=0).astype(np.float32)
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
        return (X.astype(np.float64) - self.mean_) @ self.directions_

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, bits / 8 rounded up) bytes into (n, d) vectors.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If the codes have another width.
        """
        self._check_fitted()
        return np.asarray((signs(C, self.bits) * self.scale_) @ self.directions_.T + self.mean_, np.float32)
