"""K-means by cosine."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.errors import ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize

from ._centers import Centers, means

_STEP = 1 << 14  # rows compared with all centres at once


class SphericalKMeans(Centers):
    r"""Cluster by direction: k-means that sees cosines instead of distances.

    Rows and centres have length one, and clusters :math:`\pi_j` with *concept vectors* :math:`c_j` are sought that
    make

    .. math:: Q = \sum_{j=1}^{k} \sum_{x \in \pi_j} x^\top c_j, \qquad c_j = \frac{\sum_{x \in \pi_j} x}{\| \sum_{x \in
        \pi_j} x \|}

    large: each row goes to the centre of the largest cosine, each centre to the mean direction of its rows, until no
    row moves. `transform` gives the cosines to the centres; the largest of a row is its cluster.

    Use it for vectors whose lengths mean nothing, such as those of texts. ``sklearn.cluster.MiniBatchKMeans`` is for
    vectors whose lengths count, or for more rows than memory holds; `DensityClusters` finds the number of clusters
    itself and leaves outliers out.

    Centres start as in k-means++ (Arthur and Vassilvitskii 2007), with the squared distance :math:`2 - 2 \cos`; the
    paper starts from a perturbed mean of all rows. A cluster that loses all rows takes the one that fits worst where
    it is.

    Parameters
    ----------
    n_clusters : k, from 1 to the number of rows.
    n_init : starts, of which the one with the largest Q is kept; at least 1.
    max_iter : most rounds of a start; at least 1.
    random_state : seed of the starts.

    Attributes
    ----------
    centers_ : (n_clusters, d) float32 of length one.
    labels_ : (n,) int64, the cluster of each row of the fit.
    objective_ : Q over the number of rows, the mean cosine of rows to their centres.
    n_iter_ : rounds of the start that was kept.

    References
    ----------
    Dhillon, Modha (2001). Concept Decompositions for Large Sparse Text Data Using Clustering. Machine Learning 42.

    Examples
    --------
    >>> found = SphericalKMeans(2).fit([[1, 0], [5, 1], [0, 1], [1, 9]])
    >>> (found.labels_ == found.labels_[[0, 0, 2, 2]]).all(), round(found.objective_, 3)
    (np.True_, 0.997)
    >>> sorted(found.label(["a cat", "two cats", "a stock", "stock fell"], n_words=1))
    [['cat'], ['stock']]
    """

    paper: ClassVar[str] = "dhillon2001concept"

    objective_: float
    n_iter_: int

    def __init__(self, n_clusters: int = 8, n_init: int = 1, max_iter: int = 100, random_state: int = 0) -> None:
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.max_iter = max_iter
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(2)
        yield cls(3, n_init=2, max_iter=5, random_state=1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the clusters of (n, d) vectors; `y` is not looked at.

        Raises
        ------
        ParameterError
            If a parameter is less than 1.
        ShapeError
            If there are fewer rows than clusters, or `X` is not finite numbers of shape (n, d).
        """
        check_numbers(self, at_least={"n_clusters": 1, "n_init": 1, "max_iter": 1})
        X = normalize(validated(self, X, fit=True))
        if len(X) < self.n_clusters:
            raise ShapeError(f"n_samples={len(X)} must be at least n_clusters={self.n_clusters}.")
        rng = np.random.default_rng(self.random_state)
        self.objective_ = -np.inf
        for _ in range(self.n_init):
            centers, labels, n_iter, objective = _climb(X, _start(X, self.n_clusters, rng), self.max_iter)
            if objective > self.objective_:
                self.centers_, self.labels_ = centers, labels
                self.n_iter_, self.objective_ = n_iter, objective
        return self


def _start(X: FloatArray, k: int, rng: np.random.Generator) -> FloatArray:
    """Choose rows far from each other: of a few drawn by their distance, that which brings all rows nearest."""
    chosen = [int(rng.integers(len(X)))]
    far = np.maximum(1 - X @ X[chosen[0]], 0).astype(np.float64)
    for _ in range(k - 1):
        total = np.cumsum(far)
        drawn = np.searchsorted(total, rng.random(2 + int(np.log(k))) * total[-1])
        drawn = np.minimum(drawn, len(X) - 1)
        then = np.minimum(far[:, None], np.maximum(1 - X @ X[drawn].T, 0))
        best = int(then.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        far = then[:, best]
    return X[chosen]


def _climb(X: FloatArray, centers: FloatArray, max_iter: int) -> tuple[FloatArray, IdArray, int, float]:
    """Move rows and centres in turn until no row moves."""
    labels, fit = _assign(X, centers)
    n_iter, before = 0, np.empty(0, np.int64)
    while n_iter < max_iter and not np.array_equal(labels, before):
        n_iter += 1
        _fill(labels, fit, len(centers))
        centers = normalize(means(X, labels, len(centers)))
        before = labels
        labels, fit = _assign(X, centers)
    return centers, labels, n_iter, float(fit.mean(dtype=np.float64))


def _assign(X: FloatArray, centers: FloatArray) -> tuple[IdArray, FloatArray]:
    """Return the nearest centre of each row, and the cosine to it."""
    labels, fit = np.empty(len(X), np.int64), np.empty(len(X), np.float32)
    for start in range(0, len(X), _STEP):
        S = X[start : start + _STEP] @ centers.T
        labels[start : start + _STEP] = S.argmax(axis=1)
        fit[start : start + _STEP] = S.max(axis=1)
    return labels, fit


def _fill(labels: IdArray, fit: FloatArray, k: int) -> None:
    """Give each empty cluster the row that fits worst where it is, of those that are not alone there."""
    counts = np.bincount(labels, minlength=k)
    worst = iter(np.argsort(fit, kind="stable")) if not counts.all() else iter(())
    for empty in np.flatnonzero(counts == 0):
        row = next(row for row in worst if counts[labels[row]] > 1)
        counts[labels[row]] -= 1
        labels[row], counts[empty] = empty, 1
