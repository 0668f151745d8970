"""JULE: its merging against the formulas written out, bent clusters, and what it refuses."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_moons
from sklearn.metrics import adjusted_rand_score

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.cluster._merging import affinities, first_clusters, merge, nearest_clusters, neighbour_graph

torch = pytest.importorskip("torch", reason="needs torch: pip install 'inlay[nn]'")

from inlay.nn.jule import Representation  # noqa: E402
from inlay.transforms.cluster import JULE  # noqa: E402


def points(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return (3 * rng.normal(size=(6, 3))[rng.integers(6, size=n)] + rng.normal(size=(n, 3))).astype(np.float32)


def affinity(W, a, b):
    """The affinity of two clusters, as the paper has it."""
    forth, back = W[np.ix_(a, b)], W[np.ix_(b, a)]
    return (forth @ back).sum() / len(a) ** 2 + (back @ forth).sum() / len(b) ** 2


def test_the_graph_is_that_of_a_loop():
    X = points().astype(np.float64)
    far = ((X[:, None] - X) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1)[:, :5]
    scale = np.mean([far[i, j] for i in range(60) for j in near[i]])
    want = np.zeros((60, 60))
    for i in range(60):
        want[i, near[i]] = np.exp(-far[i, near[i]] / scale)
    np.testing.assert_allclose(neighbour_graph(points(), 5).toarray(), want, atol=1e-5)


def test_affinities_and_neighbours_are_those_of_the_formula():
    W = neighbour_graph(points(), 8)
    labels = first_clusters(W)
    rows = [np.flatnonzero(labels == c) for c in range(labels.max() + 1)]
    dense, size = W.toarray(), np.bincount(labels)
    G = affinities(W, labels)[0] / size[:, None] ** 2
    want = np.array([[affinity(dense, a, b) for b in rows] for a in rows])
    off = ~np.eye(len(rows), dtype=bool)
    np.testing.assert_allclose((G + G.T)[off], want[off], atol=1e-9)
    np.fill_diagonal(want, -np.inf)
    found = nearest_clusters(W, labels, 3)
    np.testing.assert_allclose(np.take_along_axis(want, found, 1), -np.sort(-want, axis=1)[:, :3], atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_clusters", [5, 2])
def test_merging_is_that_of_the_formula_made_anew_each_time(seed, n_clusters):
    W = neighbour_graph(points(seed=seed), 8)
    dense, k = W.toarray(), 4
    labels = first_clusters(W)
    groups = [np.flatnonzero(labels == c).tolist() for c in range(labels.max() + 1)]
    while len(groups) > n_clusters:
        best = None
        for i, a in enumerate(groups):
            ties = sorted((-affinity(dense, a, b), j) for j, b in enumerate(groups) if j != i)[:k]
            ties = [(-tie, j) for tie, j in ties]
            others = [ties[0][0] - tie for tie, _ in ties[1:]] + [ties[0][0]] * (k - len(ties))
            gain = ties[0][0] + sum(others) / (k - 1)
            if best is None or gain > best[0] + 1e-12:
                best = gain, i, ties[0][1]
        _, i, j = best
        groups[i] = groups[i] + groups[j]
        del groups[j]
    want = np.empty(60, int)
    for number, rows in enumerate(groups):
        want[rows] = number
    assert adjusted_rand_score(want, merge(W, labels, n_clusters, k)) == 1


def test_each_row_begins_with_its_nearest_neighbour():
    W = neighbour_graph(points(), 5)
    labels = first_clusters(W)
    assert all(labels[i] == labels[W.indices[5 * i]] for i in range(60))
    assert np.bincount(labels).min() >= 2


def test_learning_brings_clusters_apart():
    X = points()
    W = neighbour_graph(X, 8)
    labels = merge(W, first_clusters(W), 4, 5)
    options = {"margin": 0.2, "n_negatives": 3, "batch_size": 60, "learning_rate": 0.03, "random_state": 0}
    learned = Representation(X, [16, 4], **options)

    def gap(Z):
        far = 1 - Z @ Z.T
        same = labels[:, None] == labels
        return far[~same].mean() - far[same].mean()

    before = gap(learned.outputs())
    learned.learn(labels, nearest_clusters(W, labels, 3), 30)
    assert gap(learned.outputs()) > before + 0.2


def test_bent_clusters_are_found():
    X, label = make_moons(200, noise=0.05, random_state=0)
    found = JULE(2, hidden=(32,), dim=8, k=10, n_epochs=10).fit(X)
    assert adjusted_rand_score(label, found.labels_) > 0.9
    assert adjusted_rand_score(label, KMeans(2, n_init=3, random_state=0).fit(X).labels_) < 0.6
    assert (found.transform(X).argmax(axis=1) == found.labels_).mean() > 0.8


def test_few_rows_will_do():
    for n in (2, 3):
        assert sorted(JULE(n, hidden=(3,), dim=2, n_epochs=1).fit(points(n)).labels_) == list(range(n))
    assert set(JULE(1, hidden=(3,), dim=2, n_epochs=1).fit(points(9)).labels_.tolist()) == {0}


def test_what_is_wrong_is_refused():
    for parameters, message in (
        ({"n_clusters": 0}, "n_clusters must be at least 1, got 0"),
        ({"n_neighbors": 1}, "n_neighbors must be at least 2"),
        ({"margin": -0.1}, "margin must be at least 0"),
        ({"unrolling": 1.0}, "unrolling must be above 0 and below 1"),
        ({"hidden": (0,)}, "hidden must hold widths of at least 1"),
    ):
        with pytest.raises(ParameterError, match=message):
            JULE(**parameters).fit(points())
    with pytest.raises(ShapeError, match="n_samples=5 must be at least 2 and n_clusters=6"):
        JULE(6).fit(points(5))
