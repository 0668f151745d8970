"""Linear discriminant analysis."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._checks import check_dim, check_rows, class_numbers
from ._linear import project


class LinearDiscriminant(Transform):
    r"""Find the directions in which classes lie apart and are narrow.

    Fisher's criterion for a direction :math:`w` is the scatter of the means of classes over that within them,

    .. math::
        \max_w \frac{w^\top S_b w}{w^\top S_w w}, \qquad
        S_w \leftarrow (1 - s) S_w + s \tfrac{\mathrm{tr} S_w}{d} I

    and the best directions are generalised eigenvectors. There are as many of them as classes less one. The
    shrinkage :math:`s` is what makes it work for vectors of hundreds of dimensions.

    Use it where classes are known and linear directions will do; `NeighborhoodComponents` also takes classes that
    are made of several clouds, and `PrincipalComponents` needs none. A wrapper of scikit-learn.

    Parameters
    ----------
    dim : directions kept, at most the number of classes less one; None takes all.
    shrinkage : s, from 0 to 1; None estimates it after Ledoit and Wolf.

    Attributes
    ----------
    mean_ : (d,), the mean of the vectors.
    components_ : (dim, d), the directions, the best first.

    References
    ----------
    Fisher (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7(2).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(100) % 2
    >>> X = rng.normal(size=(100, 5)) * [9, 1, 1, 1, 1]
    >>> X[:, 1] += 6 * y
    >>> Z = LinearDiscriminant().fit_transform(X, y)
    >>> Z.shape, bool(Z[y == 0].max() < Z[y == 1].min() or Z[y == 1].max() < Z[y == 0].min())
    ((100, 1), True)
    """

    paper: ClassVar[str] = "fisher1936use"

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(self, dim: int | None = None, *, shrinkage: float | None = None) -> None:
        self.dim = dim
        self.shrinkage = shrinkage

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(dim=1, shrinkage=0.5)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the directions for (n, d) vectors and their n classes.

        Raises
        ------
        ParameterError
            If `dim` or `shrinkage` is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d), `y` is not a class for each row, or the classes have no
            scatter at all.
        """
        X = validated(self, X, fit=True)
        check_rows(X, 2, "LinearDiscriminant")
        numbers, n_classes = class_numbers(y, X)
        if self.shrinkage is not None and not 0 <= self.shrinkage <= 1:
            raise ParameterError(f"shrinkage must be from 0 to 1 or None, got {self.shrinkage}.")
        most = min(n_classes - 1, X.shape[1])
        dim = most if self.dim is None else self.dim
        check_dim(dim, X)
        if dim > most:
            raise ParameterError(
                f"dim must be at most the number of classes less one, got {dim} for {n_classes} classes."
            )
        shrinkage = "auto" if self.shrinkage is None else self.shrinkage
        try:
            found = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage).fit(X.astype(np.float64), numbers)
        except LinAlgError as error:
            raise ShapeError(
                "The scatter within classes has no inverse: columns repeat each other, or no class has two different "
                f"rows. Give a larger shrinkage, {self.shrinkage} was given, or more rows (n_samples={len(X)})."
            ) from error
        self.mean_ = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.components_ = found.scalings_[:, :dim].T.astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) coordinates along the directions."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_, self.mean_)
