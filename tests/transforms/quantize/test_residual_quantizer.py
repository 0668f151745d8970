import itertools

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import product_top_k
from inlay.transforms.quantize import ResidualQuantizer

X = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)


def lost(codec):
    return ((codec.inverse_transform(codec.transform(X)) - X) ** 2).sum(axis=1)


def numbers(codes, m):
    return np.stack([codes[:, j // 2] >> 4 * (j % 2) & 15 for j in range(m)], axis=1)


def test_a_beam_of_one_takes_the_nearest_centroid_of_each_residual():
    codec = ResidualQuantizer(3, bits=4, beam_size=1, n_iter=5).fit(X)
    found = numbers(codec.transform(X), 3)
    for x, code in zip(X, found, strict=True):
        rest = x.astype(float)
        for j in range(3):
            far = ((codec.codebooks_[j] - rest) ** 2).sum(axis=1)
            assert far[code[j]] == pytest.approx(far.min(), rel=1e-4)
            rest = rest - codec.codebooks_[j, code[j]]


def test_a_beam_of_all_sums_finds_the_best_one():
    codec = ResidualQuantizer(3, bits=4, beam_size=256, n_iter=5).fit(X)
    sums = [sum(codec.codebooks_[j, i] for j, i in enumerate(code)) for code in itertools.product(range(16), repeat=3)]
    best = ((X[:40, None] - np.stack(sums)) ** 2).sum(axis=2).min(axis=1)
    np.testing.assert_allclose(lost(codec)[:40], best, rtol=1e-4)


def test_a_wider_beam_and_more_codebooks_lose_less():
    by_beam = [lost(ResidualQuantizer(4, bits=4, beam_size=b, n_iter=5).fit(X)).sum() for b in (1, 4, 16)]
    by_size = [lost(ResidualQuantizer(m, bits=4, beam_size=4, n_iter=5).fit(X)).sum() for m in (1, 2, 4)]
    assert by_beam == sorted(by_beam, reverse=True)
    assert by_size == sorted(by_size, reverse=True)


def test_search_is_that_of_the_vectors_that_codes_stand_for():
    pytest.importorskip("numba")
    codec = ResidualQuantizer(3, bits=4, n_iter=3).fit(X)
    codes = codec.transform(X)
    hits, want = codec.search_codes(X[:9], codes, 15), product_top_k(X[:9], codec.inverse_transform(codes), 15)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5, atol=1e-5)


def test_what_is_refused():
    for name in ("n_codebooks", "beam_size", "n_iter"):
        with pytest.raises(ParameterError, match=f"{name} must be at least 1, got 0"):
            ResidualQuantizer().set_params(**{name: 0}).fit(X)
    codec = ResidualQuantizer(3, bits=4, n_iter=1).fit(X)
    with pytest.raises(ShapeError, match=r"Codes must be uint8 of shape \(n, 2\)"):
        codec.inverse_transform(np.zeros((3, 3), np.uint8))
