"""Reconstruction of hierarchies."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, IdArray, Reading
from inlay.core.vectors import normalize
from inlay.tasks._distances import squared_distances
from inlay.tasks._inputs import columns, vectors
from inlay.tasks._plain import number

_DATA = "HierarchyReconstruction"
_BLOCK = 1 << 23  # distances held at once

Vectors = NDArray[np.float64]
Distance = Callable[[Vectors, Vectors], Vectors]


class HierarchyReconstruction(Task):
    r"""Find all ancestors of a node among those nearest to it.

    For each edge (u, v) of the transitive closure D, v is ranked by its distance from u among all nodes that are no
    ancestors of u. The main score is ``map``: the mean over the nodes u with ancestors A(u) of

    .. math:: \mathrm{AP}(u) = \frac{1}{|A(u)|} \sum_{v \in A(u)}
              \frac{|\{v' \in A(u) : d(u, v') \le d(u, v)\}|}{|\{v' \ne u : d(u, v') \le d(u, v)\}|};

    ``mean_rank`` over all edges stands beside it, where equal distances share the mean of their ranks. It says how much
    of a hierarchy a space has room for; for edges that were not seen, use `LinkPrediction`.

    Parameters
    ----------
    data : ``child`` and ``parent``, the edges of a hierarchy without cycles; its transitive closure is taken.
    distance : "poincare", for vectors of length below 1, "euclidean" or "cosine".

    References
    ----------
    Nickel, Kiela (2017). Poincaré Embeddings for Learning Hierarchical Representations. NeurIPS. arXiv:1705.08039

    Examples
    --------
    >>> import numpy as np
    >>> class Ball:  # the root in the middle, its children around it
    ...     places = {"animal": (0, 0), "cat": (0.7, 0), "dog": (-0.7, 0), "puppy": (-0.95, 0)}
    ...     def encode(self, items, *, role="document"):
    ...         return np.array([self.places[item] for item in items])
    >>> data = {"child": ["cat", "dog", "puppy"], "parent": ["animal", "animal", "dog"]}
    >>> print(HierarchyReconstruction(data, "poincare").run(Ball())[0])
    map 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "nickel2017poincare"

    def __init__(self, data: Any = "phylo-tree", distance: str = "euclidean") -> None:
        self.data = data
        self.distance = distance

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        data = {"child": ["ab", "abc", "abd", "x", "xy"], "parent": ["a", "ab", "ab", "a", "x"]}
        yield cls(data)
        yield cls(data, distance="cosine")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``map`` and ``mean_rank``."""
        if self.distance not in _DISTANCES:
            raise ParameterError(f"distance must be one of {tuple(_DISTANCES)}, got {self.distance!r}.")
        found = columns(self.data, "child", "parent", task=_DATA)
        nodes, (child, parent) = number(found["child"], found["parent"])
        node, ancestor = _closure(len(nodes), child, parent)
        X = vectors(encoder, nodes).astype(np.float64)
        if self.distance == "poincare" and (np.linalg.norm(X, axis=1) >= 1).any():
            raise DataError(f"{_DATA} needs vectors of length below 1 for the distance 'poincare'.")
        own, nearer, equal = _compared(X, node, ancestor, _DISTANCES[self.distance])
        own_nearer, own_equal = _among(node, own)
        counts = np.bincount(node)
        precision = np.bincount(node, (own_nearer + own_equal) / (nearer + equal))
        ranks = 1 + (nearer - own_nearer) + (equal - own_equal) / 2
        return [
            Reading.of("map", Sample("mean", (precision[counts > 0] / counts[counts > 0],))),
            Reading.of("mean_rank", Sample("mean", (ranks,)), better="lower"),
        ]


def _closure(n: int, child: IdArray, parent: IdArray) -> IdArray:
    """Return each node with each of its ancestors, (2, edges), in the order of the nodes."""
    closure = csr_array((np.ones(len(child), np.int64), (child, parent)), shape=(n, n)).astype(bool)
    while True:
        wider = (closure + closure @ closure).astype(bool)
        loops = int(wider.diagonal().sum())
        if loops:
            raise DataError(f"{_DATA} needs a hierarchy without cycles; {loops} nodes are their own ancestors.")
        if wider.nnz == closure.nnz:
            return np.stack([np.repeat(np.arange(n), np.diff(wider.indptr)), wider.indices]).astype(np.int64)
        closure = wider


def _compared(X: Vectors, node: IdArray, ancestor: IdArray, distance: Distance) -> tuple[FloatArray, IdArray, IdArray]:
    """Return the distance along each edge, how many nodes are nearer, and how many as near, the ancestor with them."""
    own = np.empty(len(node), np.float32)
    nearer, equal = np.empty((2, len(node)), np.int64)
    step = max(1, _BLOCK // len(X))
    for start in range(0, len(node), step):
        part = slice(start, start + step)
        some, row = np.unique(node[part], return_inverse=True)
        D = distance(X[some], X).astype(np.float32)  # so that equal vectors are equally far
        D[np.arange(len(some)), some] = np.inf
        own[part] = D[row, ancestor[part]]
        each = D[row]
        nearer[part] = (each < own[part, None]).sum(1)
        equal[part] = (each == own[part, None]).sum(1)
    return own, nearer, equal


def _among(node: IdArray, own: FloatArray) -> tuple[IdArray, IdArray]:
    """Return for each edge how many ancestors of its node are nearer than its own, and how many as near, with it."""
    order = np.lexsort((own, node))
    sorted_node, sorted_own = node[order], own[order]
    fresh = np.append(True, (np.diff(sorted_node) != 0) | (np.diff(sorted_own) != 0))
    starts = np.flatnonzero(fresh)
    run = np.cumsum(fresh) - 1
    nearer, equal = np.empty((2, len(node)), np.int64)
    nearer[order] = starts[run] - np.searchsorted(sorted_node, sorted_node)
    equal[order] = np.diff(np.append(starts, len(node)))[run]
    return nearer, equal


def _poincare(U: Vectors, X: Vectors) -> Vectors:
    """Return what the Poincaré distance, arcosh(1 + 2 x), rises with."""
    room = [1 - np.einsum("nd,nd->n", part, part) for part in (U, X)]
    return np.asarray(squared_distances(U, X) / (room[0][:, None] * room[1]))


def _cosine(U: Vectors, X: Vectors) -> Vectors:
    return squared_distances(normalize(U), normalize(X))


# Only the order of distances matters, so each may be what rises with it.
_DISTANCES: dict[str, Distance] = {"euclidean": squared_distances, "cosine": _cosine, "poincare": _poincare}
