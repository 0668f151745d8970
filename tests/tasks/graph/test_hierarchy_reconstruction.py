"""HierarchyReconstruction equals sklearn and loops, for each distance, and refuses cycles and points outside."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.graph import HierarchyReconstruction

RNG = np.random.default_rng(3)
PARENT = {i: int(RNG.integers(0, i)) for i in range(1, 30)}
DATA = {"child": [*PARENT, 29], "parent": [*PARENT.values(), 0]}  # one edge more, of the closure


def ancestors(i):
    return {PARENT[i], *ancestors(PARENT[i])} if i in PARENT else set()


class Drawn:
    """Points of a grid inside the ball, so that distances are equal at times."""

    def encode(self, items, *, role="document"):
        return np.stack([np.random.default_rng(i).integers(-3, 4, 2) / 8 + 1 / 16 for i in items])


def poincare(u, v):
    return math.acosh(1 + 2 * np.sum((u - v) ** 2) / (1 - u @ u) / (1 - v @ v))


DISTANCES = {
    "euclidean": lambda u, v: np.linalg.norm(u - v),
    "cosine": lambda u, v: 1 - u @ v / np.linalg.norm(u) / np.linalg.norm(v),
    "poincare": poincare,
}


@pytest.mark.parametrize("distance", DISTANCES)
def test_equals_sklearn_and_loops(distance):
    X = Drawn().encode(range(30)).astype(np.float32).astype(np.float64)
    precisions, ranks = [], []
    for u in range(1, 30):
        others = [v for v in range(30) if v != u]
        d = {v: round(DISTANCES[distance](X[u], X[v]), 6) for v in others}
        above = ancestors(u)
        precisions.append(average_precision_score([v in above for v in others], [-d[v] for v in others]))
        for v in above:
            far = [d[w] for w in others if w not in above]
            ranks.append(1 + sum(x < d[v] for x in far) + sum(x == d[v] for x in far) / 2)
    mean, rank = HierarchyReconstruction(DATA, distance).run(Drawn())
    assert (mean.name, rank.name, rank.better) == ("map", "mean_rank", "lower")
    assert (mean.n, rank.n) == (29, len(ranks))
    assert mean.value == pytest.approx(np.mean(precisions))
    assert rank.value == pytest.approx(np.mean(ranks))
    assert any(x % 1 for x in ranks)


def test_blocks_do_not_matter(monkeypatch):
    want = HierarchyReconstruction(DATA, "poincare").run(Drawn())
    monkeypatch.setattr("inlay.tasks.graph.hierarchy_reconstruction._BLOCK", 100)
    assert HierarchyReconstruction(DATA, "poincare").run(Drawn()) == want


class Star:
    """The root in the middle, all others on a sphere around it."""

    def encode(self, items, *, role="document"):
        return np.stack([np.eye(30)[i] * 0.9 * (i > 0) for i in items])


def test_a_star_is_reconstructed():
    star = {"child": list(range(1, 30)), "parent": [0] * 29}
    for distance in ("poincare", "euclidean"):
        assert [r.value for r in HierarchyReconstruction(star, distance).run(Star())] == [1, 1]


class Same:
    """One vector for all."""

    def encode(self, items, *, role="document"):
        return np.full((len(items), 3), 0.3)


def test_one_vector_for_all_is_chance():
    star = {"child": list(range(1, 30)), "parent": [0] * 29}
    assert [r.value for r in HierarchyReconstruction(star).run(Same())] == pytest.approx([1 / 29, 15])


class Outside:
    """Points beyond the ball."""

    def encode(self, items, *, role="document"):
        return np.ones((len(items), 2))


def test_refuses_cycles_points_outside_and_unknown_distances():
    with pytest.raises(DataError, match="without cycles; 3 nodes are their own ancestors"):
        HierarchyReconstruction({"child": [0, 1, 2, 3], "parent": [1, 2, 0, 0]}).run(Drawn())
    with pytest.raises(DataError, match="length below 1"):
        HierarchyReconstruction(DATA, "poincare").run(Outside())
    with pytest.raises(ParameterError, match=r"distance must be one of .*'poincare'.*, got 'dot'"):
        HierarchyReconstruction(DATA, "dot").run(Drawn())
    with pytest.raises(DataError, match="needs the columns child, parent"):
        HierarchyReconstruction({"source": [1], "target": [2]}).run(Drawn())


@pytest.mark.data
def test_random_vectors_do_not_reconstruct_a_real_tree():
    mean, rank = HierarchyReconstruction().run(Drawn())
    assert mean.n == 343
    assert mean.value < 0.1
    assert 100 < rank.value < 200
