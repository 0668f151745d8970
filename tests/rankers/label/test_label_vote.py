"""LabelVote against a count in loops, memories that are edited against those that never knew, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.label import LabelVote


def memory(n=60, classes=4, seed=0):
    """Rows around one direction for each class, and queries."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    X = normalize(np.eye(8)[labels] + 0.5 * rng.normal(size=(n, 8)))
    return X, np.array(["fee", "card", "loan", "rate", "app"])[labels], normalize(rng.normal(size=(9, 8)))


def found(X, Q, k=12):
    return Search(product_top_k(Q, X, k), X=X, Q=Q)


def counted(search, labels, weight, k):
    """The shares of the classes of each query, hit by hit."""
    names, out = sorted(set(labels)), []
    for ids, scores in zip(search.hits.ids, search.hits.scores, strict=True):
        voters = [(labels[i], float(s)) for i, s in zip(ids, scores, strict=True) if i >= 0][:k]
        shares = dict.fromkeys(names, 0.0)
        for place, (label, score) in enumerate(voters):
            shares[label] += weight(place, score)
        out.append([shares[name] / max(sum(shares.values()), 1e-300) for name in names])
    return np.array(out)


@pytest.mark.parametrize(
    ("parameters", "weight", "k"),
    [
        ({"weighting": "rank", "offset": 1.5}, lambda place, score: 1 / (1.5 + place), 12),
        ({"weighting": "softmax", "temperature": 0.2, "k": 7}, lambda place, score: np.exp(score / 0.2), 7),
        ({"weighting": "uniform", "k": 5}, lambda place, score: 1.0, 5),
    ],
)
def test_votes_are_those_of_a_count_in_loops(parameters, weight, k):
    X, labels, Q = memory()
    search = found(X, Q)
    vote = LabelVote(**parameters).fit(search, labels)
    want = counted(search, labels, weight, k)
    np.testing.assert_allclose(vote.votes(search), want, atol=1e-6)
    best = want.max(axis=1)
    for winner, row, most, ids in zip(vote.winners(search), want, best, search.hits.ids, strict=True):
        tied = vote.classes_[np.isclose(row, most)]
        assert winner == next(labels[i] for i in ids if labels[i] in tied)


def test_rank_shows_who_voted_for_the_winner_first():
    X, labels, Q = memory()
    search = found(X, Q)
    vote = LabelVote("softmax", k=8).fit(search, labels)
    hits, shares = vote.rank(search).hits, vote.votes(search)
    for ids, scores, before, winner, row in zip(
        hits.ids, hits.scores, search.hits.ids, vote.winners(search), shares, strict=True
    ):
        assert sorted(ids[ids >= 0]) == sorted(before[:8])
        assert (ids[8:] == -1).all()
        for i, score in zip(ids[:8], scores[:8], strict=True):
            assert score == pytest.approx(row[list(vote.classes_).index(labels[i])])
        mine = [i for i in before[:8] if labels[i] == winner]
        assert list(ids[: len(mine)]) == mine


@given(st.lists(st.integers(0, 59), max_size=55), st.sampled_from(["rank", "softmax", "uniform"]))
def test_a_row_that_is_removed_has_never_been_there(gone, weighting):
    X, labels, Q = memory()
    left = np.setdiff1d(np.arange(60), gone)
    vote = LabelVote(weighting, k=5).fit(found(X, Q), labels).remove(np.array(gone, int))
    never = LabelVote(weighting, k=5).fit(found(X[left], Q), labels[left])
    everything = found(X, Q, 60)  # deep enough for neighbours to take the place of those that went
    assert vote.classes_.tolist() == never.classes_.tolist()
    assert np.array_equal(vote.votes(everything), never.votes(found(X[left], Q)))
    assert vote.winners(everything) == never.winners(found(X[left], Q))


