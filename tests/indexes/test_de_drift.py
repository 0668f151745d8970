import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import DeDrift, Exact


def made(n, seed, topics):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(40, 16))
    return normalize(centres[rng.choice(topics, size=n)] + 0.5 * rng.normal(size=(n, 16)))


OLD, NEW = made(1500, 1, np.arange(20)), made(1500, 2, np.arange(15, 40))
Q = made(50, 3, np.arange(15, 40))


def recall_at(index, budget):
    """Return the recall where lists are looked into, nearest first, as long as `budget` rows suffice; by loops."""
    live = np.flatnonzero(index.lists_ >= 0)
    true = live[Exact().fit(index.vectors_[live]).search(Q, 10).ids]
    found = 0
    for q, wanted in zip(Q, true, strict=True):
        rows = []
        for j in np.argsort(((index.centroids_ - q) ** 2).sum(axis=1)):
            rows += np.flatnonzero(index.lists_ == j).tolist()
            if len(rows) > budget:
                break
            found += np.isin(wanted, np.flatnonzero(index.lists_ == j)).sum()
    return found / true.size


def test_it_compares_the_rows_of_the_nearest_lists():
    index = DeDrift(30, 4).fit(OLD)
    hits = index.search(Q, 10)
    for q, ids, scores in zip(Q, hits.ids, hits.scores, strict=True):
        near = np.argsort(((index.centroids_ - q) ** 2).sum(axis=1))[:4]
        rows = np.flatnonzero(np.isin(index.lists_, near))
        best = rows[np.argsort(-(OLD[rows] @ q), kind="stable")[:10]]
        assert ids.tolist() == best.tolist()
        np.testing.assert_allclose(scores, OLD[best] @ q, rtol=1e-5)


def test_rows_lie_in_the_list_of_the_nearest_centroid():
    index = DeDrift(30).fit(OLD)
    want = ((OLD[:, None] - index.centroids_) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(index.lists_, want)


def test_lazy_moves_centroids_and_leaves_rows_where_they_are():
    before = DeDrift(30, update="lazy").fit(OLD)
    lists, centroids = before.lists_.copy(), before.centroids_.copy()
    index = before.add(NEW)
    np.testing.assert_array_equal(index.lists_[:1500], lists)
    np.testing.assert_array_equal(index.lists_[1500:], ((NEW[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1))
    for j in range(30):
        np.testing.assert_allclose(index.centroids_[j], index.vectors_[index.lists_ == j].mean(axis=0), atol=1e-5)
    assert index.n_compared_ == 1500 * 30


def test_split_evens_the_lists_and_leaves_the_others_alone():
    stale, index = (
        DeDrift(30, update="none").fit(OLD).add(NEW),
        DeDrift(30, update="split", split=0.1).fit(OLD).add(NEW),
    )
    changed = (stale.centroids_ != index.centroids_).any(axis=1)
    sizes = np.bincount(stale.lists_, minlength=30)
    order = np.argsort(-sizes, kind="stable")
    assert sorted(np.flatnonzero(changed)) == sorted([*order[:3], *order[-3:]])
    assert np.bincount(index.lists_, minlength=30).max() < sizes.max()
    kept = ~np.isin(stale.lists_, np.flatnonzero(changed))
    np.testing.assert_array_equal(index.lists_[kept], stale.lists_[kept])


def test_updates_follow_the_drift_at_a_part_of_the_cost():
    found, cost = {}, {}
    for update in ("none", "hybrid", "full"):
        index = DeDrift(60, update=update, split=0.2).fit(OLD).remove(np.arange(1500)).add(NEW)
        found[update], cost[update] = recall_at(index, 150), index.n_compared_
    assert found["none"] + 0.02 < found["full"]
    assert found["hybrid"] > (found["none"] + found["full"]) / 2
    assert cost["hybrid"] < 0.5 * cost["full"]


def test_removed_rows_stay_out_and_filters_are_full():
    index = DeDrift(30, 2).fit(OLD).remove(np.arange(1000))
    assert index.search(Q, 10).ids.min() >= 1000
    hits = index.search(Q, 10, where=np.arange(990, 1004))
    np.testing.assert_array_equal(np.sort(hits.ids, axis=1)[:, -4:], np.tile(np.arange(1000, 1004), (50, 1)))
    assert hits.counts.tolist() == [4] * 50
    assert index.remove(np.ones(1500, bool)).search(Q, 3).counts.tolist() == [0] * 50
    assert index.add(NEW).search(Q, 1).ids.min() >= 1500
    with pytest.raises(ShapeError, match="rows must be a mask or row numbers, got None"):
        index.remove(None)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (DeDrift(update="often"), "update must be one of none, split, lazy, hybrid, full"),
        (DeDrift(0), "must be whole numbers of at least 1, got 0, 8 and 10"),
        (DeDrift(split=0.6), "split must be above 0 and at most 0.5"),
    ],
)
def test_wrong_parameters_are_refused(index, says):
    with pytest.raises(ParameterError, match=says):
        index.fit(OLD)


def test_added_rows_have_to_have_the_columns():
    with pytest.raises(ShapeError, match="16 columns, got 3"):
        DeDrift().fit(OLD).add(OLD[:, :3])


def test_a_full_update_clusters_as_fit_does():
    X = normalize(np.random.default_rng(0).normal(size=(3000, 8)))
    for n_lists in (None, 64):
        index = DeDrift(n_lists, update="full").fit(X[:10]).add(X[10:])
        assert len(index.centroids_) == len(DeDrift(n_lists).fit(X).centroids_)
    with pytest.raises(ParameterError, match="whole numbers"):
        DeDrift(2.5).fit(X)
