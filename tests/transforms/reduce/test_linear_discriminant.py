"""Linear discriminants maximise Fisher's criterion."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.reduce import LinearDiscriminant


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = rng.normal(size=(90, 4)) * [5, 1, 1, 1]
    X[:, 1] += 3 * y
    X[:, 2] += 2 * (y == 1)
    return X.astype(np.float32), y


def fisher(X, y, w):
    z = X.astype(np.float64) @ w
    between = within = 0.0
    for c in np.unique(y):
        of_class = z[y == c]
        between += len(of_class) * (of_class.mean() - z.mean()) ** 2
        within += ((of_class - of_class.mean()) ** 2).sum()
    return between / within


def test_no_other_direction_has_a_higher_criterion(data):
    X, y = data
    best = fisher(X, y, LinearDiscriminant(shrinkage=0.0).fit(X, y).components_[0])
    rng = np.random.default_rng(1)
    assert best > max(fisher(X, y, rng.normal(size=4)) for _ in range(500))


def test_the_two_class_direction_has_a_closed_form(data):
    X, y = data
    X, y = X[y != 2].astype(np.float64), y[y != 2]
    within = sum((X[y == c] - X[y == c].mean(axis=0)).T @ (X[y == c] - X[y == c].mean(axis=0)) for c in (0, 1))
    want = np.linalg.solve(within, X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0))
    got = LinearDiscriminant(shrinkage=0.0).fit(X, y).components_[0]
    assert abs(got @ want) / np.linalg.norm(got) / np.linalg.norm(want) == pytest.approx(1, abs=1e-4)


def test_names_of_classes_do_not_matter(data):
    X, y = data
    names = np.array(["x", "y", "z"])[y]
    np.testing.assert_array_equal(
        LinearDiscriminant().fit_transform(X, y), LinearDiscriminant().fit_transform(X, names)
    )


def test_shrinkage_is_estimated_where_columns_outnumber_rows():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.normal(size=(40, 60))
    X[:, 0] += 6 * y
    new = rng.normal(size=(200, 60))
    new[:, 0] += 6 * (np.arange(200) % 2)
    Z = LinearDiscriminant().fit(X, y).transform(new).ravel()
    assert abs(np.corrcoef(Z, np.arange(200) % 2)[0, 1]) > 0.7


def test_it_has_one_direction_less_than_classes(data):
    X, y = data
    assert LinearDiscriminant().fit_transform(X, y).shape == (90, 2)
    assert LinearDiscriminant(dim=1).fit_transform(X, y).shape == (90, 1)
    with pytest.raises(ParameterError, match="got 3 for 3 classes"):
        LinearDiscriminant(dim=3).fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "the target y is None"),
        ([0, 1], "each of the 90 rows of X, got 2"),
        (np.zeros(90), "at least two classes, got 1 class"),
        (np.linspace(0, 1, 90), "continuous"),
        (np.zeros((90, 2)), "one class for each row"),
    ],
)
def test_wrong_classes_are_refused(data, y, message):
    with pytest.raises(ShapeError, match=message):
        LinearDiscriminant().fit(data[0], y)


def test_wrong_shrinkage_is_refused(data):
    with pytest.raises(ParameterError, match="from 0 to 1 or None, got 2"):
        LinearDiscriminant(shrinkage=2).fit(*data)


def test_repeated_columns_without_shrinkage_are_refused(data):
    X, y = data
    with pytest.raises(ShapeError, match="has no inverse"):
        LinearDiscriminant(shrinkage=0.0).fit(np.zeros_like(X), y)
