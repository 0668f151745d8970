"""Random projection."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.random_projection import GaussianRandomProjection

from inlay.core.contracts import Transform
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._checks import check_dim
from ._linear import back, project


class RandomProjection(Transform):
    r"""Project on random directions, which keeps distances up to a known error.

    .. math:: z = R x, \qquad R_{ij} \sim \mathcal{N}(0, 1 / k)

    with :math:`k` = `dim`. By the lemma of Johnson and Lindenstrauss the squared distances of n vectors are all kept
    within a factor :math:`1 \pm \epsilon` with high probability once
    :math:`k \ge 4 \ln n / (\epsilon^2 / 2 - \epsilon^3 / 3)`, whatever their number of dimensions.

    Use it where nothing may be learned from the vectors: streams, private data, the very first vector. On real
    vectors `PrincipalComponents` keeps more in as many dimensions. A wrapper of scikit-learn.

    Parameters
    ----------
    dim : dimensions of the output, from 1 to those of the input.
    random_state : seed of the directions.

    Attributes
    ----------
    components_ : (dim, d), the directions.

    References
    ----------
    Johnson, Lindenstrauss (1984). Extensions of Lipschitz mappings into a Hilbert space. Contemporary Mathematics 26.

    Dasgupta, Gupta (2003). An elementary proof of a theorem of Johnson and Lindenstrauss. Random Structures and
    Algorithms 22(1).

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(2, 4096))
    >>> Z = RandomProjection(dim=1024).fit_transform(X)
    >>> round(float(np.linalg.norm(Z[0] - Z[1]) / np.linalg.norm(X[0] - X[1])), 2)
    0.99
    """

    paper: ClassVar[str] = "johnson1984extensions"

    components_: NDArray[np.float32]

    def __init__(self, dim: int = 64, *, random_state: int = 0) -> None:
        self.dim = dim
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Draw the directions; of the vectors only their number of columns matters.

        Raises
        ------
        ParameterError
            If `dim` is not from 1 to the number of columns.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        X = validated(self, X, fit=True)
        check_dim(self.dim, X)
        drawn = GaussianRandomProjection(self.dim, random_state=self.random_state).fit(X)
        self.components_ = drawn.components_.astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) vectors."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) coordinates into the (n, d) vectors nearest to the origin that have them."""
        self._check_fitted()
        return back(C, self.components_)
