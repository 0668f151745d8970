"""Neighbourhood components analysis."""

import warnings
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import NeighborhoodComponentsAnalysis

from inlay.core.contracts import Transform
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._checks import check_dim, check_rows, class_numbers
from ._linear import project


class NeighborhoodComponents(Transform):
    r"""Learn the linear map under which nearest neighbours are of the same class.

    Each row :math:`i` picks another as its neighbour with a probability that falls with the distance under the map
    :math:`A`, and the expected number of rows with a neighbour of their own class is maximised,

    .. math::
        p_{ij} = \frac{e^{-\|A x_i - A x_j\|^2}}{\sum_{k \ne i} e^{-\|A x_i - A x_k\|^2}}, \qquad
        \max_A \sum_i \sum_{j: y_j = y_i} p_{ij}

    Use it before a classifier of nearest neighbours, above all where a class is made of several clouds;
    `LinearDiscriminant` is solved at once and takes any number of rows. A step costs the square of the rows, which is
    why no more than `n_rows` are learned from. A wrapper of scikit-learn; the map starts from principal components.

    Parameters
    ----------
    dim : dimensions of the output, from 1 to those of the input and to the number of rows.
    n_rows : rows to learn from at most, drawn at random where there are more.
    n_steps : steps of L-BFGS at most.
    random_state : seed of the draw.

    Attributes
    ----------
    components_ : (dim, d), the map A.

    References
    ----------
    Goldberger, Roweis, Hinton, Salakhutdinov (2004). Neighbourhood Components Analysis. NeurIPS.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(60) % 2
    >>> X = rng.normal(size=(60, 3)) * [3, 0.3, 1]
    >>> X[:, 1] += 2 * y
    >>> A = NeighborhoodComponents(dim=1).fit(X, y).components_[0]
    >>> int(abs(A).argmax())
    1
    """

    paper: ClassVar[str] = "goldberger2004neighbourhood"

    components_: NDArray[np.float32]

    def __init__(self, dim: int = 64, *, n_rows: int = 2000, n_steps: int = 50, random_state: int = 0) -> None:
        self.dim = dim
        self.n_rows = n_rows
        self.n_steps = n_steps
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2, n_rows=50, n_steps=3)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the map from (n, d) vectors and their n classes.

        Raises
        ------
        ParameterError
            If `dim` is out of its range, or `n_rows` is less than 2, or `n_steps` less than 1.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or `y` is not a class for each row.
        """
        X = validated(self, X, fit=True)
        check_rows(X, 2, "NeighborhoodComponents")
        check_dim(self.dim, X, rows=True)
        numbers, _ = class_numbers(y, X)
        check_numbers(self, at_least={"n_rows": 2, "n_steps": 1})
        if len(X) > self.n_rows:
            rows = np.sort(np.random.default_rng(self.random_state).choice(len(X), self.n_rows, replace=False))
            X, numbers = X[rows], numbers[rows]
        start = "pca" if self.dim <= min(X.shape) else "identity"
        learner = NeighborhoodComponentsAnalysis(
            self.dim, init=start, max_iter=self.n_steps, random_state=self.random_state
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of steps is a bound, not an expectation
            self.components_ = learner.fit(X.astype(np.float64), numbers).components_.astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) vectors."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_)
