import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.transforms.quantize import ScalarQuantizer

X = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32) * np.float32([1, 2, 3, 0.1, 0])


@pytest.mark.parametrize("bits", [4, 8])
def test_codes_are_those_of_loops(bits):
    codec = ScalarQuantizer(bits, coverage=0.9).fit(X)
    codes, back = codec.transform(X), codec.inverse_transform(codec.transform(X))
    top = 2**bits - 1
    for j in range(5):
        low, high = np.quantile(X[:, j], [0.05, 0.95])
        for i in range(200):
            number = 0 if high == low else min(top, max(0, round(float((X[i, j] - low) / (high - low) * top))))
            found = codes[i, j] if bits == 8 else codes[i, j // 2] >> 4 * (j % 2) & 15
            assert abs(int(found) - number) <= (abs((X[i, j] - low) / (high - low + 1e-9) * top % 1 - 0.5) < 1e-3)
            assert back[i, j] == pytest.approx(low + (high - low) / top * found, abs=1e-5)


@pytest.mark.parametrize(("bits", "bytes_"), [(8, 5), (4, 3)])
def test_half_a_step_is_the_most_that_is_lost(bits, bytes_):
    codec = ScalarQuantizer(bits, coverage=1).fit(X)
    codes = codec.transform(X)
    assert codes.shape == (200, bytes_)
    assert codes.dtype == np.uint8
    assert (np.abs(codec.inverse_transform(codes) - X) <= codec.step_ / 2 + 1e-5).all()


def test_an_outlier_spoils_the_range_only_where_all_is_covered():
    outlier = X.copy()
    outlier[0, 0] = 1000
    lost = [
        np.abs(codec.inverse_transform(codec.transform(X)) - X)[1:, 0].mean()
        for codec in (ScalarQuantizer(coverage=0.98).fit(outlier), ScalarQuantizer(coverage=1).fit(outlier))
    ]
    assert 20 * lost[0] < lost[1]


def test_what_is_refused():
    with pytest.raises(ParameterError, match="bits must be one of 4, 8, got 3"):
        ScalarQuantizer(3).fit(X)
    with pytest.raises(ParameterError, match=r"coverage must lie above 0 and be at most 1, got 1\.5"):
        ScalarQuantizer(coverage=1.5).fit(X)
    codec = ScalarQuantizer(4).fit(X)
    with pytest.raises(ShapeError, match=r"Codes must be uint8 of shape \(n, 3\), got uint8 of shape \(2, 5\)"):
        codec.inverse_transform(np.zeros((2, 5), np.uint8))
    with pytest.raises(NotFittedError):
        ScalarQuantizer().inverse_transform(np.zeros((2, 5), np.uint8))


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("d", [1, 4, 5])
def test_codes_are_searched_by_the_vectors_they_stand_for(bits, d):
    pytest.importorskip("numba")
    rng = np.random.default_rng(d)
    codec = ScalarQuantizer(bits).fit(X[:, :d])
    codes, Q = codec.transform(X[:, :d]), rng.normal(size=(7, d)).astype(np.float32)
    found = codec.search_codes(Q, codes, 9)
    S = Q @ codec.inverse_transform(codes).T
    for i in range(7):
        best = np.sort(S[i])[::-1][:9]
        np.testing.assert_allclose(found.scores[i], best, atol=1e-5)
        np.testing.assert_allclose(S[i][found.ids[i]], best, atol=1e-5)
    alone = codec.search_codes(Q[3:4], codes, 9)
    assert np.array_equal(alone.ids[0], found.ids[3])
    assert np.array_equal(alone.scores[0], found.scores[3])
    assert codec.search_codes(Q, codes, 300).counts.tolist() == [200] * 7
    assert codec.search_codes(Q, codes[:0], 2).ids.tolist() == [[-1, -1]] * 7
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        codec.search_codes(Q, codes, 0)


def test_codes_are_decoded_where_there_is_no_numba(monkeypatch):
    codec = ScalarQuantizer().fit(X)
    monkeypatch.setattr("inlay.transforms.quantize.scalar_quantizer.find_spec", lambda name: None)
    assert not hasattr(codec, "search_codes")
