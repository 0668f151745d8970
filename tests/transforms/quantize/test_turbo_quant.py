import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.transforms.quantize import TurboQuant
from inlay.transforms.quantize.turbo_quant import levels

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(200, 16)) * RNG.random((200, 1)) * 5).astype(np.float32)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_codes_are_those_of_loops(bits):
    codec = TurboQuant(bits).fit(X)
    codes, per = codec.transform(X), 8 // bits
    assert codes.shape == (200, 16 * bits // 8 + 4)
    for x, code in zip(X[:50].astype(float), codes, strict=False):
        unit = codec.rotation_ @ (x / np.linalg.norm(x))
        found = [int(code[j // per]) >> bits * (j % per) & (2**bits - 1) for j in range(16)]
        assert found == [int(np.abs(codec.levels_ - t).argmin()) for t in unit]
        factor = np.linalg.norm(x) / (codec.levels_[found] @ unit)
        assert code[-4:].view("<f4")[0] == pytest.approx(factor, rel=1e-4)


@pytest.mark.parametrize(("bits", "loss"), [(1, 0.36), (2, 0.117), (4, 0.009)])
def test_the_mean_squared_error_is_that_of_the_paper(bits, loss):
    vectors = normalize(np.random.default_rng(1).normal(size=(300, 256)) * np.linspace(0.1, 3, 256))
    codec = TurboQuant(bits).fit(vectors)
    unit = vectors @ codec.rotation_.T
    rounded = codec.levels_[np.abs(unit[:, :, None] - codec.levels_).argmin(axis=2)]
    assert ((rounded - unit) ** 2).sum(axis=1).mean() == pytest.approx(loss, rel=0.06)


@pytest.mark.parametrize("dim", [1, 2, 3, 50])
def test_levels_are_symmetric_and_each_the_mean_of_what_is_nearest(dim):
    for bits in (1, 2, 4):
        found = levels(dim, bits)
        np.testing.assert_allclose(found, -found[::-1], atol=1e-3)
        assert (np.diff(found) >= 0).all()
        assert np.abs(found).max() <= 1 + 1e-6
    np.testing.assert_allclose(levels(3, 2), [-0.75, -0.25, 0.25, 0.75], atol=2e-3)  # there f is uniform


def test_turbovec_has_the_same_levels_and_finds_as_many_neighbours():
    turbovec = pytest.importorskip("turbovec")
    pytest.importorskip("numba")
    vectors = normalize(np.random.default_rng(2).normal(size=(2000, 64)))
    Q, stored = vectors[:100], vectors[100:]
    true = product_top_k(Q, stored, 10).ids
    for bits in (2, 4):
        codec = TurboQuant(bits).fit(stored)
        ours = codec.search_codes(Q, codec.transform(stored), 10).ids
        index = turbovec.TurboQuantIndex(dim=64, bit_width=bits)
        index.add(stored)
        theirs = index.search(Q, 10)[1]
        shares = [np.mean([np.isin(a, b).mean() for a, b in zip(true, ids, strict=True)]) for ids in (ours, theirs)]
        assert abs(shares[0] - shares[1]) < 0.04
        assert shares[0] > (0.5 if bits == 2 else 0.8)


def test_search_is_that_of_the_estimates():
    pytest.importorskip("numba")
    for bits in (1, 2, 4):
        codec = TurboQuant(bits).fit(X)
        codes = codec.transform(X)
        hits, want = codec.search_codes(X[:9], codes, 15), product_top_k(X[:9], codec.inverse_transform(codes), 15)
        np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5, atol=1e-4)


def test_nothing_is_learned_of_the_vectors_and_zero_stays_zero():
    codec, other = TurboQuant().fit(X), TurboQuant().fit(X[:3] * 100 + 7)
    np.testing.assert_array_equal(codec.transform(X), other.transform(X))
    zero = np.zeros((1, 16), np.float32)
    np.testing.assert_array_equal(codec.inverse_transform(codec.transform(zero)), zero)


def test_what_is_refused():
    with pytest.raises(ParameterError, match="bits must be one of 1, 2, 4, got 3"):
        TurboQuant(3).fit(X)
    with pytest.raises(ShapeError, match=r"Codes must be uint8 of shape \(n, 12\), got int64"):
        TurboQuant().fit(X).inverse_transform([[1, 2]])
