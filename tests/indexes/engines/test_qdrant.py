"""Qdrant gives the rows that brute force gives, and says what is wrong with the server and the collection."""

import signal
from concurrent import futures

import numpy as np
import pytest
import servers

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes.engines import Qdrant
from inlay.indexes.engines._answers import CHUNK
from inlay.testing import checks

client = pytest.importorskip("qdrant_client")

X = normalize(np.random.default_rng(0).standard_normal((400, 8)))
Q = normalize(np.random.default_rng(1).standard_normal((5, 8)))


@pytest.fixture(params=[":memory:", "a server"])
def url(request):
    return request.param if request.param == ":memory:" else request.getfixturevalue("qdrant_url")


def same(hits, want):
    assert np.array_equal(hits.ids, want.ids)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize("exact", [False, True])
def test_gives_what_brute_force_gives(url, exact):
    index = Qdrant(url, "brute", exact=exact, ef=64).fit(X)
    rows = np.arange(0, 400, 7)
    same(index.search(Q, 10), product_top_k(Q, X, 10))
    same(index.search(Q, 10, where=rows), product_top_k(Q, X, 10, rows=rows))
    same(index.search(Q, 450), product_top_k(Q, X, 450))


def test_equal_rows_stand_by_number_beyond_the_last_place(url):
    index = Qdrant(url, "ties", exact=True).fit(np.concatenate([X[:1]] * 60 + [X[1:5]]))
    assert index.search(X[:1], 7).ids.tolist() == [list(range(7))]
    assert index.search(X[:1], 3, where=np.arange(50, 60)).ids.tolist() == [[50, 51, 52]]


def test_the_binary_protocol_gives_the_same(qdrant):
    url, grpc_port = qdrant
    index = Qdrant(url, "binary", grpc_port=grpc_port).fit(X).add(X[:5]).remove([1])
    left = np.setdiff1d(np.arange(405), [1])
    every = np.concatenate([X, X[:5]])
    same(index.search(Q, 10), product_top_k(Q, every, 10, rows=left))
    same(index.search(Q, 10, where=np.arange(9)), product_top_k(Q, every, 10, rows=np.setdiff1d(np.arange(9), [1])))


def test_add_remove_and_saving(url, tmp_path):
    index = Qdrant(url, "grown").fit(X[:300])
    index.add(X[300:]).remove(np.arange(0, 400, 3)).remove([0, 1])
    left = np.setdiff1d(np.arange(2, 400), np.arange(0, 400, 3))
    index.save(tmp_path / "index")
    for one in (index, Qdrant.load(tmp_path / "index")):
        same(one.search(Q, 10), product_top_k(Q, X, 10, rows=left))
        same(one.search(Q, 400, where=np.arange(6)), product_top_k(Q, X, 400, rows=np.array([2, 4, 5])))
    index.add(X[:1])
    with pytest.raises(DataError, match="was changed since this index was saved"):
        Qdrant.load(tmp_path / "index").search(Q, 1)


def test_many_allowed_rows_are_named_in_chunks(monkeypatch):
    asked = []
    monkeypatch.setattr("inlay.indexes.engines._answers.CHUNK", 40)
    monkeypatch.setattr("inlay.indexes.engines._answers.WIDE", 0)
    index = Qdrant(":memory:", "chunks").fit(X)
    ask = Qdrant._ask
    monkeypatch.setattr(Qdrant, "_ask", lambda *args: asked.append(len(args[4])) or ask(*args))
    rows = np.flatnonzero(np.random.default_rng(2).random(400) < 0.5)
    same(index.search(Q, 60, where=rows), product_top_k(Q, X, 60, rows=rows))
    assert max(asked) == 40
    assert CHUNK > 40


