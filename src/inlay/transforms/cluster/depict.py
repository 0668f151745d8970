"""Clusters of the codes of an autoencoder, learned with it."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, IdArray
from inlay.transforms._layers import forward


class DEPICT(Transform):
    r"""Learn codes and clusters together: a softmax on an autoencoder, which clusters of equal size pull.

    With the code :math:`z_i` of a row, the probability of cluster k is :math:`p_{ik} \propto \exp(\theta_k^\top z_i)`.
    In turn, a balanced target is made of all rows, and the network is trained towards it,

    .. math:: q_{ik} \propto \frac{p_{ik}}{(\sum_{i'} p_{i'k})^{1/2}}, \qquad
        \min \; -\frac{1}{N} \sum_{i,k} q_{ik} \log \tilde p_{ik} + \frac{1}{N} \sum_i \sum_{l=0}^{L-1}
        \frac{1}{|z_i^l|} \| z_i^l - \hat z_i^l \|^2

    where :math:`\tilde p` comes from a noisy encoder, which drops part of each layer, q and the layers :math:`z^l` from
    the clean one with the same weights, and :math:`\hat z^l` from the decoder of the noisy code. Before that, the
    autoencoder alone is trained in the same way, and k-means of its codes starts the clusters. `transform` gives p.

    Use it for vectors whose groups are no round clouds, such as pixels or descriptors, where thousands of rows are
    there to train on. On vectors of a good encoder, `SphericalKMeans` is as good and a thousand times as fast. `JULE`
    needs no clusters of similar size, and takes memory that grows with the square of the number of rows.

    Differences from the paper: layers are dense with ReLU, not convolutions with leaky ReLU; a target is kept for an
    epoch. Rows are first divided by their common root mean square.

    Parameters
    ----------
    n_clusters : clusters, from 1 to the number of rows.
    hidden : widths of the layers between rows and codes.
    dim : width of the code, at least 1.
    corruption : share of each layer that the noisy encoder drops, from 0 to less than 1.
    n_pretrain_epochs : passes over the rows for the autoencoder alone.
    n_epochs : passes over the rows for both; the first half of them holds the clusters of k-means,
        since targets of probabilities that are not yet sharp would even out.
    batch_size : rows of a step.
    learning_rate : of AdamW, at the start of both parts.
    random_state : seed of weights, noise, order of rows, and k-means.

    Attributes
    ----------
    weights_, biases_ : lists of arrays, one for each layer of the encoder and the last for the softmax.
    scale_ : the root mean square of the fitted values.
    labels_ : (n,) int64, the most probable cluster of each row of the fit.

    References
    ----------
    Ghasedi Dizaji, Herandi, Deng, Cai, Huang (2017). Deep Clustering via Joint Convolutional Autoencoder Embedding and
    Relative Entropy Minimization. ICCV. arXiv:1704.06327

    Examples
    --------
    >>> X = np.repeat([[0, 0, 1], [0, 1, 0]], 20, axis=0) + np.random.default_rng(0).normal(0, 0.1, (40, 3))
    >>> found = DEPICT(2, hidden=(8,), dim=2, n_pretrain_epochs=10, n_epochs=10, batch_size=10).fit(X)
    >>> found.transform(X).shape, len(set(found.labels_[:20])), bool(found.labels_[0] == found.labels_[-1])
    ((40, 2), 1, False)
    """

    paper: ClassVar[str] = "dizaji2017deep"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[NDArray[np.float32]]
    biases_: list[NDArray[np.float32]]
    scale_: float
    labels_: IdArray

    def __init__(
        self,
        n_clusters: int = 10,
        hidden: Sequence[int] = (256, 128),
        dim: int = 10,
        corruption: float = 0.1,
        n_pretrain_epochs: int = 50,
        n_epochs: int = 50,
        batch_size: int = 100,
        learning_rate: float = 0.001,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.hidden = hidden
        self.dim = dim
        self.corruption = corruption
        self.n_pretrain_epochs = n_pretrain_epochs
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(2, (3,), dim=2, n_pretrain_epochs=1, n_epochs=2, batch_size=32)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn codes and clusters of (n, d) vectors; `y` is not looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If there are fewer rows than clusters, or `X` is not finite numbers of shape (n, d).
        """
        least = {"n_clusters": 1, "dim": 1, "n_pretrain_epochs": 0, "n_epochs": 1, "batch_size": 1, "corruption": 0}
        check_numbers(self, at_least=least, below={"corruption": 1})
        if any(width < 1 for width in self.hidden):
            raise ParameterError(f"hidden must hold widths of at least 1, got {self.hidden}.")
        X = validated(self, X, fit=True)
        if len(X) < self.n_clusters:
            raise ShapeError(f"n_samples={len(X)} must be at least n_clusters={self.n_clusters}.")
        from inlay.nn.depict import Training

        self.scale_ = float(np.sqrt(np.mean(np.square(X, dtype=np.float64)))) or 1.0
        training = Training(
            X / np.float32(self.scale_),
            [*self.hidden, self.dim],
            self.n_clusters,
            corruption=self.corruption,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        training.reconstruct(self.n_pretrain_epochs)
        start = KMeans(self.n_clusters, n_init=4, random_state=self.random_state).fit(training.codes()).labels_
        training.cluster(start.astype(np.int64), self.n_epochs, n_start_epochs=-(-self.n_epochs // 2))
        self.weights_, self.biases_ = training.state()
        self.labels_ = self._probabilities(X).argmax(axis=1)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the probability of each cluster for each row of (n, d) vectors, (n, n_clusters) float32.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` does not have the columns of `fit` or is not finite.
        """
        self._check_fitted()
        return self._probabilities(validated(self, X, fit=False))

    def encode(self, X: ArrayLike) -> FloatArray:
        """Return the code of each row of (n, d) vectors, (n, dim) float32.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` does not have the columns of `fit` or is not finite.
        """
        self._check_fitted()
        return self._codes(validated(self, X, fit=False))

    def _codes(self, X: FloatArray) -> FloatArray:
        return forward(X / np.float32(self.scale_), self.weights_[:-1], self.biases_[:-1])

    def _probabilities(self, X: FloatArray) -> FloatArray:
        S = self._codes(X) @ self.weights_[-1].T
        P = np.exp(S - S.max(axis=1, keepdims=True))
        out: FloatArray = P / P.sum(axis=1, keepdims=True)
        return out
