import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import ParameterError
from inlay.core.values import Hits, Search
from inlay.rankers.fuse import ReciprocalRankFusion

LISTS = st.lists(st.lists(st.integers(0, 12), max_size=8, unique=True), min_size=1, max_size=4)


def hits(rows, k=None):
    """One query's list, its scores falling by one."""
    k = len(rows) if k is None else k
    gap = k - len(rows)
    return Hits([[*rows, *[-1] * gap]], [[*range(len(rows), 0, -1), *[-np.inf] * gap]])


def loops(lists, smoothing, weights):
    total = {}
    for rows, weight in zip(lists, weights, strict=True):
        for place, row in enumerate(rows, 1):
            total[row] = total.get(row, 0.0) + weight / (smoothing + place)
    return sorted(total.items(), key=lambda one: (-np.float32(one[1]), one[0]))


@settings(max_examples=30, deadline=None)
@given(LISTS, st.sampled_from([0.0, 1.0, 60.0]))
def test_equals_loops(lists, smoothing):
    weights = np.arange(1, len(lists) + 1)
    first, *others = (hits(rows, len(rows) + i) for i, rows in enumerate(lists))
    out = ReciprocalRankFusion(smoothing, weights.tolist()).rank(Search(first, tuple(others)))
    width = max(len(rows) + i for i, rows in enumerate(lists))
    want = loops(lists, smoothing, weights / weights.mean())[:width]
    assert out.hits.k == width
    assert out.hits.ids[0, : len(want)].tolist() == [row for row, _ in want]
    np.testing.assert_allclose(out.hits.scores[0, : len(want)], [score for _, score in want], rtol=1e-6)
    assert (out.hits.ids[0, len(want) :] == -1).all()
    assert out.others == ()


@settings(max_examples=30, deadline=None)
@given(LISTS)
def test_legs_are_the_lists_own_scores(lists):
    every = [hits(rows) for rows in lists]
    out = ReciprocalRankFusion().rank(Search(every[0], tuple(every[1:])))
    for place, row in enumerate(out.hits.ids[0]):
        for leg, rows in enumerate(lists):
            want = len(rows) - rows.index(row) if row in rows else np.nan
            np.testing.assert_equal(out.legs[0, place, leg], np.float32(want))


def test_equals_the_definition_of_the_paper_for_two_queries():
    one = Hits([[0, 1], [2, -1]], [[2.0, 1.0], [5.0, -np.inf]])
    two = Hits([[1, 3], [-1, -1]], [[9.0, 8.0], [-np.inf, -np.inf]])
    out = ReciprocalRankFusion().rank(Search(one, (two,)))
    assert out.hits.ids.tolist() == [[1, 0], [2, -1]]
    np.testing.assert_allclose(out.hits.scores[0], [1 / 62 + 1 / 61, 1 / 61], rtol=1e-6)
    assert out.hits.scores[1].tolist() == [np.float32(1 / 61), -np.inf]


def test_a_row_named_twice_counts_once():
    out = ReciprocalRankFusion().rank(Search(Hits([[4, 4]], [[2.0, 1.0]])))
    assert out.hits.ids.tolist() == [[4, -1]]
    assert out.legs[0, 0].tolist() == [2.0]


@pytest.mark.parametrize("weights", [(1.0,), (0.0, 0.0), (1.0, -1.0), (np.nan, 1.0)])
def test_wrong_weights_are_refused(weights):
    search = Search(hits([0, 1]), (hits([1]),))
    with pytest.raises(ParameterError, match="each of the 2 lists"):
        ReciprocalRankFusion(weights=weights).rank(search)


def test_a_negative_smoothing_is_refused():
    with pytest.raises(ParameterError, match="at least 0, got -1"):
        ReciprocalRankFusion(smoothing=-1).rank(Search(hits([0])))
