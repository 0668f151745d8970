"""Hits, Search, Reading, Ragged and Encoded take what is right, convert it, and refuse the rest."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Encoded, Hits, Ragged, Reading, Search

INF = np.inf


def test_hits_convert_and_cannot_be_changed():
    ids = np.array([[4, 2, -1]], np.int32)
    hits = Hits(ids, np.array([[2.0, 2.0, 5.0]]))
    assert (hits.ids.dtype, hits.scores.dtype) == (np.int64, np.float32)
    assert hits.scores.tolist() == [[2.0, 2.0, -INF]]
    with pytest.raises(ValueError, match="read-only"):
        hits.scores[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        hits.ids[0, 0] = 1


def test_hits_leave_what_they_were_given_writable():
    ids, scores = np.array([[1, 0]]), np.array([[1.0, 0.5]], np.float32)
    Hits(ids, scores)
    ids[0, 0], scores[0, 0] = 7, 3.0
    assert ids[0, 0] == 7


@pytest.mark.parametrize(
    ("ids", "scores", "message"),
    [
        ([1, 2], [1.0, 0.0], "one shape"),
        ([[1, 2]], [[1.0]], "one shape"),
        ([[1, 2]], [[1.0, np.nan]], "not a number"),
        ([[-2]], [[1.0]], "the id -2"),
        ([[1, 2]], [[0.0, 1.0]], "best first"),
        ([[0, 1], [-1, 1]], [[1.0, 0.0], [-INF, -INF]], "query 1"),
    ],
)
def test_hits_refuse(ids, scores, message):
    with pytest.raises(ShapeError, match=message):
        Hits(ids, scores)


@given(st.integers(0, 4), st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_hits_top_and_counts_equal_a_loop(n, k, top, seed):
    rng = np.random.default_rng(seed)
    scores = -np.sort(rng.integers(0, 3, (n, k)).astype(float), axis=1)
    ids = np.array([[i if i < stop else -1 for i in range(k)] for stop in rng.integers(0, k + 1, n)]).reshape(n, k)
    hits = Hits(ids, scores)
    assert hits.counts.tolist() == [sum(1 for i in row if i >= 0) for row in ids.tolist()]
    assert hits.top(top).ids.tolist() == [row[:top] for row in ids.tolist()]
    assert (len(hits), hits.k) == (n, k)


def test_search_wants_one_of_everything_for_each_query():
    hits = Hits([[0], [1]], [[1.0], [1.0]])
    parts = Ragged(np.ones((3, 2)), [0, 1, 3])
    Search(hits, (hits,), Q=np.ones((2, 3), np.float32), queries=["a", "b"], items=["only one"], Q_parts=parts)
    for wrong in (
        {"Q": np.ones((3, 2), np.float32)},
        {"queries": ["a"]},
        {"others": (Hits([[0]], [[1.0]]),)},
        {"Q_parts": Ragged(np.ones((3, 2)), [0, 1, 2, 3])},
    ):
        with pytest.raises(ShapeError, match=f"2 queries, but {next(iter(wrong))}"):
            Search(hits, **wrong)
    for legs in (np.ones((2, 1)), np.ones((2, 2, 1)), np.ones((1, 1, 3))):
        with pytest.raises(ShapeError, match=r"shape \(2, 1\), but legs"):
            Search(hits, legs=legs.astype(np.float32))


@given(st.integers(0, 4), st.integers(0, 5), st.integers(0, 5), st.integers(0, 99))
def test_the_scores_of_legs_follow_their_rows(n, k, other_k, seed):
    rng = np.random.default_rng(seed)
    ids, new = (rng.permuted(np.tile(np.arange(-1, 6), (n, 1)), axis=1)[:, :width] for width in (k, other_k))
    ids, new = (np.take_along_axis(x, np.argsort(x < 0, axis=1, kind="stable"), 1) for x in (ids, new))
    legs = rng.normal(size=(n, k, 2)).astype(np.float32)
    search = Search(Hits(ids, np.zeros(ids.shape)), queries=["q"] * n, legs=legs)
    got = search.found(Hits(new, np.zeros(new.shape)))
    assert got.queries is search.queries
    for i in range(n):
        for place, row in enumerate(new[i]):
            known = row >= 0 and row in ids[i]
            want = legs[i, ids[i].tolist().index(row)] if known else np.full(2, np.nan)
            np.testing.assert_array_equal(got.legs[i, place], want)
    assert Search(search.hits).found(got.hits).legs is None


def test_a_search_says_what_a_ranker_lacks():
    search = Search(Hits([[0]], [[1.0]]), Q=np.ones((1, 2), np.float32))
    search.need("Toy", "Q")
    with pytest.raises(ParameterError, match="Toy looks at X and items of the search"):
        search.need("Toy", "Q", "X", "items")


def test_reading_reads_itself():
    assert str(Reading("time", 1.5, n=3, unit="s", better="lower")) == "time 1.5 s (n=3, lower is better)"
    assert str(Reading("norm", 2, n=1, better=None, interval=(1.0, 3.0))) == "norm 2 [1, 3] (n=1)"


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_ragged_gives_back_what_was_stacked(lengths):
    items = [np.full((n, 2), i, np.float64) for i, n in enumerate(lengths)]
    ragged = Ragged.stack(items)
    assert ragged.lengths.tolist() == lengths
    assert all(np.array_equal(a, b) for a, b in zip(ragged, items, strict=True))
    assert np.array_equal(ragged[-1], items[-1])
    with pytest.raises(IndexError):
        ragged[len(lengths)]


@pytest.mark.parametrize(
    ("values", "offsets"),
    [(np.ones(3), [0, 3]), (np.ones((3, 1)), [0, 2]), (np.ones((3, 1)), [1, 3]), (np.ones((3, 1)), [0, 2, 1, 3])],
)
def test_ragged_refuses(values, offsets):
    with pytest.raises(ShapeError, match="non-decreasing offsets"):
        Ragged(values, offsets)


@pytest.mark.parametrize("items", [[], [np.ones((1, 2)), np.ones((1, 3))], [np.ones(3)]])
def test_ragged_stack_refuses(items):
    with pytest.raises(ShapeError):
        Ragged.stack(items)


def test_encoded_wants_one_count_for_each_vector():
    Encoded(np.ones((2, 3), np.float32), np.array([1, 2]), np.array([0, 1]))
    with pytest.raises(ShapeError, match="1 losses"):
        Encoded(np.ones((2, 3), np.float32), np.array([1, 2]), np.array([0]))


def test_hits_are_copied_and_have_whole_numbers():
    ids = np.array([[3, 1]])
    hits = Hits(ids, [[1, 0.5]])
    ids[0, 0] = 99
    assert hits.ids.tolist() == [[3, 1]]
    with pytest.raises(ShapeError, match="not whole"):
        Hits([[1.7, 0.2]], [[1, 0.5]])


def test_legs_follow_their_rows():
    rng = np.random.default_rng(0)
    old = [rng.permutation(30)[:12] for _ in range(9)]
    new = [rng.permutation(30)[:15] for _ in range(9)]
    old[3][7:], new[5][4:] = -1, -1
    legs = rng.normal(size=(9, 12, 2)).astype(np.float32)
    falling = -np.arange(15, dtype=np.float32)
    search = Search(Hits(old, np.tile(falling[:12], (9, 1))), legs=legs)
    found = search.found(Hits(new, np.tile(falling, (9, 1)))).legs
    for query in range(9):
        for place, row in enumerate(new[query]):
            at = np.flatnonzero(old[query] == row) if row >= 0 else []
            want = legs[query, at[0]] if len(at) else [np.nan, np.nan]
            np.testing.assert_array_equal(found[query, place], want)
    none = Search(Hits(np.zeros((9, 0)), np.zeros((9, 0))), legs=np.zeros((9, 0, 2), np.float32))
    assert np.isnan(none.found(search.hits).legs).all()


def test_legs_take_memory_by_hits_alone():
    hits = Hits(np.tile(np.arange(1000), (100, 1)), np.tile(-np.arange(1000.0), (100, 1)))
    search = Search(hits, legs=np.zeros((100, 1000, 2), np.float32))
    tracemalloc.start()
    search.found(hits)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 30 * hits.ids.nbytes  # each hit against each would be 125 times and more
