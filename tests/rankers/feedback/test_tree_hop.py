"""TreeHop: two hops on a rule that can be learned, pruning, and what it refuses."""

import tracemalloc

import numpy as np
import pytest

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.feedback import TreeHop
from inlay.rankers.feedback._branches import in_order, pruned

pytest.importorskip("torch", reason="needs pip install 'inlay[nn]'")

N = 300
GRADES = [{i: 1, N + i: 1} for i in range(N)]


def a_search(k=4, of=slice(None)):
    """Return questions about people and towns, and passages in whose halves person and town, or town and answer are."""
    rng = np.random.default_rng(0)
    people, towns, answers = (normalize(rng.normal(size=(N, 6))) for _ in range(3))
    X = normalize(np.concatenate([np.hstack([people, towns]), np.hstack([towns, answers])]))
    Q = normalize(np.hstack([people, answers]))[of]
    return Search(product_top_k(Q, X, k), Q=Q, X=X)


@pytest.fixture(scope="module")
def fitted():
    return TreeHop(learning_rate=0.05, weight_decay=0.1).fit(a_search(of=slice(0, 250)), GRADES[:250])


def test_the_next_query_is_near_the_next_passage_on_questions_that_are_new(fitted):
    search = a_search(of=slice(250, N))
    fresh = fitted.next_queries(search.Q, search.X[250:N])
    before, after = ((queries * search.X[N + 250 :]).sum(axis=1).mean() for queries in (search.Q, fresh))
    assert after > before + 0.2


def test_two_hops_find_what_one_of_as_many_passages_does_not(fitted):
    search = a_search(of=slice(0, 250))
    # The first passage of each question, and one of another, as if an index had found them.
    first = Hits(np.stack([np.arange(250), np.full(250, 299)], axis=1), np.ones((250, 2)))
    out = fitted.rank(Search(first, Q=search.Q, X=search.X))
    np.testing.assert_array_equal(out.hits.ids[:, 0], np.arange(250))
    assert (out.hits.ids[:, 1] == N + np.arange(250)).mean() > 0.5


def test_the_second_hop_is_a_search_with_each_next_query(fitted):
    search = a_search(k=6)
    out = fitted.rank(search)
    for i in range(5):
        first = search.hits.ids[i, :3]
        np.testing.assert_array_equal(out.hits.ids[i, :3], first)
        fresh = fitted.next_queries(np.repeat(search.Q[i : i + 1], 3, 0), search.X[first])
        hits = product_top_k(fresh, search.X, 3)
        best = {}
        for row, score in zip(hits.ids.ravel(), hits.scores.ravel(), strict=True):
            if row not in first:
                best[int(row)] = max(best.get(int(row), -2), float(score))
        second = sorted(best, key=lambda row: (-best[row], row))[:3]
        assert out.hits.ids[i, 3 : 3 + len(second)].tolist() == second


def test_without_training_and_by_few_questions_the_next_query_is_near_query_and_passage():
    search = a_search(of=slice(0, 40))
    pairs = search.Q, search.X[:40]
    for n_epochs, least in ((0, 0.999), (10, 0.9)):
        fresh = TreeHop(n_epochs=n_epochs).fit(search, GRADES[:40]).next_queries(*pairs)
        assert (fresh * normalize(sum(pairs))).sum(axis=1).min() > least


def test_pruning_drops_what_was_seen_and_what_is_there_twice():
    ids = np.array([[5, 3, 7, 5, -1, 2]])
    scores = np.float32([[0.5, 0.9, 0.4, 0.8, -np.inf, 0.1]])
    found, worth, place = pruned(ids, scores, np.array([[3, 9]]), 4)
    assert found.tolist() == [[5, 7, 2, -1]]
    np.testing.assert_array_equal(worth, np.float32([[0.8, 0.4, 0.1, -np.inf]]))
    assert place[0, :3].tolist() == [3, 2, 5]


def test_scores_do_not_rise_from_hop_to_hop():
    hits = in_order(np.array([[4, 2, -1, 1, 2, 6]]), np.float32([[0.5, 0.4, -np.inf, 0.9, 0.8, 0.2]]), 5)
    assert hits.ids.tolist() == [[4, 2, 1, 6, -1]]
    np.testing.assert_array_equal(hits.scores, np.float32([[0.5, 0.4, 0.4, 0.2, -np.inf]]))


def test_training_goes_from_what_is_found_to_what_is_missing():
    hits = Hits([[3, 1, 0, 2]], [[4.0, 3, 2, 1]])
    hops = TreeHop(n_passages=2)
    assert hops._hops(0, [1, 2], hits) == [(0, 1, 2)]
    assert hops._hops(0, [1, 3], hits) == [(0, 1, 3), (0, 3, 1)]
    assert hops._hops(0, [8, 2, 0], hits) == [(0, 0, 8), (0, 0, 2)]
    assert hops._hops(0, [1], hits) == []


def test_what_it_cannot_learn_from_is_refused():
    search = a_search()
    with pytest.raises(ParameterError, match="learns from judgments"):
        TreeHop().fit(search)
    with pytest.raises(ShapeError, match=f"has {N} queries, but y has judgments for 1"):
        TreeHop().fit(search, [{}])
    with pytest.raises(ShapeError, match="query 0 has 999"):
        TreeHop().fit(search, [{999: 1}, *GRADES[1:]])
    with pytest.raises(DataError, match="two relevant passages"):
        TreeHop().fit(search, [{0: 1, 1: 0}] * N)
    with pytest.raises(NotFittedError):
        TreeHop().rank(search)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_hops", 1), ("n_passages", 0), ("dim_hidden", 0), ("temperature", 0.0), ("weight_decay", -1.0)],
)
def test_parameters_out_of_range_are_refused(name, value):
    with pytest.raises(ParameterError, match=name):
        TreeHop(**{name: value}).fit(a_search(), GRADES)


def test_vectors_of_another_dimension_are_refused(fitted):
    search = a_search()
    with pytest.raises(ShapeError, match="fitted on vectors of 12"):
        fitted.rank(Search(search.hits, Q=search.Q[:, :8], X=search.X[:, :8]))


def test_branches_take_memory_by_hits_alone():
    rng = np.random.default_rng(0)
    X, Q = (normalize(rng.normal(size=(n, 8))) for n in (300, 20))
    search = Search(product_top_k(Q, X, 100), Q=Q, X=X)
    few = Search(product_top_k(Q[:4], X, 10), Q=Q[:4], X=X)
    ranker = TreeHop(n_epochs=1, dim_hidden=4).fit(few, [{0: 1, 1: 1}] * 4)
    ranker.rank(few)
    tracemalloc.start()
    ranker.rank(search)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 30e6  # 259 MB where each is compared with each


def test_a_training_that_diverges_is_told_and_changes_nothing():
    rng = np.random.default_rng(0)
    X, Q = (normalize(rng.normal(size=(n, 8))) for n in (30, 8))
    search = Search(product_top_k(Q, X, 10), Q=Q, X=X)
    y = [{0: 1, 1: 1}] * 8
    ranker = TreeHop(n_epochs=2, dim_hidden=4).fit(search, y)
    before = ranker.rank(search).hits
    with pytest.raises(ParameterError, match="learning_rate"):
        ranker.set_params(learning_rate=1e30, n_epochs=20).fit(search, y)
    np.testing.assert_array_equal(ranker.rank(search).hits.ids, before.ids)
