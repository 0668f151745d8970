"""MPAD: directions in which even the small differences are large."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._checks import check_dim, check_rows
from ._gaps import smallest_gaps
from ._linear import back, project


class MPAD(Transform):
    r"""Find directions that hold rows apart, judged by the pairs that come to lie nearest to each other.

    Directions :math:`w_1, w_2, \dots` of length one are found one after another. With :math:`D_b(w)` the smallest
    `share` of all :math:`|\langle x_i - x_j, w \rangle|`, each maximises the mean of these differences less what it
    repeats of the directions before it,

    .. math::
        \max_{\|w_k\| = 1} \; \frac{1}{|D_b(w_k)|} \sum_{\delta \in D_b(w_k)} \delta
        \; - \; \alpha \sum_{i < k} \langle w_i, w_k \rangle^2

    (Maximum Pairwise Absolute Difference), so that a k-th neighbour and the first row that is none stay apart in each
    coordinate. A single far pair, which draws a principal component towards it, counts for nothing here. On vectors
    that are nearly Gaussian the outcome is close to `PrincipalComponents`, and takes a hundred times longer; use it
    where vectors have heavy tails or outliers.

    The mean and its gradient are exact, and cost a sort of the rows and not a list of their pairs. Rows are centred
    and brought to a mean squared entry of one first, so that alpha means the same whatever their scale; the authors
    scale every column for itself.

    Parameters
    ----------
    dim : directions, from 1 to the number of columns.
    share : b, the share of the pairs that count, above 0 and to 1; the paper tries 0.6 to 1.
    alpha : weight of the penalty, at least 0; the paper tries 1 to 10000. From about 10 on directions are all but
        orthogonal; below 1 they repeat each other.
    n_rows : rows to learn from at most, drawn at random where there are more.
    n_steps : steps of L-BFGS for each direction at most.
    random_state : seed of the draw and of where each direction starts.

    Attributes
    ----------
    mean_ : (d,), the mean of the vectors.
    components_ : (dim, d), the directions, of length one.

    References
    ----------
    Fu, Zhao (2025). MPAD: A New Dimension-Reduction Method for Preserving Nearest Neighbors in High-Dimensional Vector
    Search. arXiv:2504.16335

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3)) * [1, 0.3, 0.3]
    >>> X[0, 1] = 60  # an outlier, which would be the first principal component
    >>> w = MPAD(dim=1).fit(X).components_[0]
    >>> int(abs(w).argmax())
    0
    """

    paper: ClassVar[str] = "fu2025mpad"

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(
        self,
        dim: int = 64,
        *,
        share: float = 0.8,
        alpha: float = 50.0,
        n_rows: int = 2000,
        n_steps: int = 100,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.share = share
        self.alpha = alpha
        self.n_rows = n_rows
        self.n_steps = n_steps
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2, n_rows=40, n_steps=4)
        yield cls(dim=1, share=1.0, n_steps=3)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the directions of (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or has fewer than two rows.
        """
        X = validated(self, X, fit=True)
        check_rows(X, 2, "MPAD")
        check_dim(self.dim, X)
        if not 0 < self.share <= 1:
            raise ParameterError(f"share must be above 0 and at most 1, got {self.share}.")
        if not self.alpha >= 0:
            raise ParameterError(f"alpha must be at least 0, got {self.alpha}.")
        if self.n_rows < 2 or self.n_steps < 1:
            raise ParameterError(
                f"n_rows must be at least 2 and n_steps at least 1, got {self.n_rows} and {self.n_steps}."
            )
        rng = np.random.default_rng(self.random_state)
        mean = X.mean(axis=0, dtype=np.float64)
        centred = X - mean
        if len(X) > self.n_rows:
            centred = centred[np.sort(rng.choice(len(X), self.n_rows, replace=False))]
        size = np.sqrt(np.mean(centred**2))
        scaled = centred / size if size > 0 else centred
        found = np.empty((self.dim, X.shape[1]))
        for number in range(self.dim):
            found[number] = self._direction(scaled, found[:number], rng)
        self.mean_ = mean.astype(np.float32)
        self.components_ = found.astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) coordinates along the directions."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_, self.mean_)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) coordinates into the (n, d) vectors nearest to the mean that have them."""
        self._check_fitted()
        return back(C, self.components_, self.mean_)

    def _direction(
        self, X: NDArray[np.float64], before: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Maximise the objective over one direction, given those before it."""

        def objective(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            length = np.linalg.norm(w)
            v = w / length
            value, slope = smallest_gaps(X @ v, self.share)
            overlap = before @ v
            slope = 2 * self.alpha * (before.T @ overlap) - X.T @ slope
            # Only the direction counts, so that the gradient has no part along it.
            return self.alpha * float(overlap @ overlap) - value, (slope - v * (slope @ v)) / length

        start = rng.normal(size=X.shape[1])
        options = {"maxiter": self.n_steps}
        best = minimize(objective, start / np.linalg.norm(start), jac=True, method="L-BFGS-B", options=options).x
        w: NDArray[np.float64] = best / np.linalg.norm(best)
        return w
