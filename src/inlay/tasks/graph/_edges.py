"""Undirected graphs as numbered pairs of nodes: what is there, what is held out, and what is drawn of what is not."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree

from inlay.core.errors import DataError
from inlay.core.values import IdArray


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes, and distinct edges between them: (2, m) places of nodes, the smaller first, none of a node with itself."""

    nodes: list[Any]
    edges: IdArray

    def codes(self, edges: IdArray) -> IdArray:
        """Return one number for each edge."""
        return np.asarray(edges[0] * len(self.nodes) + edges[1], np.int64)

    def adjacency(self) -> csr_array:
        """Return the symmetric matrix of zeros and ones."""
        first, second = self.edges
        ones = np.ones(2 * len(first))
        both = (np.concatenate([first, second]), np.concatenate([second, first]))
        return csr_array((ones, both), shape=(len(self.nodes),) * 2)


def ordered(first: IdArray, second: IdArray) -> IdArray:
    """Return edges (2, m) with the smaller node first."""
    return np.stack([np.minimum(first, second), np.maximum(first, second)])


def simple(nodes: list[Any], edges: IdArray) -> Graph:
    """Return a graph without loops and without doubles, its edges in order."""
    code = np.unique(edges[0] * len(nodes) + edges[1])
    distinct = np.stack(np.divmod(code, max(1, len(nodes))))
    return Graph(nodes, distinct[:, distinct[0] != distinct[1]])


def hold_out(graph: Graph, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which edges are held out: a share of all, or as many as do not break a component of the graph in two."""
    m = graph.edges.shape[1]
    first, second = graph.edges
    weights = csr_array((rng.permutation(m) + 1.0, (first, second)), shape=(len(graph.nodes),) * 2)
    tree = minimum_spanning_tree(weights).tocoo()  # one of them at random
    kept = np.isin(graph.codes(graph.edges), graph.codes(ordered(tree.row.astype(np.int64), tree.col)))
    free = np.flatnonzero(~kept)
    held = np.zeros(m, bool)
    held[rng.choice(free, min(len(free), round(share * m)), replace=False)] = True
    return held


def non_edges(graph: Graph, k: int, rng: np.random.Generator) -> IdArray:
    """Draw `k` distinct pairs of nodes (2, k) that no edge joins."""
    n = len(graph.nodes)
    known = graph.codes(graph.edges)
    room = n * (n - 1) // 2 - len(known)
    if k > room:
        raise DataError(f"There are {room} pairs of nodes without an edge, and {k} are needed; the graph is too dense.")
    if room < 4 * k:  # few are left: name them all
        codes = np.setdiff1d(graph.codes(np.stack(np.triu_indices(n, 1))), known)
        return np.stack(np.divmod(rng.choice(codes, k, replace=False), n))
    drawn = np.empty(0, np.int64)
    while len(drawn) < k:
        pairs = rng.integers(0, n, (2, 2 * k))
        pairs = ordered(*pairs[:, pairs[0] != pairs[1]])
        fresh = np.setdiff1d(graph.codes(pairs), np.concatenate([known, drawn]))
        drawn = np.concatenate([drawn, rng.permutation(fresh)])
    return np.stack(np.divmod(drawn[:k], n))
