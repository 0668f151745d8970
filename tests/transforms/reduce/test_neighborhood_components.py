"""Neighbourhood components raise the share of neighbours of the own class."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.reduce import NeighborhoodComponents, PrincipalComponents


@pytest.fixture
def data():
    """Four clouds in a row, of two classes in turn, across a direction of more variance."""
    rng = np.random.default_rng(0)
    cloud = np.arange(160) % 4
    X = rng.normal(size=(160, 3)) * [3, 0.3, 1]
    X[:, 1] += 2 * cloud
    return X.astype(np.float32), cloud % 2


def expected(Z, y):
    """The share of rows whose neighbour, picked by a softmax of negative squared distances, has their class."""
    total = 0.0
    for i in range(len(Z)):
        far = [np.inf if j == i else np.sum((Z[i] - Z[j]).astype(np.float64) ** 2) for j in range(len(Z))]
        weights = [np.exp(min(far) - one) for one in far]
        total += sum(w for w, c in zip(weights, y, strict=True) if c == y[i]) / sum(weights)
    return total / len(Z)


def test_it_raises_its_objective_where_classes_are_several_clouds(data):
    X, y = data
    learned, start = NeighborhoodComponents(dim=2), PrincipalComponents(dim=2)
    assert expected(learned.fit_transform(X, y), y) > 0.99
    assert expected(start.fit_transform(X), y) < 0.9


def test_only_so_many_rows_are_learned_from(data):
    X, y = data
    few = NeighborhoodComponents(dim=2, n_rows=80).fit(X, y)
    assert not np.array_equal(few.components_, NeighborhoodComponents(dim=2).fit(X, y).components_)
    assert expected(few.transform(X), y) > 0.95
    rows = np.sort(np.random.default_rng(0).choice(160, 80, replace=False))
    np.testing.assert_array_equal(few.components_, NeighborhoodComponents(dim=2).fit(X[rows], y[rows]).components_)


@pytest.mark.parametrize(("name", "value"), [("n_rows", 1), ("n_steps", 0)])
def test_wrong_counts_are_refused(data, name, value):
    with pytest.raises(ParameterError, match="at least"):
        NeighborhoodComponents(dim=1, **{name: value}).fit(*data)


def test_missing_classes_are_refused(data):
    with pytest.raises(ShapeError, match="the target y is None"):
        NeighborhoodComponents(dim=1).fit(data[0])


def test_a_dim_out_of_range_is_refused(data):
    with pytest.raises(ParameterError, match="got 4 for n_features=3"):
        NeighborhoodComponents(dim=4).fit(*data)
