import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.transforms.linear import SphericalNormalization


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(80, 5)) * [3, 1, 1, 1, 1] + [4, 2, 0, 0, 0]


def test_equals_the_algorithm_by_loops(X):
    Z = list(X)
    for _ in range(5):
        Z = [v / np.sqrt(sum(v * v)) for v in Z]
        mean = sum(Z) / len(Z)
        Z = [v - mean for v in Z]
    want = [v / np.sqrt(sum(v * v)) for v in Z]
    np.testing.assert_allclose(SphericalNormalization().fit_transform(X), want, atol=1e-5)


def test_length_is_one_and_the_mean_comes_to_zero(X):
    means = []
    for n in (1, 5, 20):
        Z = SphericalNormalization(n).fit_transform(X)
        np.testing.assert_allclose(np.linalg.norm(Z, axis=1), 1, atol=1e-5)
        means.append(np.linalg.norm(Z.mean(axis=0)))
    assert means[0] > means[1] > means[2]
    assert means[2] < 1e-4


def test_lengths_make_no_difference(X):
    scaled = X * np.random.default_rng(1).uniform(0.1, 10, size=(80, 1))
    np.testing.assert_allclose(
        SphericalNormalization().fit_transform(scaled), SphericalNormalization().fit_transform(X), atol=1e-5
    )


def test_what_falls_on_the_mean_is_zero():
    assert not SphericalNormalization().fit_transform([[3.0, 4.0], [3.0, 4.0]]).any()


def test_wrong_parameters_are_refused(X):
    with pytest.raises(ParameterError, match="n_iterations must be at least 1"):
        SphericalNormalization(0).fit(X)
