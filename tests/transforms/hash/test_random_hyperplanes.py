import numpy as np
import pytest

from inlay.core import extras
from inlay.core.errors import MissingExtra, NotFittedError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.transforms.hash import RandomHyperplanes
from inlay.transforms.hash._hamming import by_numpy, nearest_codes, packed, signs


def sphere(n, d, seed=0):
    return normalize(np.random.default_rng(seed).normal(size=(n, d)))


def test_bits_are_those_of_loops():
    X = sphere(20, 6)
    hash = RandomHyperplanes(bits=11).fit(X)
    codes = hash.transform(X)
    assert codes.shape == (20, 2)
    for x, code in zip(X, codes, strict=True):
        bits = "".join(f"{byte:08b}" for byte in code)
        want = "".join("1" if np.dot(r, x) > 0 else "0" for r in hash.directions_)
        assert bits == f"{want}00000"


def test_share_of_differing_bits_is_the_angle_over_pi():
    X = np.float32([[1, 0], [np.cos(0.7), np.sin(0.7)], [-1, 0]])
    hash = RandomHyperplanes(bits=4096).fit(X)
    B = signs(hash.transform(X), 4096)
    differ = (B[0] != B).mean(axis=1)
    np.testing.assert_allclose(differ, [0, 0.7 / np.pi, 1], atol=4 * np.sqrt(0.25 / 4096))


def test_scores_estimate_cosines():
    X, Q = sphere(300, 16), sphere(10, 16, seed=1)
    hash = RandomHyperplanes(bits=2048).fit(X)
    hits = hash.search_codes(Q, hash.transform(X), k=300)
    cosines = np.take_along_axis(Q @ X.T, hits.ids, 1)
    assert np.abs(hits.scores - cosines).max() < 0.2
    assert np.abs(hits.scores - cosines).mean() < 0.04


def test_search_is_that_of_loops_with_ties_in_row_order():
    rng = np.random.default_rng(2)
    C, Q = (rng.integers(0, 256, (n, 2), dtype=np.uint8) for n in (400, 7))
    hits = nearest_codes(Q, C, 30, 16)
    for q, ids, scores in zip(Q, hits.ids, hits.scores, strict=True):
        far = [sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(q, c, strict=True)) for c in C]
        want = sorted(range(400), key=lambda i: (far[i], i))[:30]
        assert ids.tolist() == want
        np.testing.assert_allclose(scores, np.cos(np.pi * np.array(far)[want] / 16), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("width", [1, 8, 13])
def test_search_without_faiss_finds_the_same(width, monkeypatch):
    pytest.importorskip("faiss")
    rng = np.random.default_rng(3)
    C, Q = (rng.integers(0, 256, (n, width), dtype=np.uint8) for n in (500, 9))
    with_faiss = nearest_codes(Q, C, 40, 8 * width)

    def missing(module, *, extra, purpose=""):
        raise MissingExtra(module)

    monkeypatch.setattr("inlay.transforms.hash._hamming.load", missing)
    monkeypatch.setattr("inlay.transforms.hash._hamming.HELD_BYTES", 8 * 500 * 4)
    without = nearest_codes(Q, C, 40, 8 * width)
    np.testing.assert_array_equal(with_faiss.ids, without.ids)
    np.testing.assert_array_equal(with_faiss.scores, without.scores)
    assert extras.load is not missing


def test_fewer_codes_than_asked_for_are_padded():
    hits = nearest_codes(np.uint8([[3]]), np.uint8([[3], [1]]), 4, 8)
    assert hits.ids.tolist() == [[0, 1, -1, -1]]
    assert nearest_codes(np.uint8([[3]]), np.zeros((0, 1), np.uint8), 2, 8).ids.tolist() == [[-1, -1]]


def test_signs_turn_packing_back():
    B = np.where(np.random.default_rng(4).random((5, 19)) < 0.5, -1.0, 1.0)
    np.testing.assert_array_equal(signs(packed(B), 19), B)
    assert by_numpy(packed(B), packed(B), 1)[1].tolist() == [[0.0]] * 5


def test_wrong_input_is_refused():
    X = sphere(5, 3)
    with pytest.raises(ParameterError, match="bits must be at least 1, got 0"):
        RandomHyperplanes(bits=0).fit(X)
    with pytest.raises(NotFittedError):
        RandomHyperplanes().transform(X)
    hash = RandomHyperplanes(bits=16).fit(X)
    with pytest.raises(ShapeError, match=r"uint8 of shape \(n, 2\), got float32"):
        hash.search_codes(X, X, k=1)
    with pytest.raises(ParameterError, match="k must be at least 1"):
        hash.search_codes(X, hash.transform(X), k=0)
