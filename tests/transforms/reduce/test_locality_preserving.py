"""Locality preserving projections solve their eigenproblem."""

import numpy as np
import pytest
from scipy import linalg

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.reduce import LocalityPreserving
from inlay.transforms.reduce._neighbours import neighbours


@pytest.fixture
def X():
    return (np.random.default_rng(0).normal(size=(40, 4)) * [3, 2, 1, 0.5] + 1).astype(np.float32)


def graph(X, k, width):
    n = len(X)
    W = np.zeros((n, n))
    for i in range(n):
        far = [np.sum((X[i].astype(np.float64) - X[j]) ** 2) if j != i else np.inf for j in range(n)]
        for j in np.argsort(far)[:k]:
            W[i, j] = W[j, i] = 1.0 if width is None else np.exp(-far[j] / width)
    return W


@pytest.mark.parametrize("width", [None, 2.0])
def test_it_equals_the_eigenvectors_of_the_whole_problem(X, width):
    W = graph(X, 4, width)
    D = np.diag(W.sum(axis=1))
    P = X.astype(np.float64)
    P = P - (np.diag(D) @ P) / D.trace()
    _, want = linalg.eigh(P.T @ (D - W) @ P, P.T @ D @ P)
    got = LocalityPreserving(dim=3, k=4, width=width).fit(X).components_
    for a, b in zip(got, want.T, strict=False):
        assert abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b) == pytest.approx(1, abs=1e-4)


def test_no_other_direction_of_the_same_spread_is_smoother(X):
    W = graph(X, 4, None)
    D = W.sum(axis=1)

    def roughness(z):
        z = z.astype(np.float64) - D @ z / D.sum()
        return (W * (z[:, None] - z[None]) ** 2).sum() / (D * z**2).sum()

    best = roughness(LocalityPreserving(dim=1, k=4).fit_transform(X).ravel())
    rng = np.random.default_rng(1)
    assert best < min(roughness(X @ rng.normal(size=4)) for _ in range(300))


def test_scale_and_shift_of_the_vectors_do_not_matter(X):
    a = LocalityPreserving(dim=2, k=4).fit_transform(X)
    b = LocalityPreserving(dim=2, k=4).fit_transform(100 * X + 7)
    np.testing.assert_allclose(a, b, atol=2e-3)


def test_components_without_much_variance_can_be_left_out(X):
    noisy = np.column_stack([X, 1e-3 * np.random.default_rng(2).normal(size=len(X))])
    assert np.abs(LocalityPreserving(dim=2, k=4, kept=0.98).fit(noisy).components_[:, 4]).max() < 0.01


def test_neighbours_equal_loops_and_leave_the_row_out(X):
    twins = np.concatenate([X, X[:3], X[:3], X[:3]])
    got = neighbours(twins, 2)
    for i in range(len(twins)):
        far = [np.sum((twins[i].astype(np.float64) - twins[j]) ** 2) for j in range(len(twins))]
        assert i not in got[i]
        np.testing.assert_allclose(sorted(far[j] for j in got[i]), sorted(far[:i] + far[i + 1 :])[:2], atol=1e-9)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dim": 5}, "n_features=4"),
        ({"k": 40}, "k must be from 1 to the number of rows less one, got 40"),
        ({"width": 0.0}, "width must be above 0"),
        ({"kept": 1.5}, "kept must be above 0 and at most 1"),
    ],
)
def test_wrong_parameters_are_refused(X, params, message):
    with pytest.raises(ParameterError, match=message):
        LocalityPreserving(**{"dim": 2, "k": 4, **params}).fit(X)


def test_vectors_that_vary_too_little_are_refused(X):
    flat = X.copy()
    flat[:, 1:] = 1
    with pytest.raises(ShapeError, match="in at least dim=2 directions, it varies in 1"):
        LocalityPreserving(dim=2, k=4).fit(flat)
