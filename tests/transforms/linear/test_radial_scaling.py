import numpy as np
import pytest
from scipy.stats import chi, kstest

from inlay.core.errors import ParameterError
from inlay.core.vectors import normalize
from inlay.transforms.linear import RadialScaling


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    return normalize(rng.normal(size=(3000, 4))) * rng.lognormal(sigma=1.5, size=(3000, 1))


@pytest.mark.parametrize("kind", ["gaussian", "power"])
def test_directions_stay(X, kind):
    np.testing.assert_allclose(normalize(RadialScaling(kind).fit_transform(X)), normalize(X), atol=1e-5)


def test_lengths_become_those_of_a_normal_distribution(X):
    few = X[:900]  # each of which is a quantile of its own
    want = chi.ppf((np.argsort(np.argsort(np.linalg.norm(few, axis=1))) + 0.5) / 900, 4)
    np.testing.assert_allclose(np.linalg.norm(RadialScaling().fit_transform(few), axis=1), want, rtol=1e-4)
    fresh = normalize(np.random.default_rng(1).normal(size=(2000, 4)))
    Z = RadialScaling().fit(X).transform(fresh * np.random.default_rng(2).lognormal(sigma=1.5, size=(2000, 1)))
    assert kstest(Z[:, 0], "norm").pvalue > 0.01


def test_longer_vectors_stay_longer(X):
    Z = RadialScaling().fit(X[:500]).transform(np.outer(np.logspace(-6, 6, 200), X[0]))
    r = np.linalg.norm(Z, axis=1)
    assert (np.diff(r) > 0).all()


def test_power(X):
    r = np.linalg.norm(X, axis=1)
    for p in (0.0, 0.5, 1.0):
        Z = RadialScaling("power", power=p).fit_transform(X)
        np.testing.assert_allclose(np.linalg.norm(Z, axis=1), r**p / np.mean(r**p), rtol=1e-4)


def test_equal_lengths_and_zeros():
    Z = RadialScaling().fit_transform([[3.0, 4.0], [5.0, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(np.linalg.norm(Z, axis=1), [chi.ppf([0.25, 0.75], 2).mean()] * 2 + [0], rtol=1e-5)
    for kind in ("gaussian", "power"):
        assert not RadialScaling(kind).fit_transform(np.zeros((3, 2))).any()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"kind": "log"}, "'gaussian' or 'power'"), ({"power": -0.5}, "power must be at least 0")],
)
def test_wrong_parameters_are_refused(X, parameters, message):
    with pytest.raises(ParameterError, match=message):
        RadialScaling(**parameters).fit(X)
