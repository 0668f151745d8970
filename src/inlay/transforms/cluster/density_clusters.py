"""Dense regions of a space."""

from collections.abc import Iterator
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from inlay.core.validation import validated
from inlay.core.vectors import normalize

from ._centers import Centers, means
from ._density import dense


class DensityClusters(Centers):
    r"""Cluster by density, with as many clusters as there are dense regions, and outliers in none.

    HDBSCAN measures how far apart two rows are by the *mutual reachability*

    .. math:: d_{\mathrm{mreach}}(a, b) = \max(d_{\mathrm{core}}(a), d_{\mathrm{core}}(b), d(a, b))

    where :math:`d_{\mathrm{core}}` is the distance to the `min_samples`-th neighbour, joins rows by it to a tree, and
    keeps the branches that live longest. Rows are normalised first, so that d grows as the cosine falls. `transform`
    gives the cosine to the centre of each cluster, which also places rows that were not fitted, and noise.

    Use it where the number of clusters is not known and some rows belong nowhere. In hundreds of dimensions density
    says little: reduce the vectors before, or use `Top2Vec`, which does. `SphericalKMeans` divides all rows into a
    number of clusters that is given, in a fraction of the time. This is scikit-learn's HDBSCAN, whose time grows with
    the square of the number of rows. Where it finds no dense region, all rows are one cluster.

    Parameters
    ----------
    min_cluster_size : fewest rows of a cluster; at least 2.
    min_samples : rows around a point that make it dense, itself among them; None takes `min_cluster_size`. Larger ones
        give more noise.
    selection : "eom" for the branches that live longest, "leaf" for the finest ones, more and smaller.

    Attributes
    ----------
    centers_ : (n_clusters, d) float32 of length one, the mean directions of the clusters.
    labels_ : (n,) int64, the cluster of each row of the fit, -1 for noise.

    References
    ----------
    Campello, Moulavi, Sander (2013). Density-Based Clustering Based on Hierarchical Density Estimates. PAKDD.

    Examples
    --------
    >>> X = [[9, 1], [9, 2], [8, 1], [1, 8], [1, 9], [2, 9], [-9, 1]]
    >>> found = DensityClusters(min_cluster_size=3, min_samples=2).fit(X)
    >>> found.labels_.tolist()
    [0, 0, 0, 1, 1, 1, -1]
    >>> found.transform([[1, 0]]).round(2).tolist()
    [[0.9900000095367432, 0.15000000596046448]]
    """

    paper: ClassVar[str] = "campello2013density"

    def __init__(self, min_cluster_size: int = 15, min_samples: int | None = None, selection: str = "eom") -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.selection = selection

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(4, min_samples=1, selection="leaf")

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the dense regions of (n, d) vectors; `y` is not looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If there is one row only, or `X` is not finite numbers of shape (n, d).
        """
        X = normalize(validated(self, X, fit=True))
        self.labels_ = dense(X, self.min_cluster_size, self.min_samples, self.selection)
        self.centers_ = normalize(means(X, self.labels_, int(self.labels_.max()) + 1))
        return self
