"""Locality preserving projections."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._checks import check_dim, check_rows
from ._linear import back, project
from ._neighbours import neighbours


class LocalityPreserving(Transform):
    r"""Find the linear map that keeps neighbours together: Laplacian eigenmaps that new vectors can follow.

    Rows are joined to their `k` nearest with weights :math:`W_{ij}`, one or :math:`e^{-\|x_i - x_j\|^2 / t}`. With
    :math:`D` the sums of :math:`W` and :math:`L = D - W`, the directions are the eigenvectors of the smallest values of

    .. math:: X^\top L X \, a = \lambda \, X^\top D X \, a

    (rows of :math:`X` are vectors), which minimise :math:`\sum_{ij} (a^\top x_i - a^\top x_j)^2 W_{ij}` at fixed
    spread. The vectors are first brought to the principal components that have variance, as in the paper, so that the
    right side has an inverse; their mean is taken off, which leaves out the direction in which all are equal.

    Use it where clusters matter more than distances: it is solved at once, without a seed. `TLDR` learns from the same
    pairs with a loss; `PrincipalComponents` keeps distances.

    Parameters
    ----------
    dim : dimensions of the output, from 1 to those of the input.
    k : neighbours of each row, less than the number of rows.
    width : t of the heat kernel, a squared distance; None weighs all neighbours by one.
    kept : share of the variance that the principal components before it keep, above 0 and to 1.

    Attributes
    ----------
    mean_ : (d,), the mean of the vectors.
    components_ : (dim, d), the directions, the smoothest first.

    References
    ----------
    He, Niyogi (2003). Locality Preserving Projections. NeurIPS.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cloud = np.arange(100) % 2
    >>> X = rng.normal(size=(100, 3)) * [1, 0.1, 1]
    >>> X[:, 1] += 5 * cloud
    >>> a = LocalityPreserving(dim=1, k=5).fit(X).components_[0]
    >>> round(float(abs(a[1]) / np.linalg.norm(a)), 2)
    1.0
    """

    paper: ClassVar[str] = "he2003locality"

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(self, dim: int = 64, *, k: int = 5, width: float | None = None, kept: float = 1.0) -> None:
        self.dim = dim
        self.k = k
        self.width = width
        self.kept = kept

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2, k=3)
        yield cls(dim=1, k=2, width=0.5, kept=0.98)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Join (n, d) vectors to their neighbours and solve for the directions.

        Raises
        ------
        ParameterError
            If `dim`, `k`, `width` or `kept` is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or varies in fewer directions than `dim`.
        """
        X = validated(self, X, fit=True)
        check_rows(X, 2, "LocalityPreserving")
        check_dim(self.dim, X)
        if not 1 <= self.k < len(X):
            raise ParameterError(
                f"k must be from 1 to the number of rows less one, got {self.k} for n_samples={len(X)}."
            )
        if self.width is not None and not self.width > 0:
            raise ParameterError(f"width must be above 0 or None, got {self.width}.")
        if not 0 < self.kept <= 1:
            raise ParameterError(f"kept must be above 0 and at most 1, got {self.kept}.")
        mean = X.mean(axis=0, dtype=np.float64)
        basis = self._basis(X - mean)
        P = (X - mean) @ basis
        W = self._weights(X)
        degree = np.asarray(W.sum(axis=1)).ravel()
        P = P - degree @ P / degree.sum()  # the constant solves the equation, too, and says nothing
        spread = P.T @ (degree[:, None] * P)
        _, found = linalg.eigh(spread - P.T @ (W @ P), spread, subset_by_index=[0, self.dim - 1])
        components = np.sqrt(degree.sum()) * (basis @ found).T  # the coordinates get a variance of about one
        # An eigenvector has no sign of its own: its largest entry shall be positive.
        largest = components[np.arange(self.dim), np.abs(components).argmax(axis=1)]
        self.mean_ = mean.astype(np.float32)
        self.components_ = (components * np.where(largest < 0, -1, 1)[:, None]).astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) coordinates along the directions."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_, self.mean_)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) coordinates into the (n, d) vectors nearest to the mean that have them."""
        self._check_fitted()
        return back(C, self.components_, self.mean_)

    def _basis(self, centred: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the principal components that have variance, scaled to unit variance, as columns."""
        variance, V = linalg.eigh(centred.T @ centred / len(centred))
        variance, V = variance[::-1], V[:, ::-1]
        rank = int((variance > 1e-7 * max(variance[0], 0)).sum())
        if rank < self.dim:
            raise ShapeError(
                f"X must vary in at least dim={self.dim} directions, it varies in {rank} (n_samples={len(centred)})."
            )
        before = np.cumsum(variance[:rank]) - variance[:rank]
        rank = max(self.dim, int((before < self.kept * variance[:rank].sum()).sum()))
        scaled: NDArray[np.float64] = V[:, :rank] / np.sqrt(variance[:rank])
        return scaled

    def _weights(self, X: FloatArray) -> sparse.csr_array:
        """Return the symmetric weights: two rows are joined where one is among the neighbours of the other."""
        ids = neighbours(X, self.k).ravel()
        rows = np.repeat(np.arange(len(X)), self.k)
        far = ((X[rows].astype(np.float64) - X[ids]) ** 2).sum(axis=1)
        near = np.ones(len(far)) if self.width is None else np.exp(-far / self.width)
        W = sparse.csr_array((np.maximum(near, 1e-12), (rows, ids)), shape=(len(X), len(X)))
        return W.maximum(W.T).tocsr()
