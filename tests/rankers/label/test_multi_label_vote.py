"""MultiLabelVote against a count in loops and scikit-learn's neighbours, and what it refuses."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.label import LabelVote, MultiLabelVote, multi_label_vote


def memory(n=60, seed=0):
    """Return rows, each with the labels of the columns in which it is large, and queries."""
    rng = np.random.default_rng(seed)
    has = rng.random((n, 5)) < 0.4
    X = normalize(has + 0.3 * rng.normal(size=(n, 5)))
    return X, [[f"label {c}" for c in np.flatnonzero(row)] for row in has], normalize(rng.random((9, 5)))


def found(X, Q, k=12):
    return Search(product_top_k(Q, X, k), X=X, Q=Q)


labelled = st.lists(st.lists(st.sampled_from("abcd"), max_size=4), min_size=6, max_size=6).filter(any)


@given(
    labelled, st.permutations(range(6)), st.integers(0, 6), st.integers(1, 7), st.sampled_from([0.1, 0.25, 0.5, 1.0])
)
def test_votes_winners_and_order_are_those_of_loops(y, order, n_hits, k, threshold):
    ids = [[*order[:n_hits], *[-1] * (6 - n_hits)]]
    search = Search(Hits(ids, np.zeros((1, 6))))
    vote = MultiLabelVote(threshold, k=k).fit(search, y)
    voters = order[:n_hits][:k]
    names = sorted({label for row in y for label in row})
    shares = {name: sum(name in y[i] for i in voters) / max(len(voters), 1) for name in names}
    assert vote.classes_.tolist() == names
    assert np.allclose(vote.votes(search)[0], list(shares.values()))
    won = [name for name in sorted(names, key=lambda name: -shares[name]) if shares[name] >= threshold]
    assert vote.winners(search) == [won]
    alike = {i: len({*won} & {*y[i]}) / max(len({*won} | {*y[i]}), 1) for i in voters}
    want = sorted(voters, key=lambda i: -alike[i])
    hits = vote.rank(search).hits
    assert hits.ids[0, : len(want)].tolist() == want
    assert hits.counts.tolist() == [len(want)]
    assert np.allclose(hits.scores[0, : len(want)], [alike[i] for i in want])


def test_winners_are_those_of_a_library():
    X, y, Q = memory()
    vote = MultiLabelVote(k=7).fit(found(X, Q), y)
    table = np.array([[name in row for name in vote.classes_] for row in y])
    library = KNeighborsClassifier(7, metric="cosine").fit(X, table)
    want = library.predict(Q)
    got = [[name in row for name in vote.classes_] for row in vote.winners(found(X, Q))]
    assert np.array_equal(got, want)
    assert 0.1 < np.mean(got) < 0.9


def test_one_label_a_row_gives_the_shares_of_label_vote():
    X, _, Q = memory()
    y = np.arange(len(X)) % 4
    search = found(X, Q)
    want = LabelVote("uniform", k=5).fit(search, y).votes(search)
    for given_labels in (y, [[one] for one in y], [{one} for one in y.tolist()]):
        assert np.allclose(MultiLabelVote(k=5).fit(search, given_labels).votes(search), want)


def test_fewer_labels_win_at_a_higher_threshold():
    X, y, Q = memory()
    search = found(X, Q)
    sizes = [sum(map(len, MultiLabelVote(t).fit(search, y).winners(search))) for t in (0.1, 0.4, 0.7, 1.0)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]


@given(st.lists(st.integers(0, 59), max_size=58), st.sampled_from([None, 1, 5]))
def test_a_row_that_is_removed_has_never_been_there(gone, k):
    X, y, Q = memory()
    left = np.setdiff1d(np.arange(60), gone)
    vote = MultiLabelVote(0.3, k=k).fit(found(X, Q), y).remove(np.array(gone, int))
    never = MultiLabelVote(0.3, k=k).fit(found(X[left], Q), [y[i] for i in left])
    everything, rest = found(X, Q, 60), found(X[left], Q, len(left))
    assert vote.classes_.tolist() == never.classes_.tolist()
    assert np.array_equal(vote.votes(everything), never.votes(rest))
    assert vote.winners(everything) == never.winners(rest)
    got, want = vote.rank(everything).hits, never.rank(rest).hits
    n = want.k
    assert np.array_equal(got.ids[:, :n], np.where(want.ids < 0, -1, left[want.ids]))
    assert np.array_equal(got.scores[:, :n], want.scores)
    assert got.counts.tolist() == want.counts.tolist()


@given(labelled, st.integers(0, 6))
def test_what_is_added_was_always_there(y, n):
    search = Search(Hits([range(6)], np.zeros((1, 6))))
    whole = MultiLabelVote().fit(search, y)
    if any(y[:n]):
        grown = MultiLabelVote().fit(search, y[:n]).add(y[n:])
        assert grown.classes_.tolist() == whole.classes_.tolist()
        assert np.array_equal(grown.labels_.toarray(), whole.labels_.toarray())
        assert np.array_equal(grown.votes(search), whole.votes(search))


def test_a_memory_can_be_emptied_and_filled_again():
    search = Search(Hits([[2, 1, 0]], np.zeros((1, 3))))
    vote = MultiLabelVote().fit(search, [[1], [2], [1, 2]]).remove([0, 1, 2])
    assert vote.winners(search) == [[]]
    assert vote.votes(search).shape == (1, 0)
    assert vote.rank(search).hits.counts.tolist() == [0]
    vote.add([["fee"], []])  # of classes that are gone the type says nothing
    assert vote.votes(Search(Hits([[4, 3, 0]], np.zeros((1, 3))))).tolist() == [[0.5]]


def test_blocks_of_queries_change_nothing_and_hold_no_label_of_each_hit(monkeypatch):
    n, k = 400, 50
    rng = np.random.default_rng(0)
    vote = MultiLabelVote(0.02, k=k).fit(Search(Hits([[0]], [[1.0]])), [[i] for i in range(n)])
    ids = np.array([rng.permutation(n)[:k] for _ in range(40)])
    search = Search(Hits(ids, np.zeros(ids.shape)))
    want = vote.rank(search).hits
    monkeypatch.setattr(multi_label_vote, "HELD_BYTES", 4 * n * 7)
    tracemalloc.start()
    hits = vote.rank(search).hits
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 40 * k * n  # a byte for each hit and label
    assert np.array_equal(hits.ids, want.ids)
    assert np.array_equal(hits.scores, want.scores)


def test_queries_without_hits_have_no_labels():
    X, y, Q = memory()
    vote = MultiLabelVote().fit(found(X, Q), y)
    search = Search(Hits([[-1, -1], [0, -1]], [[-np.inf] * 2, [1.0, -np.inf]]))
    assert vote.winners(search) == [[], y[0]]
    assert not vote.votes(search)[0].any()
    assert vote.rank(search).hits.counts.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"threshold": 0.0}, "threshold must be above 0"),
        ({"threshold": 1.5}, "at most 1"),
        ({"k": 0}, "k must be at least 1"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, said):
    X, y, Q = memory()
    with pytest.raises(ParameterError, match=said):
        MultiLabelVote(**parameters).fit(found(X, Q), y)
    vote = MultiLabelVote().fit(found(X, Q), y).set_params(**parameters)
    with pytest.raises(ParameterError, match=said):
        vote.rank(found(X, Q))


def test_labels_that_do_not_fit_are_refused():
    X, y, Q = memory()
    search = found(X, Q)
    with pytest.raises(NotFittedError):
        MultiLabelVote().rank(search)
    with pytest.raises(ShapeError, match="requires y"):
        MultiLabelVote().fit(search)
    with pytest.raises(ShapeError, match="each of the 60 rows, got 59"):
        MultiLabelVote().fit(search, y[1:])
    with pytest.raises(ShapeError, match="all of its 60 rows are without one"):
        MultiLabelVote().fit(search, [[]] * 60)
    vote = MultiLabelVote().fit(Search(search.hits, X=X[:10]), y[:10])
    with pytest.raises(ShapeError, match="labels are known of 10 rows"):
        vote.votes(search)
    with pytest.raises(ShapeError, match="between 0 and 9, got 3 to 10"):
        vote.remove([3, 10])
    with pytest.raises(ShapeError, match="whole row numbers"):
        vote.remove([0.5])
    with pytest.raises(ShapeError, match="labels such as 'label 0', got 3"):
        vote.add([[3]])
    with pytest.raises(NotFittedError):
        MultiLabelVote().add([[3]])


@pytest.mark.parametrize("y", [[["a"], [None]], [["a", 1], []], [b"a", b"b"], np.array(["a", 1], object)])
def test_labels_of_unlike_kinds_are_refused(y):
    with pytest.raises(ShapeError, match="all numbers or all texts, got"):
        MultiLabelVote().fit(Search(Hits([[0]], [[1.0]])), y)
