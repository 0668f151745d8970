"""Random directions keep distances, and belong to the seed alone."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.transforms.reduce import RandomProjection


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(12, 1000)).astype(np.float32)


def test_distances_are_kept_within_the_bound_of_the_lemma(X):
    dim = 700
    # The epsilon for which 4 ln n / (e^2 / 2 - e^3 / 3) is the dimension
    epsilon = next(e for e in np.arange(0.01, 1, 0.01) if 4 * np.log(len(X)) / (e**2 / 2 - e**3 / 3) <= dim)
    Z = RandomProjection(dim=dim).fit_transform(X)
    for i in range(len(X)):
        for j in range(i):
            ratio = np.sum((Z[i] - Z[j]) ** 2) / np.sum((X[i] - X[j]) ** 2)
            assert 1 - epsilon < ratio < 1 + epsilon


def test_entries_have_the_variance_of_the_lemma(X):
    R = RandomProjection(dim=100).fit(X).components_
    assert R.shape == (100, 1000)
    assert abs(R.mean()) < 1e-3
    assert R.var() == pytest.approx(1 / 100, rel=0.02)


def test_the_map_depends_on_the_seed_and_not_on_the_vectors(X):
    one = RandomProjection(dim=3).fit(X).components_
    assert np.array_equal(one, RandomProjection(dim=3).fit(X[:2] * 7).components_)
    assert not np.allclose(one, RandomProjection(dim=3, random_state=1).fit(X).components_)


@pytest.mark.parametrize("dim", [0, 1001])
def test_a_dim_out_of_range_is_refused(X, dim):
    with pytest.raises(ParameterError, match=f"got {dim} for n_features=1000"):
        RandomProjection(dim=dim).fit(X)
