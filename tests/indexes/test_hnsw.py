"""The graph finds nearly all, filters cost no hits, and what was built is built again the same."""

import copy
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import DataError, MissingExtra, NotFittedError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import HNSW, Exact, hnsw

pytest.importorskip("usearch")

N, DIM = 6000, 24


def sample(n, seed):
    """Vectors in clusters, as those of texts are."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((60, DIM))
    return normalize(centres[rng.integers(0, 60, n)] + 0.6 * rng.standard_normal((n, DIM)))


@pytest.fixture(scope="module")
def X():
    X = sample(N, 0)
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def Q():
    return sample(100, 1)


@pytest.fixture(scope="module")
def index(X):
    return HNSW(M=12, ef_construction=80, ef_search=60).fit(X)


@pytest.fixture(scope="module")
def exact(X):
    return Exact().fit(X)


@pytest.fixture
def walks(monkeypatch):
    """Count the walks over the graph, so that a test of the graph is not answered exactly behind its back."""
    count = []
    walk = hnsw._walk
    monkeypatch.setattr(hnsw, "_walk", lambda *args: count.append(args[2]) or walk(*args))
    return count


def recall(found, exact):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.ids, exact.ids, strict=True)])


def test_finds_nearly_all_with_the_scores_of_exact(index, exact, Q, walks):
    hits, true = index.search(Q, 10), exact.search(Q, 10)
    assert walks
    assert recall(hits, true) > 0.95
    both = hits.ids[:, :1] == true.ids[:, :1]
    assert both.mean() > 0.9
    assert np.array_equal(hits.scores[:, :1][both], true.scores[:, :1][both])
    assert (np.diff(hits.scores, axis=1) <= 0).all()


def test_larger_lists_find_more(index, exact, Q):
    found = []
    for index.ef_search in (20, 60, 180):
        found.append(recall(index.search(Q, 10), exact.search(Q, 10)))
    index.ef_search = 60
    assert found[0] < found[1] <= found[2]
    assert found[2] > 0.99


def test_readings_tell_the_recall_of_rows_not_in_the_graph(index, exact, X, Q):
    told = {reading["ef_search"]: reading["recall@10"] for reading in index.readings_}
    assert list(told) == [16, 32, 64, 128, 256, 512]
    assert told[16] < told[64] <= told[512] <= 1
    assert abs(told[64] - recall(index.search(Q, 10), exact.search(Q, 10))) < 0.04
    assert HNSW().fit(X[:9]).readings_ == []


@given(
    seed=st.integers(0, 2**32 - 1),
    allowed=st.one_of(st.sampled_from([0, 1, 9, 10, 11, N - 1, N]), st.integers(0, N)),
    k=st.integers(1, 60),
    near=st.booleans(),
    one=st.booleans(),
)
def test_a_filter_never_costs_hits(index, X, Q, seed, allowed, k, near, one):
    # near: the allowed rows are those farthest from the first query, where walking from it finds none of them
    order = np.argsort(X @ Q[0]) if near else np.random.default_rng(seed).permutation(N)
    rows = order[:allowed]
    hits = index.search(Q[:1] if one else Q[:5], k, where=rows)
    for ids in hits.ids:
        real = ids[ids >= 0]
        assert len(real) == min(k, allowed)
        assert len(np.unique(real)) == len(real)
        assert np.isin(real, rows).all()


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.02])
def test_recall_under_a_filter(index, exact, Q, share, walks):
    mask = np.random.default_rng(3).random(N) < share
    assert recall(index.search(Q, 10, where=mask), exact.search(Q, 10, where=mask)) > 0.95
    assert bool(walks) == (share > 0.1)


def test_far_rows_are_found_exactly(index, exact, X, Q, walks):
    rows = np.argsort(X @ Q[0])[: N // 2]
    hits, true = index.search(Q[:1], 10, where=rows), exact.search(Q[:1], 10, where=rows)
    assert walks
    assert np.array_equal(hits.ids, true.ids)


def test_more_places_than_rows(index, exact, Q):
    hits = index.search(Q[:2], N + 5)
    assert np.array_equal(hits.ids, exact.search(Q[:2], N + 5).ids)


def test_same_input_and_seed_give_the_same_graph(index, X, Q):
    X, short = X[:1500], {"M": 8, "ef_construction": 30}
    one, two, other = (HNSW(**short, random_state=seed).fit(X) for seed in (0, 0, 1))
    assert np.array_equal(one.graph_, two.graph_)
    assert one.graph_.shape != other.graph_.shape or (one.graph_ != other.graph_).any()
    assert one.readings_ == two.readings_


def test_neither_batch_nor_threads_change_an_answer(index, Q):
    mask = np.random.default_rng(3).random(N) < 0.3  # needs a longer list than a search without a filter
    wholes = [index.search(Q, 10, where=where) for where in (None, mask)]
    jobs = [(i, where) for _ in range(10) for i in range(100) for where in (0, 1)]

    def run(job):
        i, where = job
        return index.search(Q[i : i + 1], 10, where=mask if where else None).ids[0]

    with ThreadPoolExecutor(8) as pool:
        for (i, where), ids in zip(jobs, pool.map(run, jobs), strict=True):
            assert np.array_equal(ids, wholes[where].ids[i])


def test_one_walk_at_a_time(index, Q, monkeypatch):
    # The length of the list belongs to the graph, not to the call: two calls at once would share it.
    lock, walk = index._native()[1], hnsw._walk
    held = []
    monkeypatch.setattr(hnsw, "_walk", lambda *args: held.append(lock.locked()) or walk(*args))
    index.search(Q, 10)
    assert held == [True]
    assert not lock.locked()


@pytest.mark.parametrize("n", [1, 3])
def test_places_that_the_graph_leaves_empty(X, Q, n):
    small = HNSW().fit(X[:30])
    ids = hnsw._walk(small._native()[0], Q[:n], 50, 64)
    assert ids.shape == (n, 50)
    assert (np.sort(ids, axis=1) == [*[-1] * 20, *range(30)]).all()


@pytest.mark.parametrize("mmap", [False, True])
def test_save_and_load(index, X, Q, tmp_path, mmap):
    index.save(tmp_path / "index")
    found = HNSW.load(tmp_path / "index", mmap=mmap)
    assert np.array_equal(found.search(Q, 10).scores, index.search(Q, 10).scores)
    assert found.readings_ == index.readings_
    found.add(Q)
    assert (found.search(Q, 1).ids[:, 0] == N + np.arange(100)).mean() > 0.95
    assert np.array_equal(HNSW.load(tmp_path / "index", mmap=mmap).graph_, index.graph_)


def test_refuses_a_graph_of_other_vectors(index, X, Q):
    for vectors in (X[:-1], X[:, :-1]):
        other = copy.deepcopy(index)
        other.vectors_ = vectors
        with pytest.raises(DataError, match="does not belong"):
            other.search(Q[:, : vectors.shape[1]], 10)


def test_a_copy_answers_the_same(index, Q):
    assert np.array_equal(copy.deepcopy(index).search(Q, 5).ids, index.search(Q, 5).ids)


def test_add_keeps_recall(X, Q, exact, walks):
    grown = HNSW(M=12, ef_construction=80, dtype="float16").fit(X[:0]).add(X[:2000]).add(X[2000:])
    assert recall(grown.search(Q, 10), exact.search(Q, 10)) > 0.95
    assert walks
    with pytest.raises(ShapeError, match=f"{DIM} columns, got 3"):
        grown.add(np.ones((1, 3)))


@pytest.mark.parametrize("n", [0, 1, 2, 30])
def test_few_vectors(X, Q, n):
    hits = HNSW().fit(X[:n]).search(Q[:3], 5)
    assert hits.counts.tolist() == [min(n, 5)] * 3


def test_equal_vectors_are_all_found(walks):
    X = np.ones((5000, 3), np.float32)
    hits = HNSW(M=4, ef_construction=20, ef_search=20).fit(X).search(X[:2], 12)
    assert walks
    assert hits.counts.tolist() == [12, 12]


@pytest.mark.parametrize("wrong", [{"M": 1}, {"M": 2.5}, {"ef_construction": 0}, {"ef_search": 0}, {"dtype": "int8"}])
def test_refuses_parameters(X, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        HNSW(**wrong).fit(X[:5])


def test_refuses_what_exact_refuses(index, Q):
    for error, call in (
        (NotFittedError, lambda: HNSW().search(Q, 1)),
        (ParameterError, lambda: index.search(Q, 0)),
        (ShapeError, lambda: index.search(Q[0], 1)),
        (ShapeError, lambda: index.search(Q, 1, where=[N])),
        (ShapeError, lambda: HNSW().fit([[np.nan]])),
    ):
        with pytest.raises(error):
            call()


def test_a_missing_library_names_the_command(X, monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(MissingExtra, match=r'HNSW needs usearch.* pip install "inlay\[hnsw\]"'):
        HNSW().fit(X[:5])


def test_what_is_stopped_half_way_leaves_the_index_as_it_was():
    rng = np.random.default_rng(0)
    X, Y = (normalize(rng.normal(size=(3000, 16))) for _ in range(2))
    index = HNSW().fit(X)
    before = index.search(X[:20], 3)

    def stop(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.fit_with_progress(Y, stop)
    np.testing.assert_array_equal(index.search(X[:20], 3).ids, before.ids)


def test_copies_do_not_count_as_missed():
    X = normalize(np.random.default_rng(0).normal(size=(2000, 8)))
    X[:100] = X[0]
    index = HNSW().fit(X)
    assert index.readings_[-1]["recall@10"] > 0.99
