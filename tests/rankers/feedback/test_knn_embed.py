"""KNNEmbed against mixtures and shared-out places in loops, what a new user gets, and what it refuses."""

import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.feedback import KNNEmbed


def visits(n_users=25, n_items=40, seed=0):
    """Users, items, and what each user had; the last user had nothing."""
    rng = np.random.default_rng(seed)
    X, Q = normalize(rng.normal(size=(n_items, 6))), normalize(rng.normal(size=(n_users, 6)))
    had = [{int(i): float(rng.uniform(0.5, 3)) for i in rng.permutation(n_items)[:5]} for _ in range(n_users - 1)]
    return X, Q, [*had, {}]


def asked(X, Q, k=7):
    return Search(product_top_k(Q, X, k), Q=Q, X=X)


def by_loops(fitted, X, users, had, q, own, k):
    """The items of one user, step by step."""
    near = [v for v in np.argsort(-users @ q, kind="stable") if v != own][: fitted.n_neighbors]
    weights = [(v, (fitted.alpha if own is not None else 1.0) / len(near)) for v in near]
    weights += [(own, 1 - fitted.alpha)] if own is not None else []
    taste = np.zeros(len(X))
    for v, weight in weights:
        for item, grade in had[v].items():
            taste[item] += weight * grade / sum(had[v].values())
    queues, mixture = {}, {}
    for c in range(fitted.n_clusters):
        inside = fitted.labels_ == c
        mixture[c] = taste[inside].sum()
        if mixture[c] > 0:
            towards = (taste[inside] @ X[inside]) / mixture[c]
            queues[c] = sorted(np.flatnonzero(inside), key=lambda i, towards=towards: -X[i] @ towards)
    taken = dict.fromkeys(queues, 0)
    out = []
    while len(out) < k:
        open_ = [c for c in queues if taken[c] < len(queues[c])]
        best = max(open_, key=lambda c: mixture[c] / (taken[c] + 0.5))
        out.append(queues[best][taken[best]])
        taken[best] += 1
    return out


@pytest.mark.parametrize(("n_clusters", "n_neighbors", "alpha"), [(4, 3, 0.8), (6, 1, 0.5), (1, 5, 1.0), (5, 2, 0.0)])
def test_items_are_those_of_loops(n_clusters, n_neighbors, alpha):
    X, Q, had = visits()
    ranker = KNNEmbed(n_clusters, n_neighbors=n_neighbors, alpha=alpha).fit(asked(X, Q), had)
    hits = ranker.rank(asked(X, Q)).hits
    for u in range(len(Q) - 1):
        assert hits.ids[u].tolist() == by_loops(ranker, X, Q, had, Q[u], u, 7)
    strangers = normalize(np.random.default_rng(5).normal(size=(6, 6)))
    for q, ids in zip(strangers, ranker.rank(asked(X, strangers)).hits.ids, strict=True):
        assert ids.tolist() == by_loops(ranker, X, Q, had, q, None, 7)


def test_places_are_shared_out_in_proportion():
    X, Q, had = visits()
    ranker = KNNEmbed(4, n_neighbors=3).fit(asked(X, Q), had)
    hits = ranker.rank(asked(X, Q, 20)).hits
    first = hits.scores[:, :1] * 0.5  # the weight of the heaviest cluster
    for ids, weight in zip(hits.ids, first[:, 0], strict=True):
        of_best = (ranker.labels_[ids] == ranker.labels_[ids[0]]).sum()
        size = (ranker.labels_ == ranker.labels_[ids[0]]).sum()
        assert of_best >= min(size, int(20 * weight) - 1)


def test_a_user_of_whom_nothing_is_known_keeps_its_hits():
    X, Q, had = visits()
    alone = KNNEmbed(4, n_neighbors=3, alpha=0.0).fit(asked(X, Q), had).rank(asked(X, Q)).hits
    assert alone.ids[-1].tolist() == asked(X, Q).hits.ids[-1].tolist()
    none = Search(Hits([[-1] * 3], [[-np.inf] * 3]), Q=Q[:1], X=X)
    assert KNNEmbed(4).fit(asked(X, Q), had).rank(none).hits.counts.tolist() == [0]


def test_more_places_than_items_stay_empty():
    X, Q, had = visits(n_items=8)
    hits = KNNEmbed(2, alpha=1.0).fit(asked(X, Q), had).rank(asked(X, Q, 12)).hits
    assert (hits.counts == 8).all()


