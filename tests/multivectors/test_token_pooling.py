"""Token pooling equals Ward's clustering by its definition, and saves what it says."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize
from inlay.multivectors import TokenPooling


@pytest.fixture
def items():
    rng = np.random.default_rng(0)
    return Ragged.stack([normalize(rng.normal(size=(n, 6))) for n in (11, 0, 1, 2, 24)])


def slow_ward(X, n_clusters):
    """Merge the two clusters whose union has the least growth of squared distances, again and again."""
    clusters = [[i] for i in range(len(X))]
    spread = lambda rows: ((X[rows] - X[rows].mean(axis=0)) ** 2).sum()  # noqa: E731
    while len(clusters) > n_clusters:
        pairs = [(a, b) for a in range(len(clusters)) for b in range(a)]
        cost = [spread(clusters[a] + clusters[b]) - spread(clusters[a]) - spread(clusters[b]) for a, b in pairs]
        a, b = pairs[int(np.argmin(cost))]
        clusters[b] += clusters.pop(a)
    return sorted(sorted(rows) for rows in clusters)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_equals_the_definition(items, factor):
    pooled = TokenPooling(factor).transform(items)
    for item, got in zip(items, pooled, strict=True):
        n = min(len(item), len(item) // factor + 1)
        want = [item[rows].mean(axis=0) for rows in slow_ward(item.astype(np.float64), n)]
        want = normalize(np.array(want).reshape(len(want), 6))
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_sequential_takes_neighbours(items):
    pooled = TokenPooling(3, "sequential").transform(items)
    assert pooled.lengths.tolist() == [4, 0, 1, 1, 8]
    np.testing.assert_allclose(pooled[0][1], normalize(items[0][3:6].mean(axis=0)[None])[0], atol=1e-6)


def test_a_factor_of_one_changes_nothing(items):
    assert np.array_equal(TokenPooling(1).transform(items).values, items.values)


def test_means_have_the_mean_length_of_what_they_stand_for():
    item = np.array([[2.0, 0.0], [4.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    got = TokenPooling(4).transform(Ragged.stack([item]))[0]
    lengths = np.linalg.norm(item, axis=1).reshape(2, 2).mean(axis=1)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), lengths, rtol=1e-6)


def test_equal_vectors_become_one():
    item = np.repeat(np.eye(3), 4, axis=0)
    np.testing.assert_allclose(TokenPooling(6).transform(Ragged.stack([item]))[0], np.eye(3), atol=1e-7)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"factor": 0}, "factor must be a whole number of at least 1, got 0"),
        ({"factor": 1.5}, "factor must be a whole number"),
        ({"method": "kmeans"}, "method must be 'ward' or 'sequential', got 'kmeans'"),
    ],
)
def test_wrong_parameters_are_refused(items, parameters, message):
    with pytest.raises(ParameterError, match=message):
        TokenPooling(**parameters).transform(items)


def test_wrong_items_are_refused(items):
    with pytest.raises(ShapeError, match=r"items must be a Ragged, got ndarray"):
        TokenPooling().transform(items.values)
    with pytest.raises(ShapeError, match=r"items.values has a value that is not finite in row 2"):
        TokenPooling().transform(Ragged(np.where(np.arange(38)[:, None] == 2, np.nan, items.values), items.offsets))


@pytest.mark.parametrize(("n", "factor"), [(8, 2), (9, 3), (16, np.int64(4))])
def test_vectors_equally_far_apart_are_not_all_merged(n, factor):
    assert TokenPooling(factor).transform(Ragged.stack([np.eye(n)])).lengths.tolist() == [n // factor + 1]
