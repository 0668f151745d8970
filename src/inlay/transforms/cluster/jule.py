"""Clusters that grow by merging, while a map learns from them."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize
from inlay.transforms._layers import forward

from ._centers import means
from ._merging import first_clusters, merge, nearest_clusters, neighbour_graph


class JULE(Transform):
    r"""Merge clusters and learn a map from them in turn, each from what the other has reached.

    Rows are tied to their k nearest by :math:`W_{ij} = \exp(-\|x_i - x_j\|^2 / \sigma^2)`, with :math:`\sigma^2` the
    mean squared distance to neighbours, and clusters have the affinity

    .. math:: A(C_i, C_j) = \frac{1}{|C_i|^2} 1^\top W_{ij} W_{ji} 1 + \frac{1}{|C_j|^2} 1^\top W_{ji} W_{ij} 1

    From clusters of a few rows on, those two are merged whose affinity is large and stands out from that to the next
    neighbours, until the share :math:`\eta` of the clusters is gone. Then a network learns from triplets, of a row, one
    of its cluster and one of a neighbouring cluster,

    .. math:: \max(0, \|z_i - z_j\|^2 - \|z_i - z_k\|^2 + m)

    neighbours are found anew among its outputs z, and merging goes on, until `n_clusters` are left. At the end rows
    are merged once more from the start, by the outputs (the paper's JULE-RC). `transform` gives the cosine of the
    output of a row to the centre of each cluster.

    Use it where clusters are bent or of different size, on some thousand rows: time and memory grow with their square.
    `DEPICT` is for more rows, and for clusters of similar size. On vectors of a good encoder, `SphericalKMeans` is as
    good, and much faster.

    Differences from the paper: layers are dense, not convolutions, and by default there is one, of the
    width of the paper's last: more of them, or larger steps, tear the graph into parts before clusters are
    whole. Rows are first divided by their common root mean square.

    Parameters
    ----------
    n_clusters : clusters that are left, at least 1.
    hidden : widths of the layers between rows and outputs; none for a linear map.
    dim : width of the output, at least 1.
    k : neighbours of a row; at least 1.
    n_neighbors : clusters that a merge is compared with, and that negatives come from; at least 2.
    unrolling : eta, the share of clusters that is merged between two times of learning, above 0 and less than 1.
    margin : m, by how much squared distances should differ, not negative.
    n_negatives : rows of other clusters for each pair of the same; at least 1.
    n_epochs : passes over the rows each time the map learns.
    batch_size : rows of a step.
    learning_rate : of AdamW, at the start of each time.
    random_state : seed of weights and triplets.

    Attributes
    ----------
    weights_, biases_ : lists of arrays, one for each layer.
    centers_ : (n_clusters, dim) float32 of length one.
    scale_ : the root mean square of the fitted values.
    labels_ : (n,) int64, the cluster of each row of the fit.

    References
    ----------
    Yang, Parikh, Batra (2016). Joint Unsupervised Learning of Deep Representations and Image Clusters. CVPR.
    arXiv:1604.03628

    Examples
    --------
    >>> X = np.repeat([[0, 0, 1], [0, 1, 0]], 20, axis=0) + np.random.default_rng(0).normal(0, 0.1, (40, 3))
    >>> found = JULE(2, hidden=(8,), dim=2, k=5, n_epochs=2).fit(X)
    >>> found.transform(X).shape, len(set(found.labels_[:20])), bool(found.labels_[0] == found.labels_[-1])
    ((40, 2), 1, False)
    """

    paper: ClassVar[str] = "yang2016joint"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[NDArray[np.float32]]
    biases_: list[NDArray[np.float32]]
    centers_: FloatArray
    scale_: float
    labels_: IdArray

    def __init__(
        self,
        n_clusters: int = 10,
        hidden: Sequence[int] = (),
        dim: int = 160,
        k: int = 20,
        n_neighbors: int = 5,
        unrolling: float = 0.9,
        margin: float = 0.2,
        n_negatives: int = 5,
        n_epochs: int = 20,
        batch_size: int = 100,
        learning_rate: float = 0.0001,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.hidden = hidden
        self.dim = dim
        self.k = k
        self.n_neighbors = n_neighbors
        self.unrolling = unrolling
        self.margin = margin
        self.n_negatives = n_negatives
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(2, (3,), dim=2, k=4, n_epochs=1, batch_size=32)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn clusters and a map of (n, d) vectors; `y` is not looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If there are fewer rows than clusters or only one, or `X` is not finite numbers of shape (n, d).
        """
        self._check()
        X = validated(self, X, fit=True)
        if len(X) < max(2, self.n_clusters):
            raise ShapeError(f"n_samples={len(X)} must be at least 2 and n_clusters={self.n_clusters}.")
        from inlay.nn.jule import Representation

        self.scale_ = float(np.sqrt(np.mean(np.square(X, dtype=np.float64)))) or 1.0
        X = X / np.float32(self.scale_)
        learned = Representation(
            X,
            [*self.hidden, self.dim],
            margin=self.margin,
            n_negatives=self.n_negatives,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        W = neighbour_graph(X, min(self.k, len(X) - 1))
        labels = self._start(W)
        n = int(labels.max()) + 1
        while n > self.n_clusters:
            n = max(self.n_clusters, int((1 - self.unrolling) * n))
            labels = merge(W, labels, n, self.n_neighbors)
            if n > 1:
                learned.learn(labels, nearest_clusters(W, labels, self.n_neighbors), self.n_epochs)
            W = neighbour_graph(learned.outputs(), min(self.k, len(X) - 1))
        self.labels_ = merge(W, self._start(W), self.n_clusters, self.n_neighbors)
        self.weights_, self.biases_ = learned.state()
        self.centers_ = normalize(means(self._outputs(X), self.labels_, self.n_clusters))
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the cosine of each row of (n, d) vectors, mapped, to each centre, (n, n_clusters) float32.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` does not have the columns of `fit` or is not finite.
        """
        self._check_fitted()
        cosines: FloatArray = self._outputs(validated(self, X, fit=False) / np.float32(self.scale_)) @ self.centers_.T
        return cosines

    def _outputs(self, X: FloatArray) -> FloatArray:
        return normalize(forward(X, self.weights_, self.biases_))

    def _start(self, W: sparse.csr_array) -> IdArray:
        """Return the first clusters; rows alone where those are too few."""
        labels = first_clusters(W)
        return labels if labels.max() + 1 >= self.n_clusters else np.arange(W.shape[0])

    def _check(self) -> None:
        whole = {"n_clusters": 1, "dim": 1, "k": 1, "n_neighbors": 2, "n_negatives": 1, "n_epochs": 0, "batch_size": 1}
        check_numbers(self, at_least={**whole, "margin": 0}, above={"unrolling": 0}, below={"unrolling": 1})
        if any(width < 1 for width in self.hidden):
            raise ParameterError(f"hidden must hold widths of at least 1, got {self.hidden}.")
