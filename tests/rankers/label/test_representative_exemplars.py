"""RepresentativeExemplars against greedy steps in loops and scikit-learn's precision, and what it refuses."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize
from inlay.rankers.label import RepresentativeExemplars


def space(n=45, seed=0):
    """Rows of three classes, two of which have two centres each."""
    rng = np.random.default_rng(seed)
    labels, centre = np.arange(n) % 3, np.arange(n) % 5
    centre = np.where(labels == 2, 5, 2 * labels + centre % 2)
    X = normalize(np.eye(8)[centre] + 0.6 * rng.normal(size=(n, 8)))
    return X, labels


def asked(X, Q, k=6):
    ids = np.tile(np.arange(k), (len(Q), 1))
    return Search(Hits(ids, np.tile(-np.arange(k, dtype=float), (len(Q), 1))), X=X, Q=Q)


def test_the_row_that_raises_average_precision_the_most_joins():
    X, labels = space()
    ranker = RepresentativeExemplars(3).fit(asked(X, X[:1]), labels)
    for j in range(3):
        mine, chosen, before = np.flatnonzero(labels == j), [], 0.0
        for _ in range(3):
            reached = [
                average_precision_score(labels == j, (X[[*chosen, row]] @ X.T).max(axis=0)) if row not in chosen else 0
                for row in mine
            ]
            if max(reached) <= before:
                break
            chosen.append(mine[int(np.argmax(reached))])
            before = max(reached)
            np.testing.assert_allclose(ranker.precisions_[ranker.labels_ == j][len(chosen) - 1], before, atol=1e-9)
        assert ranker.rows_[ranker.labels_ == j].tolist() == chosen
    assert np.array_equal(ranker.vectors_, X[ranker.rows_])
    assert np.array_equal(labels[ranker.rows_], ranker.labels_)


def test_precision_rises_with_every_exemplar_and_sets_may_stay_small():
    X, labels = space()
    ranker = RepresentativeExemplars(10).fit(asked(X, X[:1]), labels)
    for j in range(3):
        assert (np.diff(ranker.precisions_[ranker.labels_ == j]) > 0).all()
    apart = np.repeat(np.eye(3), 4, axis=0)
    ranker = RepresentativeExemplars(4).fit(asked(apart, apart[:1]), np.repeat(["a", "b", "c"], 4))
    assert ranker.rows_.tolist() == [0, 4, 8]
    assert ranker.precisions_.tolist() == [1, 1, 1]


def test_rank_finds_by_the_exemplars_of_the_nearest_class():
    X, labels = space()
    Q = normalize(np.random.default_rng(1).normal(size=(7, 8)))
    ranker = RepresentativeExemplars(2).fit(asked(X, Q), labels)
    search = ranker.rank(asked(X, Q))
    for q, ids, scores in zip(Q, search.hits.ids, search.hits.scores, strict=True):
        j = ranker.labels_[int((ranker.vectors_ @ q).argmax())]
        want = (ranker.vectors_[ranker.labels_ == j] @ X.T).max(axis=0)
        assert ids.tolist() == np.argsort(-want, kind="stable")[:6].tolist()
        np.testing.assert_allclose(scores, want[ids], atol=1e-6)


def test_a_query_without_hits_stays_without_and_few_rows_leave_places_empty():
    X, labels = space()
    ranker = RepresentativeExemplars().fit(asked(X, X[:1]), labels)
    none = Search(Hits([[-1] * 3, [0, 1, -1]], [[-np.inf] * 3, [1, 0.5, -np.inf]]), X=X[:2], Q=X[:2])
    assert ranker.rank(none).hits.counts.tolist() == [0, 2]


def test_few_candidates_are_drawn_from_the_seed():
    X, labels = space()
    few = [RepresentativeExemplars(2, n_candidates=4, random_state=s).fit(asked(X, X[:1]), labels) for s in (0, 0, 1)]
    assert np.array_equal(few[0].rows_, few[1].rows_)
    assert not np.array_equal(few[0].rows_, few[2].rows_)


def test_what_is_wrong_is_refused():
    X, labels = space()
    search = asked(X, X[:1])
    with pytest.raises(ParameterError, match="n_exemplars must be at least 1, got 0"):
        RepresentativeExemplars(0).fit(search, labels)
    with pytest.raises(ParameterError, match="looks at X of the search"):
        RepresentativeExemplars().fit(Search(search.hits), labels)
    with pytest.raises(ShapeError, match="each of the 45 rows"):
        RepresentativeExemplars().fit(search, labels[1:])
    with pytest.raises(ShapeError, match="at least one row"):
        RepresentativeExemplars().fit(asked(X[:0], X[:0]), [])
    with pytest.raises(NotFittedError):
        RepresentativeExemplars().rank(search)
    with pytest.raises(ShapeError, match="must have 8 columns"):
        RepresentativeExemplars().fit(search, labels).rank(asked(X[:, :4], X[:1, :4]))


def test_equal_rows_of_another_class_count_against_an_exemplar():
    rng = np.random.default_rng(0)
    for _ in range(60):
        m, d = int(rng.integers(5, 40)), int(rng.integers(3, 70))
        half = rng.normal(size=(m, d)).astype(np.float32)
        search = Search(Hits([[0]], [[1.0]]), X=np.concatenate([half, half]))
        ranker = RepresentativeExemplars(n_exemplars=1).fit(search, np.repeat([0, 1], m))
        assert ranker.precisions_.max() <= 0.5 + 1e-9


def test_a_fit_that_fails_changes_nothing():
    X, labels = space()
    ranker = RepresentativeExemplars(2).fit(asked(X, X[:1]), labels)
    with pytest.raises(ShapeError, match="at least one row"):
        ranker.fit(Search(Hits(np.zeros((1, 0)), np.zeros((1, 0))), X=X[:0]), [])
    assert ranker.classes_.tolist() == [0, 1, 2]