def test_a_class_is_learned_by_adding_rows():
    X, labels, Q = memory()
    old = np.flatnonzero(labels != "fee")
    order = np.concatenate([old, np.flatnonzero(labels == "fee")])
    grown = LabelVote().fit(found(X[old], Q), labels[old]).add(labels[labels == "fee"])
    whole = LabelVote().fit(found(X[order], Q), labels[order])
    assert grown.classes_.tolist() == ["card", "fee", "loan", "rate"]
    assert np.array_equal(grown.labels_, whole.labels_)
    again = LabelVote().fit(found(X[old], Q), labels[old]).remove([0]).add(["fee"])
    assert again.labels_[0] == -1
    assert again.classes_[again.labels_[-1]] == "fee"


def test_a_query_without_voters_has_no_winner():
    search = Search(Hits([[0, -1], [-1, -1], [1, 0]], [[1.0, -np.inf], [-np.inf, -np.inf], [2.0, 1.0]]))
    vote = LabelVote().fit(search, [7, 3])
    assert vote.winners(search) == [7, None, 3]
    assert vote.votes(search)[1].tolist() == [0, 0]
    assert vote.rank(search).hits.counts.tolist() == [1, 0, 2]
    assert vote.remove([0, 1]).winners(search) == [None, None, None]
    assert vote.add([5]).classes_.tolist() == [5]
    gone = LabelVote().fit(search, ["card", "fee"]).remove([0, 1])
    assert gone.add([5]).classes_.tolist() == [5]  # of classes that are gone the type says nothing


def test_what_is_wrong_is_refused():
    search = Search(Hits([[0, 1]], [[1.0, 0.5]]), items=["a", "b"])
    for parameters, message in (
        ({"weighting": "distance"}, "weighting must be one of rank, softmax, uniform, got 'distance'"),
        ({"k": 0}, "k must be at least 1"),
        ({"temperature": 0.0}, "temperature and offset must be above 0"),
    ):
        with pytest.raises(ParameterError, match=message):
            LabelVote(**parameters).fit(search, [0, 1])
    with pytest.raises(ShapeError, match="each of the 2 rows"):
        LabelVote().fit(search, [0, 1, 1])
    with pytest.raises(NotFittedError):
        LabelVote().rank(search)
    vote = LabelVote().fit(search, [0, 1])
    with pytest.raises(ShapeError, match="Row 2 was found, but labels are known of 2 rows"):
        vote.rank(Search(Hits([[2]], [[1.0]])))
    with pytest.raises(ShapeError, match=r"between 0 and 1, got -1 to 0"):
        vote.remove([0, -1])
    with pytest.raises(ShapeError, match="whole row numbers"):
        vote.remove([0.5])
    with pytest.raises(ShapeError, match="labels such as"):
        vote.add(["fee"])


@pytest.mark.parametrize("y", [["a", None], ["a", 1], [b"a", b"b"], np.array([b"a", b"b"]), np.array(["a", 1], object)])
def test_labels_of_unlike_kinds_are_refused(y):
    search = Search(Hits([[0, 1]], [[1.0, 0.5]]), items=["a", "b"])
    with pytest.raises(ShapeError, match="all numbers or all texts, got"):
        LabelVote().fit(search, y)
    with pytest.raises(ShapeError, match="all numbers or all texts, got"):
        LabelVote().fit(search, ["a", "b"]).add(y)


def test_numbers_of_any_type_and_truth_values_are_labels():
    search = Search(Hits([[0, 1]], [[1.0, 0.5]]), items=["a", "b"])
    for y in (
        [1, np.int64(2)],
        [True, np.bool_(False)],
        [1.0, 2],
        np.array([3, 4], np.uint8),
        np.array([7, 8], object),
    ):
        assert LabelVote().fit(search, y).classes_.tolist() == sorted(np.asarray(y).tolist())


def test_several_labels_of_a_row_are_refused():
    search = Search(Hits([[0, 1]], [[1.0, 0.5]]))
    for several in ([["a"], ["b", "c"]], [["a", "b"], ["c", "d"]]):
        with pytest.raises(ShapeError, match="y must"):
            LabelVote().fit(search, several)
        with pytest.raises(ShapeError, match="y must"):
            LabelVote().fit(search, ["a", "b"]).add(several)
