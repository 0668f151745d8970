"""Qdrant gives the rows that brute force gives, and says what is wrong with the server and the collection."""

import copy
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


def test_a_server_that_ends_at_once_is_no_reason_to_skip(monkeypatch):
    monkeypatch.setenv(servers.QDRANT, "/bin/false")
    with pytest.raises(RuntimeError, match="Qdrant did not start"), servers.qdrant():
        pass


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
        (ShapeError, lambda: index.remove(None)),
        (ParameterError, lambda: Qdrant(url, "wrong", ef=0).fit(X)),
    ):
        with pytest.raises(error):
            call()
    same(index.search(Q, 3), product_top_k(Q, X, 3))  # what was refused changed nothing


def test_a_change_that_failed_can_be_made_again_and_no_other(url, monkeypatch):
    index = Qdrant(url, "again", exact=True).fit(X[:300])
    put, mark = Qdrant._put, Qdrant._mark

    def half(self, more, first, progress):
        put(self, more[:50], first, progress)
        raise OSError("no room")

    monkeypatch.setattr(Qdrant, "_put", half)
    with pytest.raises(DataError, match="no room"):
        index.add(X[300:])
    for call in (lambda: index.search(Q, 3), lambda: index.add(X[:5]), lambda: index.remove([1])):
        with pytest.raises(DataError, match="its last change was not finished"):
            call()
    monkeypatch.setattr(Qdrant, "_put", put)
    same(index.add(X[300:]).search(Q, 401), product_top_k(Q, X, 401))

    def unheard(self, now):
        mark(self, now)
        if not now.startswith("unfinished"):
            raise OSError("no answer")

    monkeypatch.setattr(Qdrant, "_mark", unheard)
    same(index.remove([3]).search(Q, 400), product_top_k(Q, X, 400, rows=np.setdiff1d(np.arange(400), 3)))


def test_what_others_change_is_noticed(url, monkeypatch):
    def stop(rows):
        raise KeyboardInterrupt

    def interrupted(other):
        with pytest.raises(KeyboardInterrupt):
            other.fit_with_progress(X[100:], stop)

    changes = (
        lambda other: other.add(X[:5]),
        lambda other: other.remove([0]),
        lambda other: other.fit(X[100:]),
        interrupted,
        lambda other: other._client().delete_collection("others"),
    )
    for change in changes:
        index = Qdrant(url, "others", exact=True).fit(X)
        same(index.search(Q, 3), product_top_k(Q, X, 3))
        change(copy.deepcopy(index))
        for verb, *given in (("search", Q, 3), ("add", X[5:9]), ("remove", [7])):
            with pytest.raises(DataError, match=r"was changed since this index was saved|any more"):
                getattr(index, verb)(*given)
    index = Qdrant(url, "others", exact=True).fit(X)
    ask, other = Qdrant._ask, copy.deepcopy(index)
    with monkeypatch.context() as patched:
        patched.setattr(Qdrant, "_ask", lambda *args: other.add(X[:5]) and ask(*args))
        with pytest.raises(DataError, match="was changed since this index was saved"):
            index.search(Q, 3)
    put, third = Qdrant._put, copy.deepcopy(other)
    monkeypatch.setattr(Qdrant, "_put", lambda *args: put(*args) or third.remove([1]))
    monkeypatch.setattr(Qdrant, "_check_held", lambda self: None)
    third._mark_of = lambda: None  # as if it had looked just before
    with pytest.raises(DataError, match="was changed since this index was saved"):
        other.add(X[5:9])
    assert index._mark_of() == "mixed"


def test_many_queries_are_asked_in_parts(url, monkeypatch):
    index, asked = Qdrant(url, "parts", exact=True).fit(X), []
    monkeypatch.setattr("inlay.indexes.engines.qdrant.REQUEST_BYTES", 20 * 8 * 2)
    batch = index._client().query_batch_points
    monkeypatch.setattr(
        index._client(),
        "query_batch_points",
        lambda *args, requests: asked.append(len(requests)) or batch(*args, requests),
    )
    same(index.search(Q, 3), product_top_k(Q, X, 3))
    assert asked == [2, 2, 1]


def test_a_folder_is_opened_once(tmp_path, monkeypatch):
    index = Qdrant(str(tmp_path / "kept"), "a").fit(X)
    monkeypatch.chdir(tmp_path)
    with futures.ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda url: Qdrant(url, "b", timeout=5)._client(), ["kept", "new", "new", "new"]))
    assert found[0] is index._client()
    assert found[1] is found[2] is found[3]


def test_what_cannot_be_sent_or_read_is_told_as_refused(qdrant_url):
    with pytest.raises(DataError, match=f"Qdrant at {qdrant_url} refused .* normalise the vectors"):
        Qdrant(qdrant_url, "far").fit(np.full((2, 4), 1e30)).search(np.full((1, 4), 1e30), 1)
    with pytest.raises(DataError, match="Qdrant at :memory: refused"):
        Qdrant(":memory:", "wrong", M=2.5).fit(X)


@pytest.mark.slow
def test_keeps_the_contract_on_a_server(qdrant_url):
    for check in checks(Qdrant(qdrant_url, "contract")):
        check()
