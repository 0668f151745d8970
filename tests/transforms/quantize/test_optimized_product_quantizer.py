import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.core.vectors import product_top_k
from inlay.transforms.quantize import OptimizedProductQuantizer, ProductQuantizer
from inlay.transforms.quantize.optimized_product_quantizer import dealt_directions

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(500, 9)) * np.linspace(3, 0.2, 9) @ np.linalg.qr(RNG.normal(size=(9, 9)))[0]).astype(np.float32)


def lost(codec):
    return float(((codec.inverse_transform(codec.transform(X)) - X) ** 2).sum())


@pytest.mark.parametrize("m", [3, 4])
def test_the_rotation_is_one_and_codes_are_those_of_the_rotated_vectors(m):
    codec = OptimizedProductQuantizer(m, bits=4, n_rotations=5, n_iter=5).fit(X)
    R = codec.rotation_
    assert R.shape == (-(-9 // m) * m, 9)
    np.testing.assert_allclose(R.T @ R, np.eye(9), atol=1e-5)
    plain = ProductQuantizer(m, bits=4).fit(X @ R.T)
    plain.centroids_ = codec.centroids_
    np.testing.assert_array_equal(codec.transform(X), plain.transform(X @ R.T))


def test_less_is_lost_than_by_the_space_as_it_is_and_than_by_the_start():
    plain = ProductQuantizer(3, bits=4).fit(X)
    start = OptimizedProductQuantizer(3, bits=4, n_rotations=0).fit(X)
    turned = OptimizedProductQuantizer(3, bits=4, n_rotations=30).fit(X)
    assert lost(turned) < 1.02 * lost(start)
    assert lost(turned) < 0.9 * lost(plain)


def test_directions_are_dealt_out_as_in_loops():
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    buckets = [[], [], []]
    for i in range(8, -1, -1):
        room = [b for b in buckets if len(b) < 3]
        min(room, key=lambda b: np.prod(values[b]) if b else 0).append(i)
    want = vectors.T[[i for bucket in buckets for i in bucket]]
    np.testing.assert_allclose(np.abs(np.vecdot(dealt_directions(X, 3), want)), 1, atol=1e-4)


def test_search_is_that_of_the_vectors_that_codes_stand_for():
    pytest.importorskip("numba")
    codec = OptimizedProductQuantizer(4, bits=4, n_rotations=2, n_iter=2).fit(X)
    codes = codec.transform(X)
    hits, want = codec.search_codes(X[:9], codes, 15), product_top_k(X[:9], codec.inverse_transform(codes), 15)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5, atol=1e-5)


def test_what_is_refused():
    with pytest.raises(ParameterError, match="n_rotations must be at least 0, got -1"):
        OptimizedProductQuantizer(3, n_rotations=-1).fit(X)
    with pytest.raises(ParameterError, match="got 10 for n_features=9"):
        OptimizedProductQuantizer(10).fit(X)
