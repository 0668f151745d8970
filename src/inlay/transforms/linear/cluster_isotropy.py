"""Cluster-based isotropy enhancement: all-but-the-top in each region of the space."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._components import principal, without


class ClusterIsotropy(Transform):
    r"""Cluster the vectors, centre each cluster, and remove the directions in which it varies most.

    With the k-means cluster :math:`c(v)` that a vector falls into, its mean :math:`\mu_c` and the first :math:`D`
    principal directions :math:`u_{c,i}` of its vectors,

    .. math:: v' = (v - \mu_c) - \sum_{i=1}^{D} \big(u_{c,i}^\top (v - \mu_c)\big)\, u_{c,i}

    The states of language models lie in clusters, and each has dominant directions of its own, which hold what is not
    meaning: punctuation, stop words, tense. Use it on the vectors of tokens, before they are averaged. On vectors of
    texts the clusters are topics, which it takes out, since all clusters come to share one centre; there
    `CommonComponentRemoval`, the same with one cluster, is the one to take.

    Parameters
    ----------
    n_clusters : clusters, at least 1; at most as many as there are vectors are made. The papers have 27 for the tokens
        of BERT.
    n_components : directions removed in each cluster, from 0 to d - 1; the papers have 12 for BERT.
    random_state : seed of k-means.

    Attributes
    ----------
    means_ : (n clusters, d), the mean of each cluster.
    components_ : (n clusters, D, d), its directions; zero where it has fewer.

    References
    ----------
    Rajaee, Pilehvar (2021). A Cluster-based Approach for Improving Isotropy in Contextual Embedding Space. ACL-IJCNLP.
    arXiv:2106.01183.
    Hämmerl, Fastowski, Libovický, Fraser (2023). Exploring Anisotropy and Outliers in Multilingual Language Models for
    Cross-Lingual Semantic Sentence Similarity. Findings of ACL. arXiv:2306.00458.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(size=(50, 3)) * [9, 1, 1] + 30, rng.normal(size=(50, 3)) * [1, 9, 1] - 30])
    >>> Z = ClusterIsotropy(n_clusters=2, n_components=1).fit_transform(X)
    >>> bool(abs(Z).max() < 4), bool(abs(Z.mean(axis=0)).max() < 1e-4)
    (True, True)
    """

    paper: ClassVar[str] = "rajaee2021cluster"

    means_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(self, n_clusters: int = 27, *, n_components: int = 12, random_state: int = 0) -> None:
        self.n_clusters = n_clusters
        self.n_components = n_components
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(1, n_components=0)
        yield cls(3, n_components=1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find clusters of (n, d) vectors, and the directions of each.

        Raises
        ------
        ParameterError
            If `n_clusters` is less than 1, or `n_components` is not from 0 to d - 1.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        if self.n_clusters < 1:
            raise ParameterError(f"n_clusters must be at least 1, got {self.n_clusters!r}.")
        X = validated(self, X, fit=True)
        d = X.shape[1]
        if not 0 <= self.n_components < d:
            raise ParameterError(f"n_components must be from 0 to {d - 1} for n_features={d}, got {self.n_components}.")
        Z = np.ascontiguousarray(X, np.float64)
        clusters = min(self.n_clusters, len(np.unique(Z, axis=0)))
        found = KMeans(clusters, n_init=1, random_state=self.random_state).fit(Z).labels_
        means, components = np.zeros((clusters, d)), np.zeros((clusters, self.n_components, d))
        for c in range(clusters):
            members = Z[found == c]
            means[c] = members.mean(axis=0)
            if self.n_components:
                components[c] = principal(members - means[c], self.n_components)[0]
        self.means_, self.components_ = means.astype(np.float32), components.astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, d) vectors, seen from the mean of the nearest cluster."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        means = self.means_.astype(np.float64)
        nearest = (np.einsum("cd,cd->c", means, means) - 2 * (X.astype(np.float64) @ means.T)).argmin(axis=1)
        out: FloatArray = X - self.means_[nearest]
        for c in np.unique(nearest):
            out[nearest == c] = without(out[nearest == c], self.components_[c])
        return out
