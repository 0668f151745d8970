import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.linear import ConvexCombination

NAMES = ["apple", "bird", "car", "dog"]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.array(NAMES)[np.arange(80) % 4]
    X = rng.normal(size=(4, 5))[np.arange(80) % 4] + rng.normal(size=(80, 5)) * 0.7
    return X.astype(np.float32), y


@pytest.fixture
def labels():
    return dict(zip([*NAMES, "unseen"], np.random.default_rng(1).normal(size=(5, 3)), strict=True))


@pytest.mark.parametrize("n_labels", [1, 2, 10])
def test_equals_the_equation_by_loops(data, labels, n_labels):
    X, y = data
    probabilities = LogisticRegression(max_iter=1000).fit(X.astype(np.float64), y).predict_proba(X)
    got = ConvexCombination(labels, n_labels=n_labels).fit(X, y).transform(X)
    for row, p in zip(got, probabilities, strict=True):
        best = sorted(range(4), key=lambda i: -p[i])[:n_labels]
        want = sum(p[i] * labels[NAMES[i]] for i in best) / sum(p[i] for i in best)
        np.testing.assert_allclose(row, want, atol=1e-4)


def test_two_labels(data, labels):
    X, y = data
    few = np.isin(y, NAMES[:2])
    p = LogisticRegression(max_iter=1000).fit(X[few].astype(np.float64), y[few]).predict_proba(X)
    got = ConvexCombination(labels).fit(X[few], y[few]).transform(X)
    np.testing.assert_allclose(got, p @ [labels[name] for name in NAMES[:2]], atol=1e-4)


def test_one_label_gives_its_vector(data, labels):
    X, y = data
    conse = ConvexCombination(labels, n_labels=1).fit(X, y)
    distances = np.abs(conse.transform(X)[:, None] - conse.vectors_).max(axis=2)
    assert (distances.min(axis=1) < 1e-6).all()


def test_without_vectors_a_label_is_the_mean_of_its_own(data):
    X, y = data
    conse = ConvexCombination().fit(X, y)
    assert conse.classes_.tolist() == NAMES
    np.testing.assert_allclose(conse.vectors_[2], X[y == "car"].mean(axis=0), atol=1e-5)


def test_labels_can_be_numbers_and_are_saved(data, labels, tmp_path):
    X, y = data
    numbers = np.searchsorted(NAMES, y)
    conse = ConvexCombination({i: labels[name] for i, name in enumerate(NAMES)}).fit(X, numbers)
    want = ConvexCombination(labels).fit(X, y).transform(X)
    np.testing.assert_allclose(conse.transform(X), want, atol=1e-6)
    conse.save(tmp_path)
    np.testing.assert_array_equal(ConvexCombination.load(tmp_path).transform(X), conse.transform(X))


def test_wrong_input_is_refused(data, labels):
    X, y = data
    with pytest.raises(ParameterError, match="none for 'dog'"):
        ConvexCombination({name: labels[name] for name in NAMES[:3]}).fit(X, y)
    with pytest.raises(ParameterError, match="n_labels must be at least 1"):
        ConvexCombination(n_labels=0).fit(X, y)
    with pytest.raises(ParameterError, match="C must be above 0"):
        ConvexCombination(C=0).fit(X, y)
    with pytest.raises(ShapeError, match="at least two labels"):
        ConvexCombination().fit(X, ["a"] * 80)
    with pytest.raises(ShapeError, match="target y is None"):
        ConvexCombination().fit(X)
