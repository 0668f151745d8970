import itertools

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.rerank import MaximalMarginalRelevance


def search(n=12, rows=60, k=15, dim=6, seed=0):
    rng = np.random.default_rng(seed)
    X, Q = (rng.normal(size=(m, dim)).astype(np.float32) for m in (rows, n))
    hits = product_top_k(Q, X, k)
    ids, scores = hits.ids.copy(), hits.scores.copy()
    ids[2, 5:], scores[2, 5:] = -1, -np.inf
    ids[3], scores[3] = -1, -np.inf
    return Search(Hits(ids, scores), Q=Q, X=X)


def loops(one, diversity, relevance):
    X, Q = normalize(one.X), normalize(one.Q)
    found = []
    for query, row in enumerate(one.hits.ids):
        rest, taken = [int(i) for i in row if i >= 0], []
        own = {int(i): float(s) for i, s in zip(row, one.hits.scores[query], strict=True) if i >= 0}
        if relevance == "cosine":
            own = {i: float(X[i] @ Q[query]) for i in rest}
        elif own:
            low, high = min(own.values()), max(own.values())
            own = {i: (score - low) / (high - low) for i, score in own.items()}
        out = []
        while rest:
            worth = {
                i: (1 - diversity) * own[i] - diversity * max((float(X[i] @ X[j]) for j in taken), default=0)
                for i in rest
            }
            best = max(rest, key=worth.get)
            out.append((best, worth[best]))
            taken.append(best)
            rest.remove(best)
        found.append(out)
    return found


@pytest.mark.parametrize("relevance", ["cosine", "scores"])
@pytest.mark.parametrize("diversity", [0.2, 0.5, 0.9])
def test_equals_loops(diversity, relevance):
    one = search()
    hits = MaximalMarginalRelevance(diversity, relevance=relevance).rank(one).hits
    for query, want in enumerate(loops(one, diversity, relevance)):
        assert hits.ids[query][: len(want)].tolist() == [row for row, _ in want]
        worth = np.minimum.accumulate([value for _, value in want]) if want else []
        np.testing.assert_allclose(hits.scores[query][: len(want)], worth, atol=1e-5)
        assert (hits.ids[query][len(want) :] == -1).all()


def test_only_the_second_score_has_to_be_held_down():
    for query in loops(search(n=40, k=20), 0.7, "cosine"):
        values = [value for _, value in query]
        assert all(later <= earlier + 1e-6 for earlier, later in itertools.pairwise(values[1:]))


def test_without_diversity_it_orders_by_the_cosine():
    one = search()
    hits = MaximalMarginalRelevance(0).rank(one).hits
    cosines = np.vecdot(normalize(one.X)[hits.ids], normalize(one.Q)[:, None])
    np.testing.assert_allclose(hits.scores[:2], cosines[:2], atol=1e-6)
    assert (np.diff(cosines[0]) <= 1e-6).all()


def test_without_diversity_the_own_scores_keep_their_order():
    one = search()
    assert MaximalMarginalRelevance(0, relevance="scores").rank(one).hits.ids.tolist() == one.hits.ids.tolist()


def test_a_repetition_comes_last():
    X = np.float32([[1, 0], [1, 0], [0.5, 0.9]])
    one = Search(Hits([[0, 1, 2]], [[3, 2, 1]]), Q=np.float32([[1, 0]]), X=X)
    assert MaximalMarginalRelevance(0.6).rank(one).hits.ids.tolist() == [[0, 2, 1]]


def test_blocks_of_queries_change_nothing(monkeypatch):
    one = search(n=30)
    want = MaximalMarginalRelevance().rank(one).hits
    monkeypatch.setattr("inlay.rankers.rerank.maximal_marginal_relevance.HELD_BYTES", 1000)
    hits = MaximalMarginalRelevance().rank(one).hits
    assert (hits.ids == want.ids).all()
    assert (hits.scores == want.scores).all()


def test_wrong_input_is_refused():
    one = search()
    with pytest.raises(ParameterError, match="from 0 to 1, got 2"):
        MaximalMarginalRelevance(2).rank(one)
    with pytest.raises(ParameterError, match="one of cosine, scores"):
        MaximalMarginalRelevance(relevance="rank").rank(one)
    with pytest.raises(ParameterError, match="looks at Q of the search"):
        MaximalMarginalRelevance().rank(Search(one.hits, X=one.X))
    with pytest.raises(ShapeError, match="X has 5 rows"):
        MaximalMarginalRelevance().rank(Search(one.hits, Q=one.Q, X=one.X[:5]))


def test_a_stored_row_that_is_not_finite_is_named_by_its_number():
    one = search()
    one.X[7] = np.nan
    with pytest.raises(ShapeError, match="X has a value that is not finite in row 7"):
        MaximalMarginalRelevance().rank(Search(Hits([[5, 7]], [[1.0, 0.5]]), Q=one.Q[:1], X=one.X))


def test_a_row_that_nothing_has_found_is_not_read():
    one = search()
    one.X[0] = np.nan
    hits = Hits([[5, 7], [6, -1]], [[1.0, 0.5], [1.0, -np.inf]])
    assert MaximalMarginalRelevance().rank(Search(hits, Q=one.Q[:2], X=one.X)).hits.counts.tolist() == [2, 1]


def test_queries_that_are_wrong_are_named():
    one = search()
    with pytest.raises(ShapeError, match="Q must have"):
        MaximalMarginalRelevance().rank(Search(one.hits, Q=one.Q[:, 1:], X=one.X))
    one.Q[1] = np.nan
    with pytest.raises(ShapeError, match="Q has a value that is not finite in row 1"):
        MaximalMarginalRelevance().rank(one)
