"""Prediction of links."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, IdArray, Reading
from inlay.data.datasets import Columns, load
from inlay.tasks._inputs import SIMILARITIES, columns, vectors, zeros_and_ones
from inlay.tasks._plain import number

from ._edges import Graph, hold_out, non_edges, ordered, simple

_OPERATORS: dict[str, Callable[[FloatArray, FloatArray], NDArray[Any]]] = {
    "hadamard": lambda U, V: U * V,
    "average": lambda U, V: (U + V) / 2,
    "l1": lambda U, V: np.abs(U - V),
    "l2": lambda U, V: (U - V) ** 2,
}
_PLAIN = ("dot", "cosine")  # scores without a classifier


class LinkPrediction(Task):
    r"""Tell the edges that were held out from pairs of nodes that have none.

    Half of the edges are removed, at random but so that what was connected stays connected, and as many pairs without
    an edge are drawn. The vectors of two nodes make one of the edge, by default :math:`f(u)_i \cdot f(v)_i` (hadamard),
    and a logistic regression learns from the edges that are left, and other pairs without one. The main score is
    ``auc``; ``ap``, the average precision, stands beside it, and the baselines of node2vec, which look at no vector
    but at the graph that is left:

    .. math:: |N(u) \cap N(v)|, \quad \frac{|N(u) \cap N(v)|}{|N(u) \cup N(v)|}, \quad
              \sum_{t \in N(u) \cap N(v)} \frac{1}{\log |N(t)|}, \quad |N(u)| \cdot |N(v)|.

    An encoder that learns from the graph must not see the edges that were held out: fit it on what `split` returns.
    Use `KnowledgeLinkPrediction` where edges are of several kinds, `Recommendation` where they join users and items.

    Parameters
    ----------
    data : ``source`` and ``target``, the edges of an undirected graph; or the same after a split: ``train_source`` and
        ``train_target`` are left, ``source`` and ``target`` held out, with ``label`` zero where they are no edge (those
        are drawn where there is no ``label``).
    operator : "hadamard", "average", "l1" or "l2" for a classifier on the vectors of edges; "dot" or "cosine" for the
        similarity of the two nodes, without one.
    share : share of the edges to hold out, above 0 and below 1; fewer where the graph would fall apart.
    random_state : what the draws start from.

    Notes
    -----
    node2vec leaves open what its classifier learns from; here the edges that are left, each feature scaled to mean zero
    and variance one.

    References
    ----------
    Grover, Leskovec (2016). node2vec: Scalable Feature Learning for Networks. KDD. arXiv:1607.00653

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> names = [f"{town} {i}" for town in ("rome", "oslo") for i in range(6)]
    >>> pairs = [(a, b) for a in names for b in names if a < b and a[:4] == b[:4]]
    >>> graph = {"source": [a for a, _ in pairs], "target": [b for _, b in pairs]}
    >>> print(LinkPrediction(graph).run(HashingEncoder())[0])
    auc 1 (n=30, higher is better)
    """

    paper: ClassVar[str] = "grover2016node2vec"

    def __init__(
        self, data: Any = "ego-facebook", operator: str = "hadamard", share: float = 0.5, random_state: int = 0
    ) -> None:
        self.data = data
        self.operator = operator
        self.share = share
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        source, target = zip(
            *((i, j) for i in range(10, 22) for j in range(i) if j >= 10 and (i + j) % 3 == 0), strict=True
        )
        for operator in (*_OPERATORS, *_PLAIN):
            yield cls({"source": list(source), "target": list(target)}, operator=operator)

    def split(self) -> Columns:
        """Return the data as `run` uses it: train pairs and held-out pairs, each with labels one for an edge."""
        nodes, parts = self._parts()
        columns: dict[str, Any] = {}
        for prefix, (pairs, label) in zip(("train_", ""), parts, strict=True):
            for name, ends in zip(("source", "target"), pairs, strict=True):
                columns[prefix + name] = [nodes[i] for i in ends]
            columns[prefix + "label"] = label.tolist()
        return columns

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``auc``, ``ap`` and the AUC of the baselines."""
        if self.operator not in (*_OPERATORS, *_PLAIN):
            raise ParameterError(f"operator must be one of {(*_OPERATORS, *_PLAIN)}, got {self.operator!r}.")
        nodes, ((train, train_label), (pairs, label)) = self._parts()
        X = vectors(encoder, nodes)
        if self.operator in _PLAIN:
            score = SIMILARITIES[self.operator](X[pairs[0]], X[pairs[1]])
        else:
            features = _OPERATORS[self.operator]
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            model.fit(features(X[train[0]], X[train[1]]), train_label)
            score = model.decision_function(features(X[pairs[0]], X[pairs[1]]))
        left = Graph(nodes, train[:, train_label == 1]).adjacency()
        return [
            Reading.of("auc", Sample("auc", (label, score))),
            Reading.of("ap", Sample("average_precision", (label, score))),
            *(
                Reading.of(f"baseline_{name}_auc", Sample("auc", (label, one)))
                for name, one in _baselines(left, pairs).items()
            ),
        ]

    def _parts(self) -> tuple[list[Any], list[tuple[IdArray, NDArray[np.float64]]]]:
        """Return the nodes, and pairs with labels: first those to learn from, then those held out."""
        if not 0 < self.share < 1:
            raise ParameterError(f"share must be above 0 and below 1, got {self.share}.")
        rng = np.random.default_rng(self.random_state)
        found = columns(load(self.data), "source", "target", task="LinkPrediction")
        label = None
        if "train_source" in found:
            names = ("train_source", "train_target", "source", "target")
            found = columns(found, *names[:2], task="LinkPrediction")
            nodes, (a, b, c, d) = number(*(found[name] for name in names))
            train, test = simple(nodes, ordered(a, b)).edges, ordered(c, d)
            if "label" in found:
                found = columns(found, "source", "label", task="LinkPrediction")
                label = zeros_and_ones(found, "label", task="LinkPrediction")
        else:
            nodes, (a, b) = number(found["source"], found["target"])
            graph = simple(nodes, ordered(a, b))
            held = hold_out(graph, self.share, rng)
            train, test = graph.edges[:, ~held], graph.edges[:, held]
        if not test.size or not train.size:
            raise DataError("LinkPrediction needs edges that can be held out; this graph is a tree, or has none.")
        whole = simple(nodes, np.hstack([train, test]))
        count = test.shape[1] if label is None else 0
        none = non_edges(whole, count + train.shape[1], rng)
        if label is None:
            test, label = np.hstack([test, none[:, :count]]), np.repeat([1.0, 0.0], count)
        learnt = np.hstack([train, none[:, count:]]), np.repeat([1.0, 0.0], train.shape[1])
        return nodes, [learnt, (test, label)]


def _baselines(A: csr_array, pairs: IdArray) -> dict[str, NDArray[np.float64]]:
    """Score pairs by what their neighbourhoods have in common."""
    degree = np.asarray(A.sum(axis=1), np.float64)
    # a neighbour that two nodes share has two neighbours itself, so that only here the logarithm is zero
    weight = diags_array(1 / np.log(np.maximum(degree, 2)))
    U, V = A[pairs[0]], A[pairs[1]]
    common = np.asarray((U * V).sum(axis=1), np.float64)
    union = degree[pairs[0]] + degree[pairs[1]] - common
    return {
        "common_neighbors": common,
        "jaccard": common / np.maximum(union, 1),
        "adamic_adar": np.asarray((U @ weight * V).sum(axis=1), np.float64),
        "preferential_attachment": degree[pairs[0]] * degree[pairs[1]],
    }
