from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.rerank import EntityLinking

ROWS = [("IBM Corp.", "computers"), ("HP Inc.", "printers"), ("Hope Inc.", "gardens"), "Acme"]
ASKED = [("ibm", "their mainframe"), ("H. Inc", "a new laser printer"), ["hope", "roses"], "Initech"]
Q = np.float32([[2, 0, 0], [0, 1, 0], [0, 0.2, 1], [-1, -1, -1]])
X = np.float32([[3, 0, 0], [0, 1, 0.1], [0, 0.9, 1], [1, 1, -1]])
HITS = Hits(
    [[3, 2, 1, 0], [0, 2, 1, -1], [1, 2, 3, 0], [0, 1, 2, 3]], np.where(np.arange(4) < 3, 0, -1.0)[None].repeat(4, 0)
)
SEARCH = Search(HITS, Q=Q, X=X, queries=ASKED, items=ROWS)
GRADES = [{0: 1.0}, {1: 2.0, 2: 0.0}, {2: 1.0}, {}]


def runs(text: str, n: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in text.lower().split():
        padded = f" {word} "
        found.update(padded[i : i + n] for i in range(max(1, len(padded) - n + 1)))
    return found


def weighed(name: Any, n: int) -> dict[str, float]:
    known = [runs(row if isinstance(row, str) else row[0], n) for row in ROWS]
    found = runs(name if isinstance(name, str) else name[0], n)
    return {run: count * (1 + np.log(5 / (1 + sum(run in row for row in known)))) for run, count in found.items()}


def by_loops(query: int, row: int, n: int) -> tuple[float, float]:
    a, b = (weighed(one, n) for one in (ASKED[query], ROWS[row]))
    names = sum(a[run] * b.get(run, 0) for run in a) / np.sqrt(
        sum(v * v for v in a.values()) * sum(v * v for v in b.values())
    )
    return names, float(Q[query] @ X[row] / np.linalg.norm(Q[query]) / np.linalg.norm(X[row]))


@pytest.mark.parametrize("ngram", [2, 3])
def test_scores_are_those_of_loops(ngram: int) -> None:
    ranker = EntityLinking(threshold=-1, ngram=ngram).fit(SEARCH, GRADES)
    hits = ranker.rank(SEARCH).hits
    assert hits.counts.tolist() == [4, 3, 4, 4]
    assert ranker.weights_.sum() == pytest.approx(1)
    assert (ranker.weights_ >= 0).all()
    for query, (ids, scores) in enumerate(zip(hits.ids, hits.scores, strict=True)):
        for row, score in zip(ids[ids >= 0], scores, strict=False):
            assert score == pytest.approx(ranker.weights_ @ by_loops(query, row, ngram), abs=1e-6)


def test_links_are_found_and_the_unknown_is_left_without() -> None:
    hits = EntityLinking().fit(SEARCH, GRADES).rank(SEARCH).hits
    assert hits.ids[:, 0].tolist() == [0, 1, 2, -1]


def test_weights_follow_what_tells_right_from_wrong() -> None:
    rng = np.random.default_rng(0)
    n, c = 30, 5
    names = ["".join(rng.choice(list("abcdefgh"), 8)) for _ in range(n)]
    ids = np.stack([np.append(i, rng.choice(np.delete(np.arange(n), i), c - 1, replace=False)) for i in range(n)])
    V, other = (rng.normal(size=(n, 8)).astype(np.float32) for _ in range(2))
    noise = ["".join(rng.choice(list("abcdefgh"), 8)) for _ in range(n)]
    grades = [{i: 1.0} for i in range(n)]
    hits = Hits(ids, np.zeros(ids.shape))
    by_name = EntityLinking().fit(Search(hits, Q=other, X=V, queries=names, items=names), grades)
    by_context = EntityLinking().fit(Search(hits, Q=V, X=V, queries=noise, items=names), grades)
    assert by_name.weights_[0] > 0.7
    assert by_context.weights_[1] > 0.7


def test_rare_runs_tell_more_than_common_ones() -> None:
    rows = [f"lens camera {model}" for model in ("x1", "q7", "z3", "k9")]
    asked = ["lens camera q7 black", "a k9"]
    search = Search(Hits([[0, 1, 2, 3]] * 2, np.zeros((2, 4))), Q=Q[:2], X=np.ones((4, 3)), queries=asked, items=rows)
    ranker = EntityLinking(threshold=-1).fit(search, [{1: 1.0}, {3: 1.0}])
    assert ranker.rank(search).hits.ids[:, 0].tolist() == [1, 3]
    assert ranker.n_names_ == 4
    common, rare = (ranker._runs([text]).indices for text in ("lens", "q7"))
    assert set(ranker.counts_[np.searchsorted(ranker.runs_, common)]) == {4}
    assert set(ranker.counts_[np.searchsorted(ranker.runs_, rare)]) == {1}


def test_the_threshold_is_the_one_of_the_best_f1() -> None:
    ranker = EntityLinking().fit(SEARCH, GRADES)
    free = EntityLinking(threshold=-1).fit(SEARCH, GRADES).rank(SEARCH).hits

    def f1(threshold: float) -> float:
        linked = free.scores[:, 0] >= threshold
        right = [bool(on) and g.get(int(i), 0) > 0 for on, i, g in zip(linked, free.ids[:, 0], GRADES, strict=True)]
        return float(2 * sum(right) / (linked.sum() + 3))

    assert f1(ranker.threshold_) == max(map(f1, free.scores[:, 0]))


def test_without_judged_links_names_and_contexts_weigh_the_same() -> None:
    ranker = EntityLinking().fit(SEARCH, [{}] * 4)
    assert ranker.weights_.tolist() == [0.5, 0.5]
    assert ranker.threshold_ == 1


def test_first_hits_alone() -> None:
    hits = EntityLinking(threshold=-1, n_reranked=2).fit(SEARCH, GRADES).rank(SEARCH).hits
    assert [set(row) for row in hits.ids.tolist()] == [{2, 3}, {0, 2}, {1, 2}, {0, 1}]


def test_what_is_refused() -> None:
    with pytest.raises(ParameterError, match="learns from judgments"):
        EntityLinking().fit(SEARCH)
    with pytest.raises(ShapeError, match="has 4 queries, but y has judgments for 3"):
        EntityLinking().fit(SEARCH, GRADES[1:])
    with pytest.raises(ParameterError, match="threshold must be from -1 to 1"):
        EntityLinking(threshold=2).fit(SEARCH, GRADES)
    for wrong in ("ngram", "n_reranked"):
        with pytest.raises(ParameterError, match=f"{wrong} must be at least 1"):
            EntityLinking().set_params(**{wrong: 0}).fit(SEARCH, GRADES)
    with pytest.raises(DataError, match="got 3"):
        EntityLinking().fit(replace(SEARCH, items=[3, 3, 3, 3]), GRADES)
    with pytest.raises(NotFittedError):
        EntityLinking().rank(SEARCH)
    with pytest.raises(ParameterError, match="looks at X"):
        EntityLinking().fit(SEARCH, GRADES).rank(replace(SEARCH, X=None))


def test_vectors_of_another_dimension_are_refused_and_leave_what_was_learned() -> None:
    ranker = EntityLinking().fit(SEARCH, GRADES)
    before = ranker.rank(SEARCH).hits
    for call in (ranker.rank, lambda search: ranker.fit(search, GRADES)):
        with pytest.raises(ShapeError, match="Q must have 3 columns, got 2"):
            call(replace(SEARCH, Q=Q[:, :2], items=[*ROWS[:3], "Acme Unlimited"]))
        with pytest.raises(ShapeError, match="Row 3 was found, but there are 2 items"):
            call(replace(SEARCH, items=ROWS[:2]))
    np.testing.assert_array_equal(ranker.rank(SEARCH).hits.scores, before.scores)


def test_a_row_that_nothing_has_found_is_not_read() -> None:
    ranker = EntityLinking(threshold=-1).fit(SEARCH, GRADES)
    hits = Hits([[1, 2], [3, -1], [2, 1], [-1, -1]], np.where([[1, 1], [1, 0], [1, 1], [0, 0]], 0.0, -np.inf))
    X = np.array(SEARCH.X)
    X[0] = np.nan
    found = ranker.rank(replace(SEARCH, hits=hits, X=X, items=[None, *ROWS[1:]])).hits
    np.testing.assert_array_equal(found.scores, ranker.rank(replace(SEARCH, hits=hits)).hits.scores)
    assert found.counts.tolist() == [2, 1, 2, 0]
