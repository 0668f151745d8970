"""Milvus gives the rows that brute force gives, and says what is wrong with the server and the collection."""

import copy
import time
from concurrent import futures

import numpy as np
import pytest
import servers

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes.engines import Milvus

pymilvus = pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")

X = normalize(np.random.default_rng(0).standard_normal((400, 8)))
Q = normalize(np.random.default_rng(1).standard_normal((5, 8)))


@pytest.fixture(scope="module", params=["file", "server"])
def uri(request, tmp_path_factory):
    if request.param == "file":
        yield str(tmp_path_factory.mktemp("milvus") / "milvus.db")
        return
    try:
        with servers.milvus() as (address, _):
            yield address
    except servers.Absent as error:
        pytest.skip(str(error))


def same(hits, want):
    assert np.array_equal(hits.ids, want.ids)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize("exact", [False, True])
def test_gives_what_brute_force_gives(uri, exact):
    index = Milvus(uri, "brute", exact=exact, ef=100).fit(X)
    rows = np.arange(0, 400, 7)
    same(index.search(Q, 10), product_top_k(Q, X, 10))
    same(index.search(Q, 10, where=rows), product_top_k(Q, X, 10, rows=rows))
    same(index.search(Q, 450), product_top_k(Q, X, 450))


def test_equal_rows_stand_by_number_beyond_the_last_place(uri):
    index = Milvus(uri, "ties", exact=True).fit(np.concatenate([X[:1]] * 60 + [X[1:5]]))
    assert index.search(X[:1], 7).ids.tolist() == [list(range(7))]
    assert index.search(X[:1], 3, where=np.arange(50, 60)).ids.tolist() == [[50, 51, 52]]


def test_add_remove_and_saving(uri, tmp_path):
    index = Milvus(uri, "grown", ef=300).fit(X[:300])
    index.add(X[300:]).remove(np.arange(0, 400, 3)).remove([0, 1])
    left = np.setdiff1d(np.arange(2, 400), np.arange(0, 400, 3))
    index.save(tmp_path / "index")
    for one in (index, Milvus.load(tmp_path / "index")):
        same(one.search(Q, 10), product_top_k(Q, X, 10, rows=left))
        same(one.search(Q, 400, where=np.arange(6)), product_top_k(Q, X, 400, rows=np.array([2, 4, 5])))
    index.add(X[:1])
    with pytest.raises(DataError, match="was changed since this index was saved"):
        Milvus.load(tmp_path / "index").search(Q, 1)


def test_what_milvus_cannot_return_is_read_and_compared_here(uri, monkeypatch):
    monkeypatch.setattr("inlay.indexes.engines.milvus.PLACES", 30)
    monkeypatch.setattr("inlay.indexes.engines.milvus.REQUEST_BYTES", 2000)
    index = Milvus(uri, "many").fit(X).remove([3])
    left = np.setdiff1d(np.arange(400), [3])
    same(index.search(Q, 100), product_top_k(Q, X, 100, rows=left))
    same(index.search(Q, 50, where=left[:120]), product_top_k(Q, X, 50, rows=left[:120]))


def test_a_collection_of_somebody_else_is_left_alone(uri):
    index = Milvus(uri, "gone").fit(X)
    other = index._client()
    other.create_collection("theirs", dimension=4)
    with pytest.raises(DataError, match=r"'theirs' of .* was not made by an index"):
        Milvus(uri, "theirs").fit(X)
    assert other.has_collection("theirs")
    other.drop_collection("gone")
    with pytest.raises(DataError, match="no collection 'gone' any more"):
        index.search(Q, 1)


def test_a_change_that_failed_can_be_made_again_and_no_other(uri, monkeypatch):
    index = Milvus(uri, "again", exact=True).fit(X[:300])
    put = Milvus._put

    def half(self, how, more, first, progress):
        put(self, how, more[:50], first, progress)
        raise OSError("no room")

    monkeypatch.setattr(Milvus, "_put", half)
    with pytest.raises(DataError, match="no room"):
        index.add(X[300:])
    for call in (lambda: index.search(Q, 3), lambda: index.add(X[:5]), lambda: index.remove([1])):
        with pytest.raises(DataError, match="its last change was not finished"):
            call()
    monkeypatch.setattr(Milvus, "_put", put)
    same(index.add(X[300:]).search(Q, 401), product_top_k(Q, X, 401))


def test_what_others_change_is_noticed(uri, monkeypatch):
    def stop(rows):
        raise KeyboardInterrupt

    def interrupted(other):
        with pytest.raises(KeyboardInterrupt):
            other.fit_with_progress(X[100:], stop)

    for change in (lambda other: other.add(X[:5]), lambda other: other.remove([0]), interrupted):
        index = Milvus(uri, "others", exact=True).fit(X)
        same(index.search(Q, 3), product_top_k(Q, X, 3))
        change(copy.deepcopy(index))
        for verb, *given in (("search", Q, 3), ("add", X[5:9]), ("remove", [7])):
            with pytest.raises(DataError, match="was changed since this index was saved"):
                getattr(index, verb)(*given)
    index = Milvus(uri, "others", exact=True).fit(X)
    ask, other = Milvus._ask, copy.deepcopy(index)
    monkeypatch.setattr(Milvus, "_ask", lambda *args: other.add(X[:5]) and ask(*args))
    with pytest.raises(DataError, match="was changed since this index was saved"):
        index.search(Q, 3)


def test_many_queries_are_asked_in_parts(uri, monkeypatch):
    index = Milvus(uri, "parts", exact=True).fit(X)
    asked, search = [], index._client().search
    monkeypatch.setattr("inlay.indexes.engines.milvus.REQUEST_BYTES", 4 * 8 * 2)
    monkeypatch.setattr(
        index._client(),
        "search",
        lambda *args, data, **given: asked.append(len(data)) or search(*args, data=data, **given),
    )
    same(index.search(Q, 3), product_top_k(Q, X, 3))
    assert asked == [2, 2, 1]


def test_a_server_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"Milvus at http://127\.0\.0\.1:9 did not"):
        Milvus("http://127.0.0.1:9", "nowhere", timeout=1).fit(X)


def test_a_server_that_dies_in_the_middle_of_searches_is_named():
    try:
        with servers.milvus() as (address, process), futures.ThreadPoolExecutor(1) as thread:
            index = Milvus(address, "dying", exact=True, timeout=5).fit(X)
            want = product_top_k(Q, X, 3)

            def ask():
                while True:
                    same(index.search(Q, 3), want)

            asked = thread.submit(ask)
            time.sleep(0.5)
            process.kill()
            with pytest.raises(DataError, match="did not do it for the collection 'dying'"):
                asked.result(60)
    except servers.Absent as error:
        pytest.skip(str(error))


def test_refuses_what_is_wrong(uri):
    index = Milvus(uri, "wrong", exact=True).fit(X)
    for error, call in (
        (ShapeError, lambda: index.search(Q[:, :3], 1)),
        (ShapeError, lambda: index.add(X[:, :3])),
        (ShapeError, lambda: index.remove([400])),
        (ShapeError, lambda: index.remove(None)),
        (ParameterError, lambda: Milvus(uri, "wrong", M=1).fit(X)),
    ):
        with pytest.raises(error):
            call()
    same(index.search(Q, 3), product_top_k(Q, X, 3))
