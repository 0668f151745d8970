"""Sharded gives what one machine gives, and never loses a shard in silence."""

import copy
import os
import shutil
import signal
import time
from concurrent import futures

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.indexes import HNSW, Exact, Filtered
from inlay.indexes.engines import Qdrant, Sharded, sharded
from inlay.indexes.engines._shards import Worker

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


def test_a_folder_holds_the_shards_and_the_object_none(tmp_path):
    kept = tmp_path / "shards"
    index, one = Sharded(Exact(), 3, backend="here", folder=kept).fit(X[:200]), Exact().fit(X)
    assert sorted(index.shards_) == sorted(map(str, kept.iterdir()))
    first = index.shards_
    index.add(X[200:]).save(tmp_path / "index")
    assert not set(first) & set(map(str, kept.iterdir()))  # written anew, and those of before deleted
    for loaded in (index, copy.deepcopy(index), Sharded.load(tmp_path / "index")):
        same(loaded.search(Q, 13, where=np.arange(190, 300)), one.search(Q, 13, where=np.arange(190, 300)))
    assert not index._workers[0].index.vectors_.flags.writeable  # mapped
    assert sum(file.stat().st_size for file in (tmp_path / "index").iterdir()) < 300 * 8 + 4000  # row numbers


def test_a_folder_is_the_same_wherever_the_process_goes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    index = Sharded(Exact(), 2, backend="here", folder="shards").fit(X)
    index.save(tmp_path / "index")
    monkeypatch.chdir("/")
    same(Sharded.load(tmp_path / "index").search(Q, 13), Exact().fit(X).search(Q, 13))


def test_vectors_go_to_the_shards_as_files(tmp_path, monkeypatch):
    given = []

    class Watched(Worker):
        def change(self, verb, part, place):
            given.append(np.load(part))
            return super().change(verb, part, place)

    monkeypatch.setattr(sharded, "Worker", Watched)
    np.save(tmp_path / "X.npy", X)
    index = Sharded(Exact(), 3, backend="here", folder=tmp_path / "shards")
    index.fit(np.load(tmp_path / "X.npy", mmap_mode="r")).add(X[:5])
    assert np.array_equal(np.concatenate(given), np.concatenate([X, X[:5]]))
    assert sorted(index.shards_) == sorted(map(str, (tmp_path / "shards").iterdir()))  # and none of those is left
    same(index.search(Q, 13), Exact().fit(np.concatenate([X, X[:5]])).search(Q, 13))


def test_a_change_that_fails_leaves_the_folder_as_it_was(tmp_path):
    index = Sharded(Failing(), 2, backend="here", folder=tmp_path).fit(X[:200])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match="no room"):
        index.add(X[200:])
    assert sorted(tmp_path.iterdir()) == before
    same(index.search(Q, 13), Exact().fit(X[:200]).search(Q, 13))
    for place in before:
        shutil.rmtree(place)
    with pytest.raises(DataError, match="holds no saved object"):
        copy.deepcopy(index).search(Q, 1)


class Failing(Exact):
    """Exact search that cannot grow where its first row is not the first."""

    def add(self, more):
        if not np.array_equal(self.vectors_[0], X[0]):
            raise DataError("no room")
        return super().add(more)


def test_a_change_that_fails_leaves_the_shards_of_this_process_as_they_were():
    index = Sharded(Failing(), 2, backend="here").fit(X[:200])
    with pytest.raises(DataError, match="no room"):
        index.add(X[200:])
    same(index.search(Q, 13), Exact().fit(X[:200]).search(Q, 13))


def test_a_refit_deletes_the_shards_of_before(tmp_path):
    index = Sharded(Exact(), 3, backend="here", folder=tmp_path).fit(X[:200]).set_params(n_shards=2).fit(X)
    assert sorted(index.shards_) == sorted(map(str, tmp_path.iterdir()))
    same(index.search(Q, 13), Exact().fit(X).search(Q, 13))


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
    with pytest.raises(ShapeError, match="rows must be a mask or row numbers, got None"):
        index.remove(None)
    assert [int((shard.vectors_ == -X[0]).all(axis=1).sum()) >= 1 for shard in index.shards_] == [True] * 3
    assert not np.isin(index.search(X[:1], 100).ids, [0, 150, 299]).any()


def test_engines_cannot_be_sharded():
    with pytest.raises(ParameterError, match="would share a place"):
        Sharded(Qdrant(":memory:", "x"), backend="here").fit(X)
    with pytest.raises(ParameterError, match="would share a place"):
        Sharded(Filtered(Qdrant(":memory:", "x")), backend="here").fit(X)


@pytest.mark.parametrize(
    "wrong", [{"n_shards": 0}, {"backend": "cloud"}, {"on_lost": "ignore"}, {"timeout": 0}, {"index": 3}]
)
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


@pytest.mark.slow
def test_a_shard_that_does_not_answer_counts_as_lost(ray):
    index = Sharded(Exact(), 2, on_lost="report", timeout=2.0).fit(X)
    pid = ray.get(index._workers[0].__ray_call__.remote(lambda worker: os.getpid()))
    os.kill(pid, signal.SIGSTOP)
    with pytest.warns(UserWarning, match=r"1 of 2 shards \(0\) of this Sharded are lost: no answer within 2.0 s"):
        hits = index.search(Q, 13)
    same(hits, Exact().fit(X).search(Q, 13, where=index.rows_[1]))
    index.restart().set_params(timeout=0.5)  # less than a process takes to start
    same(index.search(Q, 13), Exact().fit(X).search(Q, 13))


@pytest.mark.slow
def test_the_backend_can_change_and_a_loaded_index_starts_ray_as_another(ray, tmp_path, monkeypatch):
    ray.shutdown()
    started, init = [], ray.init
    monkeypatch.setattr(ray, "init", lambda *args, **given: started.append(given) or init(*args, **given))
    Sharded(Exact(), 2, backend="here").fit(X).save(tmp_path / "index")
    index, want = Sharded.load(tmp_path / "index").set_params(backend="ray"), Exact().fit(X).search(Q, 13)
    for backend in ("ray", "here", "ray"):
        same(index.set_params(backend=backend).search(Q, 13), want)
    assert [given["num_cpus"] for given in started] == [2]


@pytest.mark.slow
def test_over_ray_with_a_folder(ray, tmp_path):
    index, one = Sharded(Exact(), 2, folder=tmp_path / "shards").fit(X[:200]).add(X[200:]), Exact().fit(X)
    assert all(isinstance(shard, str) for shard in index.shards_)
    same(index.search(Q, 13), one.search(Q, 13))
    ray.kill(index._workers[0])
    with pytest.raises(DataError, match="1 of 2 shards"):
        index.search(Q, 13)
    same(index.restart().search(Q, 13), one.search(Q, 13))  # from the folder


@pytest.mark.slow
def test_a_shard_that_dies_in_the_middle_of_a_search_is_named(ray):
    class Slow(Exact):
        """Exact search that takes a minute."""

        def search(self, *asked, **given):
            time.sleep(60)

    index = Sharded(Slow(), 2).fit(X)
    with futures.ThreadPoolExecutor(1) as thread:
        asked = thread.submit(index.search, Q, 1)
        assert not futures.wait([asked], 1).done
        for worker in index._workers:
            ray.kill(worker)
        with pytest.raises(DataError, match="2 of 2 shards"):
            asked.result(30)
