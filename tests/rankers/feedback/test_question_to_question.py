"""QuestionToQuestion: the best question of each item, and items that are only some of those known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.encoders.text import HashingEncoder
from inlay.rankers.feedback import QuestionToQuestion

ENCODER = HashingEncoder(dim=16)
ITEMS = ["opening hours", "parking", "prices", "opening hours", "lost keys"]
KNOWN = {
    "opening hours": ["when are you open", "is it open on sunday", "how long are you open"],
    "parking": ["where can I park", "where is the car park"],
    "prices": ["what does it cost"],
    "lost keys": [],
}
ASKED = ["are you open today", "where do cars park", "what is the cost of it", "my keys are gone"]


def a_search(items=ITEMS, k=4, asked=ASKED):
    hits = Hits(np.tile(np.arange(k), (len(asked), 1)), np.zeros((len(asked), k)))
    return Search(hits, Q=ENCODER.encode(asked, role="query"), items=items)


def by_hand(q, items, k, n=10):
    """Return items and scores by loops: the best of the questions of each."""
    found = []
    for row, item in enumerate(items):
        scores = [float(ENCODER.encode([p])[0] @ q) for p in KNOWN[item][:n]]
        found += [(max(scores), row)] if scores else []
    return sorted(found, key=lambda one: (-round(one[0], 6), one[1]))[:k]


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.integers(0, 4), min_size=4, max_size=7), k=st.integers(1, 4), n=st.integers(1, 3))
def test_an_item_scores_as_its_best_question_also_among_other_items(rows, k, n):
    ranker = QuestionToQuestion(ENCODER, KNOWN, n_questions=n).fit(a_search())
    items = [ITEMS[row] for row in rows]
    search = a_search(items, k)
    out = ranker.rank(search).hits
    for i, q in enumerate(search.Q):
        want = by_hand(q, items, k, n)
        assert out.ids[i, : len(want)].tolist() == [row for _, row in want]
        np.testing.assert_allclose(out.scores[i, : len(want)], [score for score, _ in want], atol=1e-6)
        assert (out.ids[i, len(want) :] == -1).all()


def test_equal_items_have_one_set_of_questions_and_equal_scores():
    ranker = QuestionToQuestion(ENCODER, KNOWN).fit(a_search())
    assert len(ranker.items_) == 4
    assert np.diff(ranker.offsets_).tolist() == [3, 2, 1, 0]
    hits = ranker.rank(a_search()).hits
    assert hits.ids[0, :2].tolist() == [0, 3]
    assert hits.scores[0, 0] == hits.scores[0, 1]


def test_a_query_without_hits_stays_without():
    search = a_search()
    ids, scores = search.hits.ids.copy(), search.hits.scores.copy()
    ids[1], scores[1] = -1, -np.inf
    ranker = QuestionToQuestion(ENCODER, KNOWN).fit(search)
    assert ranker.rank(Search(Hits(ids, scores), Q=search.Q, items=ITEMS)).hits.counts.tolist() == [4, 0, 4, 4]


def test_what_is_wrong_is_named():
    search = a_search()
    ranker = QuestionToQuestion(ENCODER, KNOWN)
    with pytest.raises(NotFittedError):
        ranker.rank(search)
    with pytest.raises(DataError, match=r"items\[1\], 'toilets', was not there"):
        ranker.fit(search).rank(a_search(["prices", "toilets", "parking", "prices"]))
    with pytest.raises(DataError, match="no question for any of 1 items"):
        ranker.fit(a_search(["lost keys"] * 4))
    with pytest.raises(ParameterError, match="n_questions"):
        QuestionToQuestion(ENCODER, KNOWN, n_questions=0).fit(search)
    with pytest.raises(ParameterError, match="items"):
        ranker.fit(Search(search.hits, Q=search.Q))
    with pytest.raises(ShapeError, match="16 columns"):
        ranker.fit(search).rank(Search(search.hits, Q=search.Q[:, :4], items=ITEMS))
