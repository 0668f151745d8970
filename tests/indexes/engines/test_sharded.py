"""Sharded gives what one machine gives, and never loses a shard in silence."""

import copy

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import HNSW, Exact
from inlay.indexes.engines import Qdrant, Sharded

X = normalize(np.round(np.random.default_rng(0).standard_normal((300, 4))))  # many rows are equal
Q = normalize(np.round(np.random.default_rng(1).standard_normal((20, 4))))


def same(hits, want):
    assert np.array_equal(hits.ids, want.ids)
    assert np.array_equal(hits.scores, want.scores)


@pytest.mark.parametrize("n_shards", [1, 2, 7])
@pytest.mark.parametrize("k", [1, 13, 310])
def test_gives_what_one_machine_gives(n_shards, k):
    index, one = Sharded(Exact(), n_shards, backend="here").fit(X), Exact().fit(X)
    assert len(np.unique(X, axis=0)) < 200
    for where in (None, np.arange(0, 300, 3), np.arange(5), [], np.random.default_rng(2).random(300) < 0.5):
        same(index.search(Q, k, where=where), one.search(Q, k, where=where))


def test_add_and_saving(tmp_path):
    index, one = Sharded(Exact(), 3, backend="here").fit(X[:200]), Exact().fit(X)
    index.add(X[200:])
    assert [len(rows) for rows in index.rows_] == [67 + 34, 67 + 33, 66 + 33]
    index.save(tmp_path / "index")
    for loaded in (index, copy.deepcopy(index), Sharded.load(tmp_path / "index", mmap=True)):
        same(loaded.search(Q, 13, where=np.arange(190, 300)), one.search(Q, 13, where=np.arange(190, 300)))


def test_more_shards_than_rows():
    same(Sharded(Exact(), 9, backend="here").fit(X[:5]).search(Q, 7), Exact().fit(X[:5]).search(Q, 7))


class Removing(Exact):
    """Exact search that can take rows out."""

    def remove(self, rows):
        self.vectors_ = self.vectors_.copy()
        self.vectors_[rows] = -X[0]
        return self


def test_has_the_powers_of_its_index():
    assert not hasattr(Sharded(Exact()), "remove")
    assert hasattr(Sharded(HNSW()), "add")
    index = Sharded(Removing(), 3, backend="here").fit(X).remove([0, 150, 299])
    assert [int((shard.vectors_ == -X[0]).all(axis=1).sum()) >= 1 for shard in index.shards_] == [True] * 3
    assert not np.isin(index.search(X[:1], 100).ids, [0, 150, 299]).any()


def test_engines_cannot_be_sharded():
    with pytest.raises(ParameterError, match="would share a place"):
        Sharded(Qdrant(":memory:", "x"), backend="here").fit(X)


@pytest.mark.parametrize("wrong", [{"n_shards": 0}, {"backend": "cloud"}, {"on_lost": "ignore"}, {"index": 3}])
def test_refuses_parameters(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Sharded(Exact(), backend="here").set_params(**wrong).fit(X)


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray")
    yield ray
    ray.shutdown()


@pytest.mark.slow
def test_over_ray(ray, tmp_path):
    index, one = Sharded(Exact(), 2).fit(X[:200]).add(X[200:]), Exact().fit(X)
    rows = np.arange(0, 300, 3)
    same(index.search(Q, 13), one.search(Q, 13))
    same(index.search(Q, 13, where=rows), one.search(Q, 13, where=rows))
    for error, call in ((ParameterError, lambda: index.search(Q, 0)), (ShapeError, lambda: index.add(X[:, :2]))):
        with pytest.raises(error):
            call()
    with pytest.raises(ParameterError, match="k must be at least 1"):  # by the shard, as itself
        index._received([index._workers[0].search.remote(Q, 0, None)])
    index.save(tmp_path / "index")

    ray.kill(index._workers[1])
    with pytest.raises(DataError, match=r"1 of 2 shards \(1\) of this Sharded are lost"):
        index.search(Q, 13)
    index.on_lost = "report"
    with pytest.warns(UserWarning, match="the hits lack their 150 rows"):
        hits = index.search(Q, 13)
    assert np.array_equal(index.missing, index.rows_[1])
    same(hits, one.search(Q, 13, where=index.rows_[0]))
    same(index.restart().search(Q, 13), one.search(Q, 13))
    assert not len(index.missing)

    ray.kill(index._workers[1])
    with pytest.raises(DataError, match="lost"):  # a change that only some shards made counts for none
        index.add(X)
    same(index.search(Q, 13), one.search(Q, 13))
    for worker in index._workers:
        ray.kill(worker)
    with pytest.raises(DataError, match="2 of 2"):
        index.search(Q, 13)
    same(Sharded.load(tmp_path / "index").set_params(backend="here").search(Q, 13), one.search(Q, 13))