def test_what_is_wrong_is_refused():
    X, Q, had = visits()
    search = asked(X, Q)
    for parameters, message in (
        ({"n_clusters": 41}, "from 1 to the 40 items, got 41"),
        ({"n_clusters": 4, "n_neighbors": 0}, "n_neighbors must be at least 1"),
        ({"n_clusters": 4, "alpha": 1.1}, "alpha must be at least 0 and at most 1, got 1.1"),
    ):
        with pytest.raises(ParameterError, match=message):
            KNNEmbed(**parameters).fit(search, had)
    for y, message in (
        (had[1:], "25 queries, but y has judgments for 24"),
        ([{40: 1.0}, *had[1:]], "from 0 to 39; query 0 has 40"),
        ([{1: -1.0}, *had[1:]], "below 0"),
    ):
        with pytest.raises(ShapeError, match=message):
            KNNEmbed(4).fit(search, y)
    with pytest.raises(ParameterError, match="KNNEmbed learns from judgments"):
        KNNEmbed(4).fit(search)
    with pytest.raises(ParameterError, match="looks at Q and X"):
        KNNEmbed(4).fit(Search(search.hits), had)
    with pytest.raises(NotFittedError):
        KNNEmbed(4).rank(search)


@pytest.mark.parametrize("third", [[1, 0], [0, 0]])
def test_a_user_is_known_by_its_own_vector(third):
    X = np.float32([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
    users = np.float32([[1, 0], [0.9, 0.1], third])
    search = Search(product_top_k(users, X, 2), Q=users, X=X)
    ranker = KNNEmbed(2, n_neighbors=1, alpha=0.0).fit(search, [{0: 1}, {1: 1}, {2: 1, 3: 1}])
    hits = ranker.rank(search).hits
    if any(third):  # equal users are one, who had what both had
        assert set(hits.ids[2]) & {2, 3}
        np.testing.assert_array_equal(hits.ids[0], hits.ids[2])
    else:  # to zeros nobody is near
        np.testing.assert_array_equal(hits.ids[2], search.hits.ids[2])


def test_users_that_are_nearly_equal_are_not_confused():
    rng = np.random.default_rng(0)
    users = normalize(np.ones((20, 8)) + 2e-5 * rng.normal(size=(20, 8)))
    X = normalize(rng.normal(size=(20, 8)))
    search = Search(product_top_k(users, X, 3), Q=users, X=X)
    ranker = KNNEmbed(2, n_neighbors=3, alpha=0.0).fit(search, [{i: 1} for i in range(20)])
    np.testing.assert_array_equal(ranker.rank(search).hits.ids[:, 0], np.arange(20))


def test_a_user_is_known_however_its_vector_lies_in_memory():
    rng = np.random.default_rng(0)
    users, X = (rng.normal(size=(n, 64)).astype(np.float32) for n in (60, 80))
    hits = product_top_k(users, X, 5)
    had = [{int(i): 1.0 for i in rng.integers(80, size=3)} for _ in users]
    ranker = KNNEmbed(6, n_neighbors=2, alpha=0.2).fit(Search(hits, Q=users, X=X), had)
    want = ranker.rank(Search(hits, Q=users, X=X)).hits
    np.testing.assert_array_equal(ranker.rank(Search(hits, Q=np.asfortranarray(users), X=X)).hits.ids, want.ids)
    other = KNNEmbed(6, n_neighbors=2, alpha=0.2).fit(Search(hits, Q=np.asfortranarray(users), X=X), had)
    np.testing.assert_array_equal(other.rank(Search(hits, Q=users, X=X)).hits.ids, want.ids)


def test_a_fit_that_fails_changes_nothing():
    rng = np.random.default_rng(0)
    users, X = (rng.normal(size=(n, 6)).astype(np.float32) for n in (10, 20))
    search = Search(product_top_k(users, X, 5), Q=users, X=X)
    ranker = KNNEmbed(3).fit(search, [{i: 1} for i in range(10)])
    want = ranker.rank(search).hits.ids
    with pytest.raises(ValueError, match="n_clusters"):
        ranker.set_params(n_clusters=2.5).fit(search, [{i + 10: 1} for i in range(10)])
    np.testing.assert_array_equal(ranker.set_params(n_clusters=3).rank(search).hits.ids, want)
