"""Whitening: every direction of the space gets the same variance."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._components import principal


class Whitening(Transform):
    r"""Centre the vectors, and scale their directions so that the covariance is the identity.

    With the mean :math:`\mu` and the covariance :math:`\Sigma = U \Lambda U^\top` of the vectors,

    .. math:: \tilde x = (x - \mu)\, U \Lambda^{-1/2} \quad\text{or}\quad \tilde x = (x - \mu)\, U \Lambda^{-1/2} U^\top

    for ``kind="pca"``, whose dimensions are ordered by variance, so that the first `dim` can be kept (Su et al. 2021),
    and for ``kind="zca"``, which turns back and stays as near to the centred vectors as any whitening does. Cosines
    are the same in both.

    Use it on the token averages of a model that was not trained to compare texts, whose vectors crowd in a cone: it
    is the strongest repair there. It takes many vectors, several times the dimensions. `CommonComponentRemoval` takes
    out some directions and leaves the others their weight, and needs far fewer vectors. On a model that was trained to
    compare, whose directions have the weight that they should, whitening does harm as often as good.

    Parameters
    ----------
    kind : ``"pca"`` or ``"zca"``.
    dim : dimensions kept by ``"pca"``, from 1 to d; None keeps all.
    epsilon : at least 0; this share of the mean variance is added to each, so that directions that hardly vary are
        not blown up. The papers add nothing. Directions that do not vary at all, as where there are fewer vectors than
        dimensions, become zero.

    Attributes
    ----------
    mean_ : (d,), the mean.
    components_ : (d, dim), what centred vectors are multiplied by.

    References
    ----------
    Huang, Tang, Zhong, Lu, Shou, Gong, Jiang, Duan (2021). WhiteningBERT: An Easy Unsupervised Sentence Embedding
    Approach. Findings of EMNLP. arXiv:2104.01767.
    Su, Cao, Liu, Ou (2021). Whitening Sentence Representations for Better Semantics and Faster Retrieval.
    arXiv:2103.15316.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 3)) @ [[5, 1, 0], [0, 1, 1], [0, 0, 0.1]] + 7
    >>> Z = Whitening().fit_transform(X)
    >>> bool(np.allclose(np.cov(Z.T, bias=True), np.eye(3), atol=1e-4))
    True
    """

    paper: ClassVar[str] = "huang2021whiteningbert"

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(self, kind: str = "pca", *, dim: int | None = None, epsilon: float = 0.0) -> None:
        self.kind = kind
        self.dim = dim
        self.epsilon = epsilon

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("pca", dim=1)
        yield cls("zca", epsilon=0.1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn mean and covariance of (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        if self.kind not in ("pca", "zca"):
            raise ParameterError(f"kind must be 'pca' or 'zca', got {self.kind!r}.")
        if not self.epsilon >= 0:
            raise ParameterError(f"epsilon must be at least 0, got {self.epsilon!r}.")
        X = validated(self, X, fit=True)
        d = X.shape[1]
        if self.dim is not None and (self.kind == "zca" or not 1 <= self.dim <= d):
            raise ParameterError(f"dim must be from 1 to {d} with kind='pca' and None with 'zca', got {self.dim!r}.")
        mean = X.mean(axis=0, dtype=np.float64)
        directions, variances = principal(X - mean, d)
        scale = np.sqrt(variances + self.epsilon * variances.mean())
        W = directions.T / np.where(scale > 0, scale, 1)
        self.mean_ = mean.astype(np.float32)
        self.components_ = np.asarray(W @ directions if self.kind == "zca" else W[:, : self.dim], np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) vectors whose covariance, on those of `fit`, is the identity."""
        self._check_fitted()
        return np.asarray((validated(self, X, fit=False) - self.mean_) @ self.components_, np.float32)
