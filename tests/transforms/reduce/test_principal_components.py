"""Principal components are the eigenvectors of the covariance, and nothing linear reconstructs better."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.reduce import PrincipalComponents


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(80, 5)) * [4, 2, 1, 0.5, 0.1] + 3).astype(np.float32)


def test_it_equals_the_eigenvectors_of_the_covariance(X):
    pca = PrincipalComponents(dim=3).fit(X)
    mean = X.astype(np.float64).mean(axis=0)
    covariance = np.zeros((5, 5))
    for x in X.astype(np.float64):
        covariance += np.outer(x - mean, x - mean) / (len(X) - 1)
    values, vectors = np.linalg.eigh(covariance)
    want = (X - mean) @ vectors[:, ::-1][:, :3]
    np.testing.assert_allclose(np.abs(pca.transform(X)), np.abs(want), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(pca.explained_, values[::-1][:3] / values.sum(), rtol=1e-4)


def test_all_directions_give_the_vectors_back(X):
    pca = PrincipalComponents(dim=5, whiten=True).fit(X)
    np.testing.assert_allclose(pca.inverse_transform(pca.transform(X)), X, atol=1e-4)


def test_no_random_map_reconstructs_better(X):
    pca = PrincipalComponents(dim=2).fit(X)
    error = np.linalg.norm(pca.inverse_transform(pca.transform(X)) - X)
    centred = X - X.mean(axis=0)
    for seed in range(20):
        Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 2)))
        assert error < np.linalg.norm(centred @ Q @ Q.T - centred)


def test_whitened_directions_vary_alike(X):
    Z = PrincipalComponents(dim=4, whiten=True).fit_transform(X)
    np.testing.assert_allclose(np.cov(Z.T), np.eye(4), atol=1e-3)


def test_whitening_leaves_directions_without_variance_alone():
    X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    X[:, 2] = X[:, 0]
    Z = PrincipalComponents(dim=3, whiten=True).fit_transform(X)
    assert np.abs(Z[:, 2]).max() < 1e-4


def test_more_columns_than_rows():
    X = np.random.default_rng(0).normal(size=(6, 20)).astype(np.float32)
    pca = PrincipalComponents(dim=5).fit(X)
    np.testing.assert_allclose(pca.inverse_transform(pca.transform(X)), X, atol=1e-4)


@pytest.mark.parametrize(("dim", "message"), [(0, "from 1 to"), (6, "n_features=5")])
def test_a_dim_out_of_range_is_refused(X, dim, message):
    with pytest.raises(ParameterError, match=message):
        PrincipalComponents(dim=dim).fit(X)


def test_more_dimensions_than_rows_are_refused(X):
    with pytest.raises(ParameterError, match="n_samples=3"):
        PrincipalComponents(dim=4).fit(X[:3])


def test_codes_of_another_width_are_refused(X):
    pca = PrincipalComponents(dim=2).fit(X)
    with pytest.raises(ShapeError, match="2 columns, got 3"):
        pca.inverse_transform(np.zeros((1, 3)))
