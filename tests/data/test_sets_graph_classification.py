"""MUTAG and PROTEINS have the graphs, nodes and edges that are known of them, and ten folds."""

import numpy as np
import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "graphs", "nodes", "edges", "labels"),
    [("mutag", 188, 17.93, 19.79, 7), ("proteins", 1113, 39.06, 72.82, 3)],
)
def test_graphs_and_folds(name, graphs, nodes, edges, labels):
    found = load(name)
    assert len(found["graph"]) == len(found["label"]) == len(found["fold"]) == graphs
    assert np.mean([len(kinds) for kinds, _ in found["graph"]]) == pytest.approx(nodes, abs=0.01)
    assert np.mean([len(pairs) for _, pairs in found["graph"]]) == pytest.approx(edges, abs=0.01)
    assert len({kind for kinds, _ in found["graph"] for kind in kinds}) == labels
    assert len(set(found["label"])) == 2
    assert np.bincount(np.array(found["fold"]) + 1).tolist() == [graphs % 10, *[graphs // 10] * 10]
    assert all(a < b < len(kinds) for kinds, pairs in found["graph"] for a, b in pairs)


def test_known_rows():
    found = load("mutag")
    assert [found["fold"][i] for i in (109, 126, 182)] == [0, 0, 0]
    labels, edges = found["graph"][0]
    assert (len(labels), labels[0]) == (23, 2)
    assert [edge for edge in edges if 0 in edge] == [(0, 1), (0, 13)]
