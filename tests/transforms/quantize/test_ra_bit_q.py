import numpy as np
import pytest

from inlay.core.errors import ShapeError
from inlay.core.vectors import product_top_k
from inlay.transforms.quantize import RaBitQ

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(200, 12)) + 1).astype(np.float32)


def test_codes_are_those_of_loops():
    codec = RaBitQ().fit(X)
    codes = codec.transform(X)
    assert codes.shape == (200, 2 + 4)
    for x, code in zip(X.astype(float), codes, strict=True):
        rest = x - codec.center_
        turned = codec.rotation_ @ rest
        bits = [int(code[j // 8]) >> j % 8 & 1 for j in range(12)]
        assert bits == [int(t > 0) for t in turned]
        corner = (2 * np.array(bits) - 1) / np.sqrt(12)
        factor = np.linalg.norm(rest) / np.sqrt(12) / (corner @ turned / np.linalg.norm(rest))
        assert code[-4:].view("<f4")[0] == pytest.approx(factor, rel=1e-4)


def test_faiss_makes_the_same_bits_and_estimates():
    faiss = pytest.importorskip("faiss")
    if not hasattr(faiss, "IndexRaBitQ"):
        pytest.skip("this faiss has no RaBitQ")
    codec = RaBitQ().fit(X)
    turned = np.ascontiguousarray((X - codec.center_) @ codec.rotation_.T)
    other = faiss.RaBitQuantizer(12, faiss.METRIC_INNER_PRODUCT)
    other.train(turned)
    np.testing.assert_array_equal(other.compute_codes(turned)[:, :2], codec.transform(X)[:, :2])
    index = faiss.IndexRaBitQ(12, faiss.METRIC_INNER_PRODUCT)
    index.qb = 0  # the query stays as it is
    index.train(turned)
    index.add(turned)
    Q = RNG.normal(size=(5, 12)).astype(np.float32)
    scores, ids = index.search(np.ascontiguousarray(Q @ codec.rotation_.T), 200)
    ours = (Q @ codec.inverse_transform(codec.transform(X)).T) - (Q @ codec.center_)[:, None]
    want = np.take_along_axis(ours, ids, 1)
    # faiss takes the mean of what it is given for the centre, which is zero up to rounding.
    np.testing.assert_allclose(scores, want, atol=0.02 * np.abs(want).max())


def test_estimates_are_right_on_average_over_rotations():
    Q, rows = RNG.normal(size=(4, 12)).astype(np.float32), X[:20]
    estimates = []
    for seed in range(300):
        codec = RaBitQ(random_state=seed).fit(X)
        estimates.append(Q @ codec.inverse_transform(codec.transform(rows)).T)
    error = np.mean(estimates, axis=0) - Q @ rows.T
    spread = np.std(estimates, axis=0) / np.sqrt(300)
    assert (np.abs(error) < 4.5 * spread).all()


def test_search_is_that_of_the_estimates():
    pytest.importorskip("numba")
    codec = RaBitQ().fit(X)
    codes = codec.transform(X)
    hits, want = codec.search_codes(X[:9], codes, 15), product_top_k(X[:9], codec.inverse_transform(codes), 15)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5, atol=1e-4)


def test_a_vector_at_the_centre_comes_back():
    both = np.float32([[1, 2], [3, 4], [2, 3]])
    codec = RaBitQ().fit(both)
    np.testing.assert_allclose(codec.inverse_transform(codec.transform(both))[2], [2, 3], atol=1e-6)


def test_what_is_refused():
    codec = RaBitQ().fit(X)
    with pytest.raises(ShapeError, match=r"Codes must be uint8 of shape \(n, 6\), got uint8 of shape \(1, 2\)"):
        codec.inverse_transform(np.zeros((1, 2), np.uint8))
    with pytest.raises(ShapeError, match="Q must have 12 columns, got 11"):
        codec.search_codes(X[:, 1:], codec.transform(X), 1)
