"""Exact MaxSim equals sorting sums of maxima made by loops, keeps filters, and says what it cannot take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")

from inlay.indexes import MaxSim
from inlay.indexes._multi import max_sim_pairs


def items(lengths, dim=8, seed=0):
    values = normalize(np.random.default_rng(seed).standard_normal((sum(lengths), dim)))
    return Ragged(values, np.cumsum([0, *lengths]))


def by_loops(q, x):
    return sum(max(float(a @ b) for b in x) for a in q)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    lengths=st.lists(st.integers(0, 20), max_size=12),
    asked=st.lists(st.integers(0, 37), min_size=1, max_size=3),
    k=st.integers(1, 15),
    share=st.sampled_from([None, 0.0, 0.3, 1.0]),
    dtype=st.sampled_from(["float32", "float16"]),
)
def test_equals_sorting_sums_of_maxima(seed, lengths, asked, k, share, dtype):
    rng = np.random.default_rng(seed)
    X, Q = (
        Ragged(rng.integers(-2, 3, (sum(counts), 3)), np.cumsum([0, *counts])) for counts in (lengths, asked)
    )  # many equal scores
    mask = np.ones(len(X), bool) if share is None else rng.random(len(X)) < share
    hits = MaxSim(dtype).fit(X).search(Q, k, where=None if share is None else mask)
    for i, q in enumerate(Q):
        rows = [row for row in np.flatnonzero(mask) if len(X[row]) and len(q)]
        pairs = sorted((-by_loops(q, X[row]), row) for row in rows)[:k]
        assert hits.ids[i].tolist() == [row for _, row in pairs] + [-1] * (k - len(pairs))
        assert (-hits.scores[i, : len(pairs)]).tolist() == [score for score, _ in pairs]


def test_equals_torch():
    torch = pytest.importorskip("torch")
    X, Q = items([30] * 400, 48), items([32] * 5, 48, seed=1)
    parts = torch.from_numpy(X.values).reshape(400, 30, 48)
    want = [torch.einsum("qd,nmd->nqm", torch.from_numpy(q), parts).amax(2).sum(1).topk(7) for q in Q]
    hits = MaxSim().fit(X).search(Q, 7)
    assert hits.ids.tolist() == [found.indices.tolist() for found in want]
    np.testing.assert_allclose(hits.scores, np.stack([found.values for found in want]), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_score_depends_on_its_pair_alone(dtype):
    rng = np.random.default_rng(2)
    X, Q = items(rng.integers(1, 60, 600), 40), items(rng.integers(1, 40, 6), 40, seed=1)
    index = MaxSim(dtype).fit(X)
    whole = index.search(Q, 600)
    some = index.search(Q, 600, where=np.arange(0, 600, 7))
    for i, q in enumerate(Q):
        alone = index.search(Ragged.stack([q]), 600)
        assert np.array_equal(whole.ids[i], alone.ids[0])
        assert np.array_equal(whole.scores[i], alone.scores[0])
        real = some.ids[i] >= 0
        place = np.argsort(whole.ids[i])
        assert np.array_equal(some.scores[i][real], whole.scores[i][place][some.ids[i][real]])
    pairs = max_sim_pairs(Q, index.values_, index.offsets_, whole.ids[:, :9])
    assert np.array_equal(pairs, whole.scores[:, :9])


def test_half_precision_is_close():
    X, Q = items([9] * 50, 16), items([20] * 3, 16, seed=1)
    half = MaxSim("float16").fit(X)
    assert half.values_.dtype == np.float16
    np.testing.assert_allclose(half.search(Q, 5).scores, MaxSim().fit(X).search(Q, 5).scores, atol=5e-3)


def test_mapped_vectors_stay_where_they_are(tmp_path):
    X, Q = items([5] * 30), items([3], seed=1)
    MaxSim().fit(X).save(tmp_path)
    index = MaxSim.load(tmp_path, mmap=True)
    assert not index.values_.flags.writeable
    assert np.array_equal(index.search(Q, 4).ids, MaxSim().fit(X).search(Q, 4).ids)
    again = MaxSim().fit(Ragged(index.values_, index.offsets_))
    assert np.shares_memory(again.values_, index.values_)


def test_says_what_it_cannot_take():
    X = items([2, 3])
    index = MaxSim().fit(X)
    with pytest.raises(ShapeError, match=r"X must be a Ragged, got ndarray; Ragged\.stack"):
        MaxSim().fit(X.values)
    with pytest.raises(ShapeError, match="Q must be a Ragged, got list"):
        index.search([X[0]], 1)
    with pytest.raises(ShapeError, match="Q must have 8 columns, got 3"):
        index.search(items([2], 3), 1)
    with pytest.raises(ShapeError, match="X must have 8 columns, got 3"):
        index.add(items([2], 3))
    with pytest.raises(ParameterError, match="dtype must be one of float32, float16, got 'int8'"):
        MaxSim("int8").fit(X)
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        index.search(X, 0)
    with pytest.raises(NotFittedError):
        MaxSim().search(X, 1)


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_mapped_vectors_are_kept_where_they_are(tmp_path, mode):
    np.save(tmp_path / "v.npy", np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32))
    values = np.load(tmp_path / "v.npy", mmap_mode=mode)
    assert np.shares_memory(MaxSim().fit(Ragged(values, np.arange(0, 41, 4))).values_, values)


def test_products_beyond_float32_are_refused():
    X = Ragged(np.float32([[1e30, -1e30], [1e30, 1e30]]), np.arange(3))
    with pytest.raises(ShapeError, match="exceed float32"):
        MaxSim().fit(X).search(Ragged(X.values[1:], np.arange(2)), 2)
