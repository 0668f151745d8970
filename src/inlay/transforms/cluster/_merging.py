"""Clusters that are merged by how well a graph of neighbours ties them together (Zhang et al. 2012)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from inlay.core.values import FloatArray, IdArray


def neighbour_graph(Z: FloatArray, k: int) -> sparse.csr_array:
    r"""Return the directed graph of `k` neighbours, with the weights ``exp(-d^2 / s)``, s the mean d^2."""
    far, near = NearestNeighbors(n_neighbors=k).fit(Z).kneighbors()
    squared = np.square(far.astype(np.float64))
    scale = squared.mean()
    weight = np.exp(-squared / scale) if scale > 0 else np.ones_like(squared)
    starts = np.arange(0, near.size + 1, k)
    return sparse.csr_array((weight.ravel(), near.ravel(), starts), shape=(len(Z), len(Z)))


def first_clusters(W: sparse.csr_array) -> IdArray:
    """Return clusters of a few rows: each row is with its nearest neighbour."""
    nearest = W.indices.reshape(W.shape[0], -1)[:, 0]
    rows = np.arange(len(nearest))
    links = sparse.csr_array((np.ones(len(rows)), (rows, nearest)), shape=W.shape)
    labels: IdArray = connected_components(links, directed=False)[1].astype(np.int64)
    return labels


def affinities(W: sparse.csr_array, labels: IdArray) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    r"""Return the affinity of each pair of clusters, and what leaves clusters for rows and comes from rows to them.

    .. math:: A(C_i, C_j) = \frac{1}{|C_i|^2} 1^\top W_{ij} W_{ji} 1 + \frac{1}{|C_j|^2} 1^\top W_{ji} W_{ij} 1

    Returns
    -------
    G : (n_clusters, n_clusters), the first products, not yet divided: G[i, j] runs from i over the rows of j and back.
    leaves, comes : (n_clusters, n) sums of weights from the rows of a cluster to a row, and back.
    """
    n = int(labels.max()) + 1
    member = sparse.csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(n, len(labels)))
    leaves, comes = (member @ W).toarray(), (member @ W.T).toarray()
    return (member @ (leaves * comes).T).T, leaves, comes


def merge(W: sparse.csr_array, labels: IdArray, n_clusters: int, k: int) -> IdArray:
    r"""Merge clusters, two at a time, until `n_clusters` are left.

    Those two are merged that have the largest affinity, with what it is above that of the next neighbours:
    :math:`A(C_i, C_{i1}) + \frac{1}{k - 1} \sum_{m=2}^{k} (A(C_i, C_{i1}) - A(C_i, C_{im}))`.
    """
    G, leaves, comes = affinities(W, labels)
    size = np.bincount(labels).astype(np.float64)
    n = len(size)
    alive, parent = np.ones(n, bool), np.arange(n)
    A = G / size[:, None] ** 2
    A = A + A.T
    np.fill_diagonal(A, -np.inf)
    gain, best, least = _gains(A, k)
    for _ in range(n - n_clusters):
        i = int(np.where(alive, gain, -np.inf).argmax())
        j = int(best[i])
        leaves[i] += leaves[j]
        comes[i] += comes[j]
        size[i] += size[j]
        alive[j] = False
        parent[parent == j] = i
        labels_now = parent[labels]
        # Paths from the new cluster to others are made anew; those from others to it add up.
        G[i] = np.bincount(labels_now, weights=leaves[i] * comes[i], minlength=n)
        G[:, i] += G[:, j]
        stale = alive & ((best == i) | (best == j) | (A[:, i] >= least) | (A[:, j] >= least))
        A[i] = G[i] / size[i] ** 2 + G[:, i] / size**2
        A[i, ~alive], A[i, i] = -np.inf, -np.inf
        A[:, i] = A[i]
        A[j], A[:, j] = -np.inf, -np.inf
        stale |= alive & (A[:, i] >= least)
        stale[i] = True
        gain[stale], best[stale], least[stale] = _gains(A[stale], k)
    return np.unique(parent[labels], return_inverse=True)[1].astype(np.int64)


def _gains(A: NDArray[Any], k: int) -> tuple[NDArray[Any], IdArray, NDArray[Any]]:
    """Return what a merge with the nearest cluster is worth, that cluster, and the affinity of the k-th nearest."""
    width = min(k, A.shape[1])
    top = -np.sort(-np.partition(A, A.shape[1] - width, axis=1)[:, A.shape[1] - width :], axis=1)
    real = np.where(np.isfinite(top), top, 0.0)  # a cluster that is not there is as one without ties
    gain = real[:, 0] + (real[:, :1] - real[:, 1:]).sum(axis=1) / max(1, width - 1)
    return gain, A.argmax(axis=1), top[:, -1]


def nearest_clusters(W: sparse.csr_array, labels: IdArray, k: int) -> IdArray:
    """Return the (n_clusters, k) clusters of the largest affinity to each, fewer where there are not as many."""
    G = affinities(W, labels)[0]
    A = G / np.bincount(labels)[:, None].astype(np.float64) ** 2
    A = A + A.T
    np.fill_diagonal(A, -np.inf)
    return np.argsort(-A, axis=1, kind="stable")[:, : min(k, len(A) - 1)]
