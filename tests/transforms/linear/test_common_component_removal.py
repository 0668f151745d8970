import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from inlay.core.errors import ParameterError
from inlay.transforms.linear import CommonComponentRemoval


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 5)) @ np.diag([9, 5, 1, 1, 1]) @ rng.normal(size=(5, 5)) + rng.normal(size=5) * 3


def test_equals_the_algorithm_by_loops(X):
    mean = X.mean(axis=0)
    _, _, V = np.linalg.svd(X - mean)
    want = []
    for v in X:
        left = v - mean
        for u in V[:2]:
            left = left - (u @ (v - mean)) * u
        want.append(left)
    np.testing.assert_allclose(CommonComponentRemoval(2).fit_transform(X), want, atol=1e-4)


def test_sif_takes_out_the_first_singular_vector_of_what_is_not_centred(X):
    u = TruncatedSVD(1, algorithm="arpack").fit(X).components_
    np.testing.assert_allclose(CommonComponentRemoval(1, center=False).fit_transform(X), X - X @ u.T @ u, atol=1e-4)


def test_nothing_is_left_along_the_directions(X):
    removal = CommonComponentRemoval(3).fit(X)
    assert abs(removal.transform(X + 1) @ removal.components_.T).max() < 1e-4
    np.testing.assert_allclose(removal.components_ @ removal.components_.T, np.eye(3), atol=1e-5)


@pytest.mark.parametrize(("d", "n"), [(1, 0), (2, 1), (300, 3)])
def test_none_takes_a_hundredth(d, n):
    Z = np.random.default_rng(0).normal(size=(20, d))
    assert CommonComponentRemoval().fit(Z).components_.shape == (n, d)


def test_none_removed_is_centring(X):
    np.testing.assert_allclose(CommonComponentRemoval(0).fit_transform(X), X - X.mean(axis=0), atol=1e-4)


@pytest.mark.parametrize("n", [-1, 5])
def test_wrong_parameters_are_refused(X, n):
    with pytest.raises(ParameterError, match="n_components must be from 0 to 4"):
        CommonComponentRemoval(n).fit(X)
