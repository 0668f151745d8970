"""LinkPrediction splits as it says, equals networkx-like loops, and refuses what cannot be split."""

import math

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import average_precision_score, roc_auc_score

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.graph import LinkPrediction
from inlay.tasks.graph._edges import Graph, non_edges

RNG = np.random.default_rng(1)
CODES = RNG.choice(40 * 39 // 2, 160, replace=False)
EDGES = np.stack([np.triu_indices(40, 1)[side][CODES] for side in (0, 1)])
GRAPH = {"source": EDGES[0].tolist(), "target": EDGES[1].tolist()}


class Drawn:
    """Vectors at random, the same for the same item."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(int(item)).standard_normal(8) for item in items])


def pairs(columns, prefix=""):
    return list(zip(columns[f"{prefix}source"], columns[f"{prefix}target"], columns[f"{prefix}label"], strict=True))


def test_split_keeps_the_graph_connected_and_draws_pairs_without_an_edge():
    split = LinkPrediction(GRAPH, share=0.4).split()
    edges = {tuple(sorted(map(int, edge))) for edge in EDGES.T}
    train, test = ({tuple(sorted(p[:2])): p[2] for p in pairs(split, prefix)} for prefix in ("train_", ""))
    assert len(train) == 2 * 96
    assert len(test) == 2 * 64
    assert not set(train) & set(test)
    assert all((pair in edges) == label for part in (train, test) for pair, label in part.items())
    assert {pair for part in (train, test) for pair, label in part.items() if label} == edges
    left = np.zeros((40, 40))
    for (a, b), label in train.items():
        left[a, b] = label
    whole = np.zeros((40, 40))
    whole[EDGES[0], EDGES[1]] = 1
    assert connected_components(left, directed=False)[0] == connected_components(whole, directed=False)[0]


def test_a_graph_that_is_split_is_scored_as_it_is_split():
    split = LinkPrediction(GRAPH).split()
    train = [(a, b) for a, b, label in pairs(split, "train_") if label]
    names = {"train_source": [a for a, _ in train], "train_target": [b for _, b in train]}
    columns = {**{name: split[name] for name in ("source", "target", "label")}, **names}
    want = LinkPrediction(GRAPH, "dot").run(Drawn())
    assert LinkPrediction(columns, "dot").run(Drawn()) == want
    held = [(a, b) for a, b, label in pairs(split) if label]
    drawn = {"source": [a for a, _ in held], "target": [b for _, b in held], **names}
    assert LinkPrediction(drawn).run(Drawn())[0].n == want[0].n


@pytest.mark.parametrize("operator", ["dot", "cosine"])
def test_similarities_equal_sklearn(operator):
    task = LinkPrediction(GRAPH, operator)
    got = {reading.name: reading.value for reading in task.run(Drawn())}
    scores, labels = [], []
    for a, b, label in pairs(task.split()):
        u, v = Drawn().encode([a, b])
        scores.append(u @ v / (np.linalg.norm(u) * np.linalg.norm(v) if operator == "cosine" else 1))
        labels.append(label)
    assert next(iter(got)) == "auc"
    assert got["auc"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-6)
    assert got["ap"] == pytest.approx(average_precision_score(labels, scores), abs=1e-6)


def test_baselines_equal_loops_over_neighbours():
    task = LinkPrediction(GRAPH, "dot")
    got = {reading.name: reading.value for reading in task.run(Drawn())}
    split = task.split()
    near = {i: set() for i in range(40)}
    for a, b, label in pairs(split, "train_"):
        if label:
            near[a].add(b)
            near[b].add(a)
    rows = [(near[a], near[b], label) for a, b, label in pairs(split)]
    want = {
        "common_neighbors": [len(a & b) for a, b, _ in rows],
        "jaccard": [len(a & b) / max(1, len(a | b)) for a, b, _ in rows],
        "adamic_adar": [sum(1 / math.log(len(near[t])) for t in a & b) for a, b, _ in rows],
        "preferential_attachment": [len(a) * len(b) for a, b, _ in rows],
    }
    for name, scores in want.items():
        assert got[f"baseline_{name}_auc"] == pytest.approx(roc_auc_score([r[2] for r in rows], scores)), name


class Groups:
    """The group of a node, one of eight, as a vector."""

    def encode(self, items, *, role="document"):
        return np.eye(8)[np.array(items) % 8]


@pytest.mark.parametrize("operator", ["hadamard", "l1", "l2"])
def test_groups_are_found_by_those_who_see_them_and_by_chance_by_others(operator):
    edges = [(a, b) for b in range(120) for a in range(b) if (b - a) % 8 == 0]
    graph = {"source": [a for a, _ in edges], "target": [b for _, b in edges]}
    assert [r.value for r in LinkPrediction(graph, operator).run(Groups())[:2]] == [1, 1]
    assert LinkPrediction(graph, operator).run(Drawn())[0].value == pytest.approx(0.5, abs=0.06)


def test_operators_are_those_of_node2vec():
    found = {op: LinkPrediction(GRAPH, op).run(Drawn())[0].value for op in ("hadamard", "average", "l1", "l2")}
    assert len(set(found.values())) == 4


def test_non_edges_are_drawn_evenly_from_sparse_and_dense_graphs():
    path = np.stack([np.arange(11), np.arange(1, 12)])
    for graph, k in ((Graph(list(range(12)), path), 55), (Graph(list(range(12)), path), 5)):
        seen = np.zeros((12, 12))
        for seed in range(300):
            drawn = non_edges(graph, k, np.random.default_rng(seed))
            assert len({tuple(p) for p in drawn.T.tolist()}) == k
            seen[drawn[0], drawn[1]] += 1
        free = np.triu(np.ones((12, 12)), 2) > 0
        assert seen[~free].sum() == 0
        assert np.all(np.abs(seen[free] - 300 * k / 55) <= 5 * math.sqrt(300 * k / 55))
    with pytest.raises(DataError, match="There are 55 pairs of nodes without an edge, and 56 are needed"):
        non_edges(graph, 56, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"source": [0, 1, 2], "target": [1, 2, 3]}, "this graph is a tree"),
        ({"source": [0, 0, 1], "target": [1, 2, 2]}, "too dense"),
        ({"source": [0, 1]}, "needs the columns source, target"),
        ({**GRAPH, "train_source": [1], "train_target": [1, 2]}, "one length"),
        ({**GRAPH, "train_source": [1], "train_target": [2], "label": [1] * 160}, "zeros and ones"),
    ],
)
def test_says_what_is_wrong_with_the_data(data, message):
    with pytest.raises(DataError, match=message):
        LinkPrediction(data).run(Drawn())


def test_refuses_wrong_parameters():
    with pytest.raises(ParameterError, match=r"operator must be one of .*'hadamard'.*, got 'sum'"):
        LinkPrediction(GRAPH, "sum").run(Drawn())
    with pytest.raises(ParameterError, match="share must be above 0 and below 1, got 1"):
        LinkPrediction(GRAPH, share=1.0).run(Drawn())


@pytest.mark.data
def test_the_neighbourhood_says_much_of_collaborations():
    got = {reading.name: reading.value for reading in LinkPrediction("ca-grqc", "dot").run(Drawn())}
    assert got["baseline_common_neighbors_auc"] == pytest.approx(0.862, abs=0.01)
    assert got["baseline_preferential_attachment_auc"] == pytest.approx(0.827, abs=0.01)
    assert got["auc"] == pytest.approx(0.5, abs=0.02)
