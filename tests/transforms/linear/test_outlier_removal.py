import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.transforms.linear import OutlierRemoval


@pytest.fixture
def X():
    X = np.random.default_rng(0).normal(size=(200, 30)).astype(np.float32)
    X[:, 4] += 8
    X[:, 19] -= 7
    return X


def test_outliers_are_found_on_both_sides_and_set_to_zero(X):
    removal = OutlierRemoval().fit(X)
    assert removal.outliers_.tolist() == [4, 19]
    Z = removal.transform(X)
    assert not Z[:, [4, 19]].any()
    np.testing.assert_array_equal(np.delete(Z, [4, 19], axis=1), np.delete(X, [4, 19], axis=1))


def test_equals_the_definition_by_loops(X):
    means = [float(X[:, i].astype(np.float64).mean()) for i in range(30)]
    middle = sum(means) / 30
    deviation = (sum((m - middle) ** 2 for m in means) / 29) ** 0.5
    for n in (0.5, 1.0, 2.0, 3.5):
        want = [i for i, m in enumerate(means) if abs(m - middle) > n * deviation]
        assert OutlierRemoval(n).fit(X).outliers_.tolist() == want


def test_where_no_dimension_is_far_nothing_changes():
    X = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    removal = OutlierRemoval().fit(X)
    assert removal.outliers_.size == 0
    np.testing.assert_array_equal(removal.transform(X), X)
    assert OutlierRemoval().fit([[3.0], [4.0]]).outliers_.size == 0  # one dimension is far from no other


def test_cosines_of_unrelated_vectors_fall(X):
    def mean_cosine(A):
        A = A / np.linalg.norm(A, axis=1, keepdims=True)
        return np.square(A.mean(axis=0)).sum()

    assert mean_cosine(OutlierRemoval().fit_transform(X)) < 0.1 < 0.6 < mean_cosine(X)


def test_wrong_parameters_are_refused(X):
    with pytest.raises(ParameterError, match="n_deviations must be above 0"):
        OutlierRemoval(0).fit(X)
