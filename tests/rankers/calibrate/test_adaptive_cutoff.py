"""The adaptive cutoff: both rules by loops, and lists that end early."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import ParameterError
from inlay.core.values import Hits, Search
from inlay.rankers.calibrate import AdaptiveCutoff


def padded(rows, k):
    scores = np.full((len(rows), k), -np.inf)
    for i, row in enumerate(rows):
        scores[i, : len(row)] = sorted(row, reverse=True)
    ids = np.where(scores > -np.inf, np.arange(k), -1)
    return Search(Hits(ids, scores))


lists = st.lists(st.lists(st.integers(0, 64).map(lambda n: n / 64), max_size=6), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(rows=lists, k=st.integers(1, 8), threshold=st.integers(0, 8).map(lambda n: n / 8))
def test_threshold_keeps_the_best_k_that_reach_it(rows, k, threshold):
    search = padded(rows, 6)
    hits = AdaptiveCutoff(k, threshold=threshold).rank(search).hits
    for row, ids, scores in zip(rows, hits.ids, hits.scores, strict=True):
        want = [score for score in sorted(row, reverse=True)[:k] if score >= threshold]
        assert scores[ids >= 0].tolist() == want
        assert ids[ids >= 0].tolist() == list(range(len(want)))
    assert hits.k == min(k, 6)


@settings(max_examples=60, deadline=None)
@given(rows=lists, k=st.integers(1, 8))
def test_gap_cuts_at_the_first_of_the_largest_falls(rows, k):
    hits = AdaptiveCutoff(k, rule="gap").rank(padded(rows, 6)).hits
    for row, n in zip(rows, hits.counts, strict=True):
        best = sorted(row, reverse=True)
        falls = [best[j] - best[j + 1] for j in range(min(k, len(best) - 1))]
        want = falls.index(max(falls)) + 1 if falls else len(best)
        assert n == want


def test_no_places_stay_none():
    empty = Search(Hits(np.empty((2, 0)), np.empty((2, 0))))
    assert AdaptiveCutoff(rule="gap").rank(empty).hits.ids.shape == (2, 0)


def test_refusals():
    search = padded([[0.5]], 2)
    with pytest.raises(ParameterError, match="k must be at least 1, got 0"):
        AdaptiveCutoff(0).rank(search)
    with pytest.raises(ParameterError, match="rule must be one of threshold, gap, got 'knee'"):
        AdaptiveCutoff(rule="knee").rank(search)
    with pytest.raises(ParameterError, match="threshold must be a number, got nan"):
        AdaptiveCutoff(threshold=float("nan")).rank(search)
