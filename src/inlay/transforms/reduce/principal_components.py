"""Principal component analysis."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA

from inlay.core.contracts import Transform
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors

from ._checks import check_dim
from ._linear import project


class PrincipalComponents(Transform):
    r"""Keep the directions in which the vectors vary most.

    With :math:`V` the eigenvectors of the `dim` largest eigenvalues of the covariance matrix and :math:`\mu` the mean,

    .. math:: z = V (x - \mu), \qquad \hat x = V^\top z + \mu

    No linear map of `dim` numbers has a smaller squared error of reconstruction. It is the first to try and what
    others have to beat: `TLDR` and `MPAD` learn neighbourhoods instead, `RandomProjection` learns nothing, and
    `LinearDiscriminant` sees classes. A wrapper of scikit-learn's exact solvers.

    Parameters
    ----------
    dim : dimensions kept, from 1 to the smaller of rows and columns.
    whiten : divide each of them by its standard deviation, so that all weigh the same in a distance.

    Attributes
    ----------
    mean_ : (d,), the mean of the vectors.
    components_ : (dim, d), the directions, that of largest variance first.
    scale_ : (dim,), what each direction is divided by; ones unless `whiten`.
    explained_ : (dim,), the share of the variance in each direction.

    References
    ----------
    Pearson (1901). On lines and planes of closest fit to systems of points in space. Philosophical Magazine 2(11).

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3)) * [5, 1, 0.1]
    >>> pca = PrincipalComponents(dim=1).fit(X)
    >>> pca.transform(X).shape, round(float(pca.explained_[0]), 2)
    ((200, 1), 0.96)
    """

    paper: ClassVar[str] = "pearson1901lines"

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]
    scale_: NDArray[np.float32]
    explained_: NDArray[np.float32]

    def __init__(self, dim: int = 64, *, whiten: bool = False) -> None:
        self.dim = dim
        self.whiten = whiten

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2)
        yield cls(dim=1, whiten=True)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the directions of (n, d) vectors.

        Raises
        ------
        ParameterError
            If `dim` is not from 1 to the smaller of rows and columns.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        X = validated(self, X, fit=True)
        check_dim(self.dim, X, rows=True)
        # The covariance is the faster way wherever there are more rows than columns.
        solver = "covariance_eigh" if len(X) >= X.shape[1] else "full"
        found = PCA(self.dim, svd_solver=solver).fit(X.astype(np.float64))
        self.mean_ = found.mean_.astype(np.float32)
        self.components_ = found.components_.astype(np.float32)
        deviation = np.sqrt(found.explained_variance_)
        deviation[deviation <= deviation[0] * 1e-6] = 1.0  # a direction without variance is noise, not to be blown up
        self.scale_ = (deviation if self.whiten else np.ones(self.dim)).astype(np.float32)
        self.explained_ = np.nan_to_num(found.explained_variance_ratio_).astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) coordinates along the directions."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_, self.mean_) / self.scale_

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) coordinates into the (n, d) vectors nearest to the originals."""
        self._check_fitted()
        coordinates = as_vectors(C, "C", dim=len(self.components_)) * self.scale_
        return project(coordinates, self.components_.T) + self.mean_
