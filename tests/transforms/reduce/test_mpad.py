"""MPAD maximises what it says, with an exact gradient, and outliers do not draw it."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from inlay.core.errors import ParameterError
from inlay.transforms.reduce import MPAD, PrincipalComponents
from inlay.transforms.reduce._gaps import smallest_gaps


@pytest.fixture
def X():
    return (np.random.default_rng(0).normal(size=(60, 5)) * [3, 2, 1, 0.5, 0.2] + 2).astype(np.float32)


def slow(p, share):
    gaps = sorted(abs(p[i] - p[j]) for i in range(len(p)) for j in range(i))
    return np.mean(gaps[: round(share * len(gaps))])


@pytest.mark.parametrize("share", [0.1, 0.6, 0.8, 1.0])
def test_the_mean_of_the_smallest_gaps_equals_sorting_all_pairs(share):
    p = np.random.default_rng(0).normal(size=41)  # 820 pairs
    value, slope = smallest_gaps(p, share)
    assert value == pytest.approx(slow(p, share), rel=1e-6)
    np.testing.assert_allclose(slope, approx_fprime(p, lambda q: slow(q, share), 1e-7), atol=1e-5)


def test_equal_numbers_have_gaps_of_zero():
    value, slope = smallest_gaps(np.array([1.0, 1.0, 1.0, 5.0]), 0.5)
    assert value == pytest.approx(0, abs=1e-6)
    assert np.isfinite(slope).all()


def objective(X, w, before, share, alpha):
    scaled = X.astype(np.float64) - X.mean(axis=0)
    scaled /= np.sqrt((scaled**2).mean())
    return slow(scaled @ w, share) - alpha * sum((w @ v) ** 2 for v in before)


def test_no_other_direction_does_better(X):
    W = MPAD(dim=2, share=0.7, alpha=2.0).fit(X).components_.astype(np.float64)
    rng = np.random.default_rng(1)
    for number in range(2):
        best = objective(X, W[number], W[:number], 0.7, 2.0)
        for _ in range(60):
            w = rng.normal(size=5)
            assert objective(X, w / np.linalg.norm(w), W[:number], 0.7, 2.0) < best


def test_a_large_alpha_makes_directions_orthogonal_and_none_makes_them_repeat(X):
    W = MPAD(dim=4, alpha=1e4).fit(X).components_
    np.testing.assert_allclose(W @ W.T, np.eye(4), atol=1e-3)
    W = MPAD(dim=2, alpha=0.0).fit(X).components_
    assert abs(W[0] @ W[1]) > 0.99


def test_an_outlier_draws_principal_components_and_not_this(X):
    X[0, 4] = 500
    assert abs(PrincipalComponents(dim=1).fit(X).components_[0, 4]) > 0.99
    assert abs(MPAD(dim=1).fit(X).components_[0, 4]) < 0.5


def test_scale_and_shift_of_the_vectors_do_not_matter(X):
    a, b = (MPAD(dim=2).fit(x).components_ for x in (X, 100 * X - 50))
    np.testing.assert_allclose(a, b, atol=1e-3)


def test_only_so_many_rows_are_learned_from(X):
    few = MPAD(dim=1, n_rows=20).fit(X)
    assert not np.allclose(few.components_, MPAD(dim=1).fit(X).components_, atol=1e-4)
    np.testing.assert_allclose(few.mean_, X.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dim": 6}, "n_features=5"),
        ({"share": 0.0}, "share must be above 0"),
        ({"share": 1.1}, "share must be above 0"),
        ({"alpha": -1.0}, "alpha must be at least 0"),
        ({"n_rows": 1}, "n_rows must be at least 2"),
        ({"n_steps": 0}, "n_steps at least 1"),
    ],
)
def test_wrong_parameters_are_refused(X, params, message):
    with pytest.raises(ParameterError, match=message):
        MPAD(**{"dim": 2, **params}).fit(X)
