import numpy as np
import pytest

from inlay._compression.bound import bound
from inlay.core.vectors import product_top_k


@pytest.fixture
def space():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 8)).astype(np.float32)
    Q = rng.normal(size=(12, 8)).astype(np.float32)
    return X, Q, product_top_k(Q, X, 5)


def test_equals_loops(space):
    X, Q, exact = space
    errors = np.random.default_rng(1).uniform(0, 0.1, 300).astype(np.float32)
    places = []
    for q, ids in zip(Q, exact.ids, strict=True):
        size = np.linalg.norm(q)
        for hit in ids:
            least = q @ X[hit] - size * errors[hit]
            places.append(sum(q @ X[i] + size * errors[i] >= least for i in range(300)))
    found = bound(Q, X, errors, exact, depth=7)
    assert found.place == sorted(places)[int(np.ceil(0.95 * (len(places) - 1)))]
    assert found.certain == pytest.approx(np.mean([place <= 7 for place in places]))
    assert found.error == pytest.approx((errors**2).sum() / (X**2).sum(), rel=1e-5)


def test_no_error_moves_nothing(space):
    X, Q, exact = space
    found = bound(Q, X, np.zeros(300, np.float32), exact, depth=5)
    assert (found.error, found.place, found.certain) == (0.0, 5, 1.0)


@pytest.mark.parametrize("scale", [0.01, 0.05, 0.2])
def test_no_codes_of_that_error_move_a_hit_further(space, scale):
    X, Q, exact = space
    rng = np.random.default_rng(2)
    for _ in range(20):
        shift = rng.normal(size=X.shape).astype(np.float32) * scale
        found = bound(Q, X, np.linalg.norm(shift, axis=1), exact, depth=5)
        order = np.argsort(-(Q @ (X + shift).T), axis=1, kind="stable")
        places = (order[:, None, :] == exact.ids[:, :, None]).argmax(axis=2) + 1
        assert np.quantile(places, 0.95, method="higher") <= found.place
        assert (places <= 5).mean() >= found.certain
