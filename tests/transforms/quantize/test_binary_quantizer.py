import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.transforms.quantize import BinaryQuantizer

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(400, 11)) * np.linspace(1, 2, 11) + np.linspace(-1, 1, 11)).astype(np.float32)


def test_codes_are_those_of_loops():
    codec = BinaryQuantizer().fit(X)
    codes, back = codec.transform(X), codec.inverse_transform(codec.transform(X))
    assert codes.shape == (400, 2)
    mean = [sum(X[:, j].astype(float)) / 400 for j in range(11)]
    size = [sum(abs(X[:, j].astype(float) - mean[j])) / 400 for j in range(11)]
    for i in range(400):
        for j in range(11):
            bit = codes[i, j // 8] >> j % 8 & 1
            assert bit == (X[i, j] > mean[j])
            assert back[i, j] == pytest.approx(mean[j] + (1 if bit else -1) * size[j], rel=1e-5, abs=1e-6)


def test_search_is_that_of_the_vectors_that_codes_stand_for():
    pytest.importorskip("numba")
    codec = BinaryQuantizer().fit(X)
    codes = codec.transform(X)
    hits, want = codec.search_codes(X[:9], codes, 15), product_top_k(X[:9], codec.inverse_transform(codes), 15)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5, atol=1e-5)


def test_a_query_as_it_is_finds_more_than_its_bits():
    pytest.importorskip("numba")
    vectors = normalize(np.random.default_rng(1).normal(size=(3000, 128)))
    Q, stored = vectors[:100], vectors[100:]
    codec = BinaryQuantizer().fit(stored)
    true = product_top_k(Q, stored, 10).ids
    whole = codec.search_codes(Q, codec.transform(stored), 10).ids
    differ = np.bitwise_count(codec.transform(Q)[:, None] ^ codec.transform(stored)).sum(axis=2, dtype=int)
    bits = np.argsort(differ, axis=1, kind="stable")[:, :10]
    shares = [np.mean([np.isin(a, b).mean() for a, b in zip(true, ids, strict=True)]) for ids in (whole, bits)]
    assert shares[0] > shares[1] + 0.05


def test_what_is_refused():
    codec = BinaryQuantizer().fit(X)
    with pytest.raises(ShapeError, match=r"Codes must be uint8 of shape \(n, 2\), got float32 of shape \(400, 11\)"):
        codec.inverse_transform(X)
    with pytest.raises(NotFittedError):
        BinaryQuantizer().search_codes(X, np.zeros((2, 2), np.uint8), 1)
