from collections.abc import Sequence

import numpy as np
import pytest

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits, Search
from inlay.rankers.rerank import CURSearch
from inlay.rankers.rerank.cur_search import _SharedLetters


class Table:
    """A scorer of a table, that counts its calls."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = np.asarray(scores, np.float32)
        self.calls = 0

    def score_pairs(self, queries: Sequence[str], items: Sequence[str]) -> FloatArray:
        self.calls += len(queries)
        return self.scores[[int(q[1:]) for q in queries], [int(i[1:]) for i in items]]


def table(rank: int, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(30, rank)) @ rng.normal(size=(rank, 40)) + noise * rng.normal(size=(30, 40))


def search(queries: Sequence[int], items: Sequence[int], k: int = 5) -> Search:
    hits = Hits(np.full((len(queries), k), -1), np.full((len(queries), k), -np.inf))
    return Search(hits, queries=[f"q{i}" for i in queries], items=[f"i{i}" for i in items])


ANCHORS = search(range(20), range(40))


def test_a_table_of_low_rank_is_found_without_one_further_call() -> None:
    scores = table(4)
    scorer = Table(scores)
    ranker = CURSearch(scorer, n_anchor_items=6, n_scored=5).fit(ANCHORS)
    assert scorer.calls == 20 * 40
    approximate = scores[20:][:, [int(i[1:]) for i in ranker.anchor_items_]] @ ranker.item_vectors_.T
    np.testing.assert_allclose(approximate, scores[20:], atol=1e-4)
    hits = ranker.rank(search(range(20, 30), range(40))).hits
    assert scorer.calls == 20 * 40 + 10 * 11
    np.testing.assert_array_equal(hits.ids, np.argsort(-scores[20:], axis=1)[:, :5])
    np.testing.assert_allclose(hits.scores, -np.sort(-scores[20:], axis=1)[:, :5], rtol=1e-6)


def test_it_is_the_formula_of_the_paper() -> None:
    scores = table(12, noise=0.5).astype(np.float32)
    ranker = CURSearch(Table(scores), n_anchor_queries=15, n_anchor_items=8, n_scored=3, random_state=3).fit(ANCHORS)
    anchors = [int(i[1:]) for i in ranker.anchor_items_]
    rows = np.sort(np.random.default_rng(3).permutation(20)[:15])
    R = scores[rows].astype(np.float64)
    for query in range(20, 30):
        inferred = scores[query, anchors] @ np.linalg.pinv(R[:, anchors]) @ R
        inferred[anchors] = -np.inf
        tried = [*anchors, *np.argsort(-inferred)[:3]]
        want = sorted(tried, key=lambda i: -scores[query, i])[:5]
        assert ranker.rank(search([query], range(40))).hits.ids[0].tolist() == want


def test_items_are_known_again_among_those_that_were_found() -> None:
    scores = table(4)
    ranker = CURSearch(Table(scores), n_anchor_items=6, n_scored=3).fit(ANCHORS)
    some = [31, 3, 17, 22, 8]
    hits = ranker.rank(search([25], some, k=3)).hits
    assert [some[i] for i in hits.ids[0]] == sorted(some, key=lambda i: -scores[25, i])[:3]


def test_few_items_fill_few_places() -> None:
    ranker = CURSearch(Table(table(4)), n_anchor_items=2, n_scored=1).fit(ANCHORS)
    assert ranker.rank(search([25], range(40))).hits.counts.tolist() == [3]
    every = CURSearch(Table(table(4)), n_anchor_items=99, n_scored=0).fit(ANCHORS)
    assert every.rank(search([25], range(40), k=50)).hits.counts.tolist() == [40]


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="must have score_pairs"):
        CURSearch(object()).fit(ANCHORS)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n_anchor_items must be at least 1, got 0"):
        CURSearch(Table(table(2)), n_anchor_items=0).fit(ANCHORS)
    with pytest.raises(ParameterError, match="n_anchor_queries must be at least 1, got 0"):
        CURSearch(Table(table(2)), n_anchor_queries=0).fit(ANCHORS)
    with pytest.raises(ParameterError, match="n_scored must be at least 0, got -1"):
        CURSearch(Table(table(2)), n_scored=-1).fit(ANCHORS)
    with pytest.raises(ShapeError, match="0 queries and 40 items"):
        CURSearch(Table(table(2))).fit(search([], range(40)))
    with pytest.raises(NotFittedError):
        CURSearch(Table(table(2))).rank(ANCHORS)
    ranker = CURSearch(Table(table(2)), n_anchor_items=3).fit(search(range(20), range(30)))
    with pytest.raises(DataError, match="10 of 40 items were not there in fit, the first is 'i30'"):
        ranker.rank(ANCHORS)


def test_half_a_character_is_text_as_well():
    items = ["red fish", "\ud800 fish"]
    search = Search(Hits([[0, 1]], [[1.0, 0.5]]), queries=["a fish"], items=items)
    ranker = CURSearch(_SharedLetters(), n_anchor_items=1, n_scored=1).fit(search)
    assert sorted(ranker.rank(search).hits.ids[0].tolist()) == [0, 1]
