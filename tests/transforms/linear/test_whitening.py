import numpy as np
import pytest
from sklearn.decomposition import PCA

from inlay.core.errors import ParameterError
from inlay.transforms.linear import Whitening


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(400, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6) * 5).astype(np.float32)


@pytest.mark.parametrize("kind", ["pca", "zca"])
def test_the_covariance_becomes_the_identity(X, kind):
    Z = Whitening(kind).fit_transform(X)
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(Z.T, bias=True), np.eye(6), atol=1e-3)


def test_pca_is_that_of_scikit_learn_up_to_signs(X):
    want = PCA(whiten=True).fit_transform(X.astype(np.float64)) * np.sqrt(400 / 399)  # it divides by n - 1
    np.testing.assert_allclose(abs(Whitening().fit_transform(X)), abs(want), atol=1e-3)


def test_dim_keeps_the_first(X):
    np.testing.assert_allclose(Whitening(dim=2).fit_transform(X), Whitening().fit_transform(X)[:, :2], atol=1e-5)


def test_both_kinds_have_the_same_cosines(X):
    A, B = Whitening("pca").fit_transform(X), Whitening("zca").fit_transform(X)
    np.testing.assert_allclose(A @ A.T, B @ B.T, atol=1e-2)


def test_zca_is_the_whitening_nearest_to_the_centred_vectors(X):
    centred = X - X.mean(axis=0)
    A, B = Whitening("pca").fit_transform(X), Whitening("zca").fit_transform(X)
    assert np.linalg.norm(B - centred) < np.linalg.norm(A - centred)


def test_what_does_not_vary_becomes_zero_whatever_comes_later():
    X = np.random.default_rng(0).normal(size=(5, 8))
    whitening = Whitening().fit(X)
    assert np.isfinite(whitening.transform(X + 1)).all()
    assert abs(whitening.transform(np.ones((1, 8)) * 100)).max() < 1e4
    assert not whitening.components_[:, 4:].any()  # five vectors have four directions around their mean


def test_epsilon_holds_small_directions_down():
    X = np.random.default_rng(0).normal(size=(500, 2)) * [10, 0.1]
    std = Whitening(epsilon=0.5).fit_transform(X).std(axis=0)
    mean = np.square(X.std(axis=0)).mean()
    np.testing.assert_allclose(std, np.sqrt(X.var(axis=0) / (X.var(axis=0) + 0.5 * mean)), rtol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "ica"}, "'pca' or 'zca'"),
        ({"dim": 7}, "dim must be from 1 to 6"),
        ({"dim": 0}, "dim must be from 1 to 6"),
        ({"kind": "zca", "dim": 2}, "None with 'zca'"),
        ({"epsilon": -1}, "epsilon must be at least 0"),
    ],
)
def test_wrong_parameters_are_refused(X, parameters, message):
    with pytest.raises(ParameterError, match=message):
        Whitening(**parameters).fit(X)
