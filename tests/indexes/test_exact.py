"""Exact search equals sorting all pairs and faiss, keeps filters, and says what it cannot take."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.vectors import normalize, pair_scores
from inlay.indexes import Auto, Exact, Filtered


def sample(n, dim=16, seed=0):
    return normalize(np.random.default_rng(seed).standard_normal((n, dim)))


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 50),
    k=st.integers(1, 60),
    share=st.sampled_from([None, 0.0, 0.05, 0.5, 0.95, 1.0]),
    dtype=st.sampled_from(["float32", "float16"]),
)
def test_equals_sorting_the_pairs_that_are_allowed(seed, n, k, share, dtype):
    rng = np.random.default_rng(seed)
    X, Q = rng.integers(-2, 3, (n, 3)), rng.integers(-2, 3, (4, 3))  # many equal scores
    mask = np.ones(n, bool) if share is None else rng.random(n) < share
    hits = Exact(dtype).fit(X).search(Q, k, where=None if share is None else mask)
    for i, q in enumerate(Q):
        pairs = sorted((-int(q @ X[row]), row) for row in np.flatnonzero(mask))[:k]
        assert hits.ids[i].tolist() == [row for _, row in pairs] + [-1] * (k - len(pairs))
        assert (-hits.scores[i, : len(pairs)]).tolist() == [score for score, _ in pairs]


def test_equals_faiss():
    faiss = pytest.importorskip("faiss")
    X, Q = sample(3000, 64), sample(50, 64, seed=1)
    flat = faiss.IndexFlatIP(64)
    flat.add(X)
    scores, ids = flat.search(Q, 10)
    hits = Exact().fit(X).search(Q, 10)
    assert np.array_equal(hits.ids, ids)
    np.testing.assert_allclose(hits.scores, scores, atol=1e-6)


def test_a_batch_answers_as_its_queries_do_one_by_one():
    X, Q = sample(2500, 33), sample(70, 33, seed=1)
    mask = np.random.default_rng(2).random(2500) < 0.8
    index = Exact("float16").fit(X)
    for where in (None, mask):
        whole = index.search(Q, 7, where=where)
        alone = [index.search(q[None], 7, where=where) for q in Q]
        assert np.array_equal(whole.ids, np.concatenate([hits.ids for hits in alone]))
        assert np.array_equal(whole.scores, np.concatenate([hits.scores for hits in alone]))


def test_half_precision_is_close():
    X, Q = sample(500), sample(20, seed=1)
    hits = Exact("float16").fit(X).search(Q, 5)
    assert Exact("float16").fit(X).vectors_.dtype == np.float16
    np.testing.assert_allclose(hits.scores, pair_scores(Q, X, hits.ids), atol=1e-3)


def test_forms_of_a_filter_agree():
    X, Q = sample(100), sample(5, seed=1)
    index = Exact().fit(X)
    rows = np.array([3, 50, 7, 99])
    want = index.search(Q, 6, where=np.isin(np.arange(100), rows))
    assert want.counts.tolist() == [4] * 5
    for where in (rows, rows.tolist(), rows.astype(np.uint8), [*rows, *rows], tuple(rows)):
        assert np.array_equal(index.search(Q, 6, where=where).ids, want.ids)
    assert (index.search(Q, 6, where=[]).ids == -1).all()
    assert np.array_equal(index.search(Q, 6, where=np.arange(100)).ids, index.search(Q, 6).ids)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ([0, 10], "row 10, but rows run from 0 to 9"),
        ([-1], "row -1"),
        ([0.5], "float64"),
        (["a"], "whole row numbers"),
        (np.ones(9, bool), "9 rows, but 10"),
        (np.ones((1, 10), bool), "shape"),
        (3, "shape"),
    ],
)
def test_refuses_filters(where, message):
    with pytest.raises(ShapeError, match=message):
        Exact().fit(sample(10)).search(sample(1), 2, where=where)


@pytest.mark.parametrize("k", [0, -3, 2.0, "3", None])
def test_refuses_k(k):
    with pytest.raises(ParameterError, match="k must be"):
        Exact().fit(sample(10)).search(sample(1), k)


@pytest.mark.parametrize(
    ("Q", "message"),
    [(np.ones(16), r"Q\[None"), (np.ones((1, 15)), "16 columns, got 15"), (np.full((1, 16), np.nan), "Q .* row 0")],
)
def test_refuses_queries(Q, message):
    with pytest.raises(ShapeError, match=message):
        Exact().fit(sample(10)).search(Q, 2)


@pytest.mark.parametrize("X", [np.ones(3), [[np.nan]], [["a"]], np.ones((2, 0)), [[1], [1, 2]]])
def test_refuses_vectors(X):
    with pytest.raises(ShapeError):
        Exact().fit(X)


def test_refuses_what_does_not_fit_its_type():
    with pytest.raises(ParameterError, match="dtype must be one of float32, float16, got 'int8'"):
        Exact("int8").fit(sample(3))
    with pytest.raises(ShapeError, match="float16"):
        Exact("float16").fit([[1e6]])
    with pytest.raises(NotFittedError):
        Exact().search(sample(1), 1)


def test_takes_numbers_of_any_type_and_layout():
    X, Q = np.random.default_rng(0).integers(0, 9, (40, 6)), np.eye(6)
    want = Exact().fit(X.astype(np.float32)).search(Q, 4).ids
    wide = np.zeros((80, 12))
    wide[::2, ::2] = X
    for other in (X, X.astype(np.int8), X.astype(float), np.asfortranarray(X), wide[::2, ::2], X.tolist()):
        assert np.array_equal(Exact().fit(other).search(np.asfortranarray(Q), 4).ids, want)
    for dtype in (np.float32, np.float64):
        kept = np.asarray(wide, dtype)[::2, ::2]
        kept.flags.writeable = False
        assert np.array_equal(Exact().fit(kept).search(Q, 4).ids, want)


def test_copies_what_others_may_change_and_keeps_the_rest(tmp_path):
    X = sample(20)
    index = Exact().fit(X)
    X[:] = 0
    assert index.vectors_.any()
    X.flags.writeable = False
    assert Exact().fit(X).vectors_ is X
    mapped = np.memmap(tmp_path / "x", np.float16, "w+", shape=(20, 16))
    mapped[:] = sample(20)
    assert Exact("float16").fit(mapped).vectors_ is mapped
    assert not np.may_share_memory(Exact().fit(mapped).vectors_, mapped)
    assert np.array_equal(
        Exact("float16").fit(mapped).search(sample(3), 4).ids,
        Exact("float16").fit(np.array(mapped)).search(sample(3), 4).ids,
    )


@pytest.mark.parametrize("mmap", [False, True])
def test_save_and_load(tmp_path, mmap):
    X, Q = sample(30), sample(4, seed=1)
    for index in (Exact("float16").fit(X), Exact().fit(X[:0])):
        index.save(tmp_path / "index")
        found = Exact.load(tmp_path / "index", mmap=mmap)
        assert np.array_equal(found.search(Q, 5).scores, index.search(Q, 5).scores)
    if mmap:
        assert not found.vectors_.flags.writeable


def test_add_numbers_rows_onwards():
    X, Q = sample(30), sample(4, seed=1)
    grown = Exact().fit(X[:20]).add(X[20:]).add(X[:0])
    assert np.array_equal(grown.search(Q, 9).ids, Exact().fit(X).search(Q, 9).ids)
    with pytest.raises(ShapeError, match="16 columns, got 3"):
        grown.add(np.ones((1, 3)))
    assert len(grown.vectors_) == 30


def test_what_was_computed_from_a_file_is_copied(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(8))
    X = np.load(tmp_path / "x.npy", mmap_mode="r").astype(np.float32)  # numpy calls that a memmap as well
    for some in (X, np.asarray(X), X[:]):
        index = Exact().fit(some)
        assert not np.shares_memory(index.vectors_, X)
    np.save(tmp_path / "f.npy", X)
    for mode in ("r", "r+", "c"):
        mapped = np.load(tmp_path / "f.npy", mmap_mode=mode)
        assert np.shares_memory(Exact().fit(np.asarray(mapped)[2:]).vectors_, mapped)


@pytest.mark.parametrize("index", [Auto(), Filtered(Exact())])
def test_arrays_of_the_caller_stay_writeable(index, tmp_path):
    np.save(tmp_path / "f.npy", np.eye(8, dtype=np.float32))
    mapped = np.load(tmp_path / "f.npy", mmap_mode="r+")
    for X in (mapped, np.asarray(mapped)):
        index.fit(X)
        assert X.flags.writeable


def test_columns_of_a_file_are_not_copied_whole(tmp_path):
    np.save(tmp_path / "f.npy", np.random.default_rng(0).random((50_000, 64), np.float32))
    mapped = np.load(tmp_path / "f.npy", mmap_mode="r")
    index = Exact().fit(mapped[:, :32])
    tracemalloc.start()
    hits = index.search(mapped[:1, :32], 3, where=[1, 2, 3])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < index.vectors_.nbytes / 4
    whole = Exact().fit(np.array(mapped[:, :32])).search(mapped[:1, :32], 3, where=[1, 2, 3])
    np.testing.assert_array_equal(hits.ids, whole.ids)


def test_a_ragged_filter_is_refused():
    with pytest.raises(ShapeError, match="mask or row numbers"):
        Exact().fit(np.eye(4)).search(np.eye(4), 1, where=[[1], [2, 3]])
