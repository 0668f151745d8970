"""Compressed MaxSim scores what its codes stand for, finds what exact MaxSim finds, and says what it cannot take."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")

from inlay.indexes import CentroidMaxSim, MaxSim
from inlay.indexes._multi import k_means
from inlay.indexes.centroid_max_sim import _levels


def items(n, dim=24, seed=0, longest=20):
    rng = np.random.default_rng(seed)
    words = normalize(np.random.default_rng(9).standard_normal((80, dim)))
    lengths = rng.integers(1, longest, n)
    values = words[rng.integers(0, 80, lengths.sum())] + 0.1 * rng.standard_normal((lengths.sum(), dim))
    return Ragged(normalize(values), np.append(0, np.cumsum(lengths)))


def decoded(index):
    """What the codes stand for, bit by bit."""
    dim, per = index.centroids_.shape[1], 8 // index.bits
    out = index.centroids_[index.codes_].copy()
    for row, packed in enumerate(index.residuals_):
        for j in range(dim):
            step = (int(packed[j // per]) >> (index.bits * (j % per))) % 2**index.bits
            out[row, j] += index.levels_[step]
    return Ragged(out, index.offsets_)


@pytest.mark.parametrize(("bits", "dim"), [(1, 13), (2, 24), (4, 9), (8, 24)])
def test_scores_are_those_of_the_decoded_vectors(bits, dim):
    X, Q = items(40, dim), items(5, dim, seed=1, longest=50)
    index = CentroidMaxSim(bits, n_candidates=40, near=1.0).fit(X)
    want = MaxSim().fit(decoded(index)).search(Q, 40)
    hits = index.search(Q, 40)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-5)
    assert (hits.ids == want.ids).mean() > 0.95


@pytest.mark.parametrize("near", [0.0, 0.125, 0.6])
def test_vectors_are_scored_whose_centroids_come_near_the_best(near):
    X, Q = items(30), items(4, seed=1, longest=50)
    index = CentroidMaxSim(4, n_candidates=30, near=near).fit(X)
    hits, vectors, n_left = index.search(Q, 30), decoded(index), 0
    for query, ids, scores in zip(Q, hits.ids, hits.scores, strict=True):
        products = query @ index.centroids_.T
        above = products - products.mean(axis=1, keepdims=True)
        steps = np.clip(np.rint(above * (255 / above.max())), 0, 255)
        for row, score in zip(ids, scores, strict=True):
            places = np.arange(X.offsets[row], X.offsets[row + 1])
            entries = steps[:, index.codes_[places]]
            least = np.maximum(entries.max(axis=1, keepdims=True) - round(255 * near), 1)
            kept = places[(entries >= least).any(axis=0)]
            n_left += len(places) - len(kept)
            want = (query @ vectors.values[kept if len(kept) else places].T).max(axis=1).sum()
            np.testing.assert_allclose(score, want, rtol=1e-5)
    assert (n_left > 0) == (near < 0.5)


def test_items_are_chosen_by_their_centroids():
    X, Q = items(60), items(4, seed=1)
    index = CentroidMaxSim(n_candidates=5).fit(X)
    found = index.search(Q, 5).ids
    best = MaxSim().fit(Ragged(index.centroids_[index.codes_], X.offsets)).search(Q, 6).ids
    for ids, near in zip(found, best, strict=True):
        assert len(set(ids) & set(near)) >= 4  # scores of centroids are rounded to 8 bits


def test_full_vectors_have_the_last_word():
    X, Q = items(80), items(6, seed=1)
    exact = MaxSim().fit(X).search(Q, 5)
    hits = CentroidMaxSim(2, n_candidates=60, rescore=8).fit(X).search(Q, 5)
    assert np.array_equal(hits.ids, exact.ids)
    assert np.array_equal(hits.scores, exact.scores)
    assert CentroidMaxSim().fit(X).values_.size == 0


def test_more_bits_lose_less():
    X = items(60)
    lost = [np.square(decoded(CentroidMaxSim(bits).fit(X)).values - X.values).mean() for bits in (1, 2, 4, 8)]
    assert lost[0] > 2 * lost[1] > 8 * lost[2] > 64 * lost[3]


def test_few_bytes_are_kept():
    index = CentroidMaxSim(4).fit(items(30, dim=24))
    assert index.bytes_per_vector == 2 + 12
    assert index.codes_.nbytes + index.residuals_.nbytes == 14 * len(index.codes_)


def test_added_items_are_coded_by_what_was_learned():
    X = items(50)
    index = CentroidMaxSim(8, rescore=2).fit(X)
    centroids = index.centroids_.copy()
    index.add(items(10, seed=3))
    assert np.array_equal(index.centroids_, centroids)
    assert len(index.offsets_) == 61
    assert index.search(items(10, seed=3), 1).ids.ravel().tolist() == list(range(50, 60))


def test_centroids_are_means_of_what_is_nearest():
    X = items(100).values
    centroids = k_means(X, 7, 60, np.random.default_rng(0))
    nearest = np.square(X[:, None] - centroids).sum(axis=2).argmin(axis=1)
    for number in range(7):
        np.testing.assert_allclose(centroids[number], X[nearest == number].mean(axis=0), atol=1e-3)


def test_levels_settle_at_the_means_of_what_they_stand_for():
    levels = _levels(np.float32([-1.1, -0.9, 0.9, 1.1, 1.0]), 2)
    np.testing.assert_allclose(levels, [-1, 1], atol=1e-6)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bits": 3}, r"bits must be one of \(1, 2, 4, 8\), got 3"),
        ({"n_centroids": 70_000}, "n_centroids must be from 1 to 65536, or None, got 70000"),
        ({"near": 1.5}, "near must be from 0 to 1, got 1.5"),
        ({"n_candidates": 0}, "n_candidates and n_fit must be at least 1"),
        ({"rescore": -1}, "rescore and n_iterations at least 0"),
    ],
)
def test_refuses_parameters(parameters, message):
    with pytest.raises(ParameterError, match=message):
        CentroidMaxSim(**parameters).fit(items(5))


def test_refuses_items_of_another_dimension():
    index = CentroidMaxSim().fit(items(5))
    with pytest.raises(ShapeError, match="X must have 24 columns, got 3"):
        index.add(items(2, 3))
    with pytest.raises(ShapeError, match="Q must have 24 columns, got 3"):
        index.search(items(2, 3), 1)


def test_vectors_that_were_not_kept_are_not_read():
    X = Ragged(normalize(np.random.default_rng(0).normal(size=(400, 16))), np.arange(0, 401, 4))
    index = CentroidMaxSim().fit(X)
    before = index.search(X, 3)
    for call in (lambda: index.search(X, 3), lambda: index.add(X)):
        index.set_params(rescore=3)
        with pytest.raises(ParameterError, match="rescore is 3, but the full vectors were not kept"):
            call()
    after = index.set_params(rescore=0, bits=2).search(X, 3)  # codes stay as they were made
    np.testing.assert_array_equal(after.scores, before.scores)
    assert index.add(X).search(X, 1).counts.all()


def test_what_is_added_to_nothing_is_learned_from():
    X = Ragged(normalize(np.random.default_rng(0).normal(size=(400, 16))), np.arange(0, 401, 4))
    nothing = Ragged(X.values[:0], np.zeros(3, np.int64))
    index, one = CentroidMaxSim().fit(nothing).add(X), CentroidMaxSim().fit(X)
    np.testing.assert_array_equal(index.search(X, 3).ids, one.search(X, 3).ids + 2)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_products_beyond_float32_are_refused():
    X = Ragged(np.float32([[1e30, -1e30], [1e30, 1e30]]), np.arange(3))
    with pytest.raises(ShapeError, match="exceed float32"):
        CentroidMaxSim(8).fit(X).search(X, 1)