def test_most_rows_allowed_needs_no_filter(monkeypatch):
    filters = []
    X = normalize(np.random.default_rng(3).standard_normal((3000, 8)))
    index = Qdrant(":memory:", "wide").fit(X)
    ask = Qdrant._ask
    monkeypatch.setattr(Qdrant, "_ask", lambda *args: filters.append(args[4]) or ask(*args))
    random, far = np.random.default_rng(2).random(3000) < 0.8, np.argsort(X @ Q[0])[:2400]
    same(index.search(Q, 10, where=random), product_top_k(Q, X, 10, rows=np.flatnonzero(random)))
    assert filters == [None]
    same(index.search(Q[:1], 10, where=far), product_top_k(Q[:1], X, 10, rows=np.sort(far)))
    assert len(filters[-1]) == 2400


def test_rows_that_a_graph_does_not_meet(qdrant_url):
    rng = np.random.default_rng(4)
    X = normalize(np.repeat(rng.standard_normal((20, 8)), 75, axis=0) + 0.3 * rng.standard_normal((1500, 8)))
    index = Qdrant(qdrant_url, "graph", ef=32, M=4).fit(X)
    assert index._client().get_collection("graph").indexed_vectors_count > 0
    far = np.sort(np.argsort(X @ Q[0])[:700])
    same(index.search(Q[:1], 10, where=far), product_top_k(Q[:1], X, 10, rows=far))


def test_a_collection_of_somebody_else_is_left_alone(qdrant_url):
    other = client.QdrantClient(qdrant_url, check_compatibility=False)
    size = client.models.VectorParams(size=8, distance=client.models.Distance.DOT)
    other.create_collection("theirs", vectors_config=size)
    with pytest.raises(DataError, match=r"'theirs' .* was not made by an index and is left alone"):
        Qdrant(qdrant_url, "theirs").fit(X)
    assert other.collection_exists("theirs")
    gone = Qdrant(qdrant_url, "gone").fit(X)
    other.delete_collection("gone")
    with pytest.raises(DataError, match="refused for 'gone'"):
        gone.search(Q, 1)
    gone._held = None
    with pytest.raises(DataError, match="no collection 'gone' any more"):
        gone.search(Q, 1)


def test_a_server_that_dies_is_named():
    try:
        with servers.qdrant() as (url, grpc_port, process):
            index, binary = Qdrant(url, "dying").fit(X), Qdrant(url, "other", grpc_port=grpc_port, timeout=5).fit(X)
            process.kill()
            process.wait()
            calls = lambda: index.search(Q, 1), lambda: index.add(X), lambda: index.fit(X), lambda: binary.search(Q, 1)
            for call in calls:
                with pytest.raises(DataError, match=f"Qdrant at {url} does not answer"):
                    call()
    except servers.Absent as error:
        pytest.skip(str(error))


def test_a_server_that_dies_in_the_middle_of_a_search_is_named():
    try:
        with servers.qdrant() as (url, _, process), futures.ThreadPoolExecutor(1) as thread:
            index = Qdrant(url, "dying").fit(X)
            process.send_signal(signal.SIGSTOP)  # it has taken the question, and will not answer it
            asked = thread.submit(index.search, Q, 1)
            assert not futures.wait([asked], 0.5).done
            process.kill()
            with pytest.raises(DataError, match=f"Qdrant at {url} does not answer"):
                asked.result(30)
    except servers.Absent as error:
        pytest.skip(str(error))


def test_refuses_what_is_wrong(url):
    index = Qdrant(url, "wrong").fit(X)
    for error, call in (
        (ShapeError, lambda: index.search(Q[:, :3], 1)),
        (ShapeError, lambda: index.add(X[:, :3])),
        (ShapeError, lambda: index.search(Q, 1, where=[400])),
        (ShapeError, lambda: index.remove([400])),
        (ParameterError, lambda: Qdrant(url, "wrong", ef=0).fit(X)),
    ):
        with pytest.raises(error):
            call()
    same(index.search(Q, 3), product_top_k(Q, X, 3))  # what was refused changed nothing


@pytest.mark.slow
def test_keeps_the_contract_on_a_server(qdrant_url):
    for check in checks(Qdrant(qdrant_url, "contract")):
        check()
