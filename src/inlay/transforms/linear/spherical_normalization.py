"""Iterative normalization: vectors of length one around a mean of zero."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import normalize


class SphericalNormalization(Transform):
    r"""Scale to length one and subtract the mean, in turns, until the vectors lie evenly around the sphere.

    For each vector :math:`x_i` of n, k = 1, 2, ...

    .. math::
        y_i^{(k)} = x_i^{(k-1)} / \lVert x_i^{(k-1)} \rVert, \qquad
        x_i^{(k)} = y_i^{(k)} - \frac{1}{n} \sum_{j=1}^{n} y_j^{(k)}

    and a last scaling to length one. Either step undoes the other, and together they come to vectors of length one
    with a mean of zero: what an orthogonal map between two spaces presumes of both of them. Use it on each side before
    an orthogonal alignment; as a repair of a single space it does what centring does, and `CommonComponentRemoval` and
    `Whitening` do more.

    The means of all rounds are kept, so that vectors that come later are treated alike.

    Parameters
    ----------
    n_iterations : rounds, at least 1; the paper has 5.

    Attributes
    ----------
    means_ : (n_iterations, d), what is subtracted in each round.

    References
    ----------
    Zhang, Xu, Kawarabayashi, Jegelka, Boyd-Graber (2019). Are Girls Neko or Shōjo? Cross-Lingual Alignment of
    Non-Isomorphic Embeddings with Iterative Normalization. ACL. arXiv:1906.01622.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 3)) + [2, 0, 0]
    >>> Z = SphericalNormalization().fit_transform(X)
    >>> [round(float(np.linalg.norm(v)), 2) for v in (Z[0], Z[1], Z.mean(axis=0))]
    [1.0, 1.0, 0.0]
    """

    paper: ClassVar[str] = "zhang2019girls"

    means_: NDArray[np.float32]

    def __init__(self, n_iterations: int = 5) -> None:
        self.n_iterations = n_iterations

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the means of (n, d) vectors, round by round.

        Raises
        ------
        ParameterError
            If `n_iterations` is less than 1.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        if self.n_iterations < 1:
            raise ParameterError(f"n_iterations must be at least 1, got {self.n_iterations!r}.")
        X, means = validated(self, X, fit=True), []
        for _ in range(self.n_iterations):
            X = normalize(X)
            means.append(X.mean(axis=0, dtype=np.float64).astype(np.float32))
            X = X - means[-1]
        self.means_ = np.stack(means)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, d) vectors of length one; what falls on a mean becomes zero."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        for mean in self.means_:
            X = normalize(X) - mean
        return normalize(X)
