"""HierarchyRefinement against mixing in loops, what a tree does to scores, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize
from inlay.rankers.label import HierarchyRefinement

PARENTS = [-1, -1, 0, 0, 1, 2, 2, -1]


def asked(n=8, seed=0):
    rng = np.random.default_rng(seed)
    X, Q = rng.normal(size=(n, 5)).astype(np.float32), normalize(rng.normal(size=(3, 5)))
    ids = np.tile(np.arange(n), (3, 1))
    return Search(Hits(ids, np.zeros(ids.shape)), X=X, Q=Q)


@pytest.mark.parametrize(("alpha", "n_steps"), [(0.5, 1), (0.3, 3), (1.0, 2)])
def test_mixtures_are_those_of_loops(alpha, n_steps):
    search = asked()
    X = [x / np.linalg.norm(x) for x in search.X.astype(float)]
    near = [[b for b in range(8) if b == c or PARENTS[c] == b or PARENTS[b] == c] for c in range(8)]
    H = list(X)
    for _ in range(n_steps):
        spread = [sum(H[b] / np.sqrt(len(near[b]) * len(near[c])) for b in near[c]) for c in range(8)]
        H = [(1 - alpha) * x + alpha * h for x, h in zip(X, spread, strict=True)]
    H = [h / np.linalg.norm(h) for h in H]
    ranker = HierarchyRefinement(PARENTS, alpha=alpha, n_steps=n_steps).fit(search)
    np.testing.assert_allclose(ranker.vectors_, H, atol=1e-6)
    want = search.Q @ np.array(H).T
    hits = ranker.rank(search).hits
    assert np.array_equal(np.sort(hits.ids, axis=1), np.tile(np.arange(8), (3, 1)))
    np.testing.assert_allclose(hits.scores, np.take_along_axis(want, hits.ids, 1), atol=1e-6)


def test_without_neighbours_or_a_share_for_them_classes_stay_alone():
    search = asked()
    for ranker in (HierarchyRefinement([-1] * 8), HierarchyRefinement(PARENTS, alpha=0.0)):
        np.testing.assert_allclose(ranker.fit(search).vectors_, normalize(search.X), atol=1e-6)


@given(st.lists(st.integers(-1, 6), min_size=7, max_size=7))
def test_only_trees_are_taken(parents):
    def root(row):
        seen = set()
        while row >= 0 and row not in seen:
            seen.add(row)
            row = parents[row]
        return row < 0

    search = asked(7)
    if all(map(root, range(7))):
        assert HierarchyRefinement(parents).fit(search).vectors_.shape == (7, 5)
    else:
        with pytest.raises(ParameterError, match="must be a tree"):
            HierarchyRefinement(parents).fit(search)


def test_only_what_was_found_is_ordered():
    search = asked()
    ranker = HierarchyRefinement(PARENTS).fit(search)
    some = Search(Hits([[5, 2, -1]] * 3, [[1, 0, -np.inf]] * 3), Q=search.Q)
    assert {tuple(sorted(row)) for row in ranker.rank(some).hits.ids.tolist()} == {(-1, 2, 5)}


def test_what_is_wrong_is_refused():
    search = asked()
    for ranker, error, message in (
        (HierarchyRefinement(PARENTS, alpha=1.5), ParameterError, "alpha must be at least 0 and at most 1, got 1.5"),
        (HierarchyRefinement(PARENTS, n_steps=0), ParameterError, "n_steps must be at least 1"),
        (HierarchyRefinement(PARENTS[1:]), ShapeError, r"each of the 8 rows, got the shape \(7,\)"),
        (HierarchyRefinement([8] * 8), ParameterError, "row numbers below 8"),
        (HierarchyRefinement([0.5] * 8), ParameterError, "row numbers below 8"),
    ):
        with pytest.raises(error, match=message):
            ranker.fit(search)
    with pytest.raises(NotFittedError):
        HierarchyRefinement(PARENTS).rank(search)
    ranker = HierarchyRefinement(PARENTS).fit(search)
    with pytest.raises(ShapeError, match="Row 8 was found, but the taxonomy has 8 classes"):
        ranker.rank(Search(Hits([[8]], [[1.0]]), Q=search.Q[:1]))
    with pytest.raises(ParameterError, match="looks at Q"):
        ranker.rank(Search(search.hits))
