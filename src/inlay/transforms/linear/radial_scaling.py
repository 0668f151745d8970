"""Radial scaling: other lengths for the vectors, and the same directions."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import normalize

_QUANTILES = 1001


class RadialScaling(Transform):
    r"""Give each vector another length, by a rising function of the one it has, and keep its direction.

    .. math:: x' = g(r)\, x / r, \qquad r = \lVert x \rVert

    ``kind="gaussian"`` is radial Gaussianization, :math:`g = F_{\chi_d}^{-1} \circ F_r`: a length takes the place that
    it has among the lengths of `fit` in the distribution of lengths of a normal distribution of d dimensions.
    Vectors that lie evenly in all directions, but not with the lengths of normal ones, become normal and
    their dimensions independent, which no linear map can do. ``kind="power"`` is :math:`g(r) = r^p / \overline{r^p}`,
    whose mean is one: p = 0 makes inner products cosines, p = 1 leaves them as they are, and what is between weighs
    lengths down, where they tell of frequency or popularity more than they should.

    Use "gaussian" before what presumes normal dimensions, such as a scalar quantizer, and "power" where inner
    products rank by length too much. `SphericalNormalization` makes all lengths one, and moves the centre.

    The mean and the covariance are left to `Whitening`, which the paper has as the first step.

    Parameters
    ----------
    kind : ``"gaussian"`` or ``"power"``. The second is no paper's: the plain way from one end to the other.
    power : p, at least 0, for ``"power"`` alone.

    Attributes
    ----------
    radii_ : (m,), lengths at evenly spaced ranks, up to 1001 of them, rising; for ``"power"`` none.
    lengths_ : (m,), what each becomes; beyond them, and between, g is linear.
    scale_ : what :math:`r^p` is multiplied by; one for ``"gaussian"``.

    References
    ----------
    Lyu, Simoncelli (2009). Nonlinear Extraction of Independent Components of Natural Images Using Radial
    Gaussianization. Neural Computation 21(6).

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_t(2, size=(2000, 1)) * np.random.default_rng(1).normal(size=(2000, 2))
    >>> Z = RadialScaling().fit_transform(X)
    >>> [round(float((A**4).mean() / (A**2).mean() ** 2)) for A in (X, Z)]  # three in a normal distribution
    [267, 3]
    """

    paper: ClassVar[str] = "lyu2009nonlinear"

    radii_: NDArray[np.float64]
    lengths_: NDArray[np.float64]
    scale_: float

    def __init__(self, kind: str = "gaussian", *, power: float = 0.5) -> None:
        self.kind = kind
        self.power = power

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("power")

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the lengths of (n, d) vectors; vectors of zero do not count.

        Raises
        ------
        ParameterError
            If `kind` is none of those allowed, or `power` is less than 0.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        if self.kind not in ("gaussian", "power"):
            raise ParameterError(f"kind must be 'gaussian' or 'power', got {self.kind!r}.")
        if not self.power >= 0:
            raise ParameterError(f"power must be at least 0, got {self.power!r}.")
        X = validated(self, X, fit=True)
        r = _lengths(X)
        r = r[r > 0]
        self.radii_, self.lengths_, self.scale_ = np.zeros(0), np.zeros(0), 1.0
        if len(r) and self.kind == "power":
            self.scale_ = float(1 / (r**self.power).mean())
        elif len(r):
            ranks = (np.arange(m := min(len(r), _QUANTILES)) + 0.5) / m
            self.radii_, place = np.unique(np.quantile(r, ranks, method="hazen"), return_inverse=True)
            # Equal lengths stay equal, at the mean of the places that they take up.
            self.lengths_ = np.bincount(place, chi.ppf(ranks, X.shape[1])) / np.bincount(place)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, d) vectors of other lengths; a vector of zero stays."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        r = _lengths(X)
        if self.kind == "power":
            g = self.scale_ * r**self.power
        elif len(self.radii_):
            low, high = self.radii_[[0, -1]]
            g = np.interp(r, self.radii_, self.lengths_)
            g = np.where(r < low, r * (self.lengths_[0] / low), np.where(r > high, r * (self.lengths_[-1] / high), g))
        else:
            g = r
        return np.asarray(normalize(X) * g[:, None], np.float32)


def _lengths(X: FloatArray) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64)))
