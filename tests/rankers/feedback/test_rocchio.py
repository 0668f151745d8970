"""Rocchio against the formula written out, and what feedback does to a ranking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.feedback import Rocchio


def a_search(n=40, n_queries=5, d=6, k=10, seed=0):
    rng = np.random.default_rng(seed)
    X = normalize(rng.normal(size=(n, d)))
    Q = normalize(rng.normal(size=(n_queries, d)))
    return Search(product_top_k(Q, X, k), Q=Q, X=X)


def by_hand(ranker, q, X, relevant, irrelevant):
    """Return the new query of one query, by the equation and loops."""
    new = [ranker.alpha * float(v) for v in q]
    for rows, weight in ((relevant, ranker.beta), (irrelevant, -ranker.gamma)):
        for row in rows:
            for j in range(len(new)):
                new[j] += weight * float(X[row][j]) / len(rows)
    new = np.array(new)
    return new / np.linalg.norm(new) * np.linalg.norm(q)


@given(seed=st.integers(0, 50), n_relevant=st.integers(0, 6), n_irrelevant=st.integers(0, 12))
def test_it_is_the_equation_and_a_second_search(seed, n_relevant, n_irrelevant):
    search = a_search(seed=seed)
    ranker = Rocchio(0.9, 0.6, 0.3, n_relevant, n_irrelevant)
    out = ranker.rank(search)
    for i, row in enumerate(search.hits.ids):
        rest = row[n_relevant:]
        want = by_hand(ranker, search.Q[i], search.X, row[:n_relevant], rest[max(0, len(rest) - n_irrelevant) :])
        np.testing.assert_allclose(out.Q[i], want, atol=1e-5)
        np.testing.assert_allclose(np.sort(search.X @ want)[::-1][:10], out.hits.scores[i], atol=1e-5)


def test_update_takes_the_rows_that_are_named():
    search = a_search()
    ranker = Rocchio()
    relevant, irrelevant = [[3, 1, 7], [], [2], [0, 1], [5]], [[4], [], [6, 8], [], [9]]
    Q = ranker.update(search.Q, search.X, relevant, irrelevant)
    for i in range(5):
        want = by_hand(ranker, search.Q[i], search.X, relevant[i], irrelevant[i])
        np.testing.assert_allclose(Q[i], want, atol=1e-5)
    np.testing.assert_array_equal(
        ranker.update(search.Q, search.X, [[]] * 5), ranker.update(search.Q, search.X, [()] * 5)
    )


def test_rank_is_update_by_the_first_hits():
    search = a_search()
    by_rows = Rocchio().update(search.Q, search.X, search.hits.ids[:, :3].tolist())
    np.testing.assert_array_equal(Rocchio().rank(search).Q, by_rows)


def test_what_is_liked_comes_closer():
    search = a_search(seed=3)
    last = search.hits.ids[:, -1:]
    Q = Rocchio().update(search.Q, search.X, last.tolist())
    before, after = ((queries * search.X[last[:, 0]]).sum(axis=1) for queries in (search.Q, Q))
    assert (after > before).all()


def test_a_query_keeps_its_length_and_one_without_hits_stays():
    search = a_search()
    ids, scores = search.hits.ids.copy(), search.hits.scores.copy()
    ids[1], scores[1] = -1, -np.inf
    ids[2, 1:], scores[2, 1:] = -1, -np.inf
    out = Rocchio().rank(Search(Hits(ids, scores), Q=3 * search.Q, X=search.X))
    np.testing.assert_allclose(np.linalg.norm(out.Q, axis=1), 3, rtol=1e-5)
    np.testing.assert_array_equal(out.Q[1], 3 * search.Q[1])
    assert out.hits.counts.tolist() == [10, 0, 10, 10, 10]


def test_without_weights_nothing_changes():
    search = a_search()
    np.testing.assert_array_equal(Rocchio(1, 0, 0).rank(search).hits.ids, search.hits.ids)
    np.testing.assert_array_equal(Rocchio(0, 0, 0).rank(search).hits.ids, search.hits.ids)


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma", "n_relevant", "n_irrelevant"])
def test_negative_weights_and_counts_are_refused(name):
    with pytest.raises(ParameterError, match=f"{name} must be at least 0, got -1"):
        Rocchio(**{name: -1}).rank(a_search())


def test_rows_that_are_not_there_are_refused():
    search = a_search()
    with pytest.raises(ShapeError, match="row 39, but X has 20"):
        Rocchio().rank(Search(Hits([[39]], [[1.0]]), Q=search.Q[:1], X=search.X[:20]))
    with pytest.raises(ShapeError, match="each of 5 queries, got 1"):
        Rocchio().update(search.Q, search.X, [[1]])
    with pytest.raises(ShapeError, match=r"irrelevant\[4\] has the row -2"):
        Rocchio().update(search.Q, search.X, [[]] * 5, [[], [], [], [], [-2]])
    with pytest.raises(ShapeError, match="columns"):
        Rocchio().rank(Search(search.hits, Q=search.Q[:, :3], X=search.X))
    with pytest.raises(ParameterError, match="X"):
        Rocchio().rank(Search(search.hits, Q=search.Q))
