"""PgVector gives the rows that brute force gives, quotes names, and says what is wrong with server and table."""

import copy
import time
from concurrent import futures

import numpy as np
import pytest
import servers

from inlay.core.errors import DataError, MissingExtra, ParameterError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes.engines import PgVector
from inlay.testing import checks

psycopg = pytest.importorskip("psycopg")

X = normalize(np.random.default_rng(0).standard_normal((1500, 8)))
Q = normalize(np.random.default_rng(1).standard_normal((5, 8)))


def same(hits, want):
    assert np.array_equal(hits.ids, want.ids)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=0, atol=1e-6)


@pytest.mark.parametrize("exact", [False, True])
def test_gives_what_brute_force_gives(postgres_dsn, exact):
    index = PgVector(postgres_dsn, "brute", exact=exact, ef=200).fit(X)
    rows = np.arange(0, 1500, 7)
    same(index.search(Q, 10), product_top_k(Q, X, 10))
    same(index.search(Q, 10, where=rows), product_top_k(Q, X, 10, rows=rows))
    same(index.search(Q, 1510), product_top_k(Q, X, 1510))


def test_the_graph_is_used_and_a_filter_costs_no_hits(postgres_dsn):
    index = PgVector(postgres_dsn, "short", ef=10).fit(X)
    with index._transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = connection.execute(
            "EXPLAIN SELECT id FROM short ORDER BY embedding <#> %s::vector LIMIT 5", [str([0.1] * 8)]
        )
        assert "Index Scan" in str(plan.fetchall())
    # The rows farthest from the query, none of which the graph meets.
    far = np.sort(np.argsort(X @ Q[0])[:700])
    same(index.search(Q[:1], 10, where=far), product_top_k(Q[:1], X, 10, rows=far))
    with index._transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("SET LOCAL enable_bitmapscan = off")
        version = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()[0]
        ids, _ = index._ask(connection, Q[:1], np.array([0]), 10, far, False)
    looks_on = tuple(map(int, version.split(".")[:2])) >= (0, 8)
    assert ((ids >= 0).sum() == 10) == looks_on
    assert np.isin(ids[ids >= 0], far).all()


def test_equal_rows_stand_by_number_beyond_the_last_place(postgres_dsn):
    index = PgVector(postgres_dsn, "ties").fit(np.concatenate([X[:1]] * 60 + [X[1:5]]))
    assert index.search(X[:1], 7).ids.tolist() == [list(range(7))]
    assert index.search(X[:1], 3, where=np.arange(50, 60)).ids.tolist() == [[50, 51, 52]]


def test_add_remove_and_saving(postgres_dsn, tmp_path):
    index = PgVector(postgres_dsn, "grown", ef=200).fit(X[:300])
    index.add(X[300:400]).remove(np.arange(0, 400, 3)).remove([0, 1])
    left = np.setdiff1d(np.arange(2, 400), np.arange(0, 400, 3))
    index.save(tmp_path / "index")
    for one in (index, PgVector.load(tmp_path / "index")):
        same(one.search(Q, 10), product_top_k(Q, X, 10, rows=left))
        same(one.search(Q, 400, where=np.arange(6)), product_top_k(Q, X, 400, rows=np.array([2, 4, 5])))
    index.add(X[:1])
    with pytest.raises(DataError, match="was changed since this index was saved"):
        PgVector.load(tmp_path / "index").search(Q, 1)


def test_a_search_answers_from_the_table_that_it_checked(postgres_dsn, monkeypatch):
    index = PgVector(postgres_dsn, "meanwhile", exact=True).fit(X[:100])
    ask, other = PgVector._ask, copy.deepcopy(index)
    other.dsn += " application_name=other"

    def late(self, *asked):
        if other.n_rows_ == 100:
            other.add(X[100:200])
        return ask(self, *asked)

    monkeypatch.setattr(PgVector, "_ask", late)
    same(index.search(X[150:152], 3), product_top_k(X[150:152], X[:100], 3))
    with pytest.raises(DataError, match="was changed since this index was saved"):
        index.search(Q, 3)


def test_a_password_with_a_space_is_not_shown():
    for dsn in ("host=/nowhere password=sec ret", "nonsense"):
        with pytest.raises(ParameterError, match="dsn must be a connection string") as caught:
            PgVector(dsn, "x").fit(X)
        assert "ret" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_names_are_quoted_and_schemas_found(postgres_dsn):
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("CREATE SCHEMA other")
        connection.execute("CREATE TABLE kept (id int)")
    for name in ('x"; DROP TABLE kept; --', "other.passages", "Größe %s {table}"):
        same(PgVector(postgres_dsn, name).fit(X[:50]).search(Q, 3), product_top_k(Q, X[:50], 3))
    with psycopg.connect(postgres_dsn) as connection:
        assert (
            connection.execute("SELECT to_regclass('kept'), to_regclass('other.passages')").fetchone().count(None) == 0
        )


def test_a_table_of_somebody_else_is_left_alone(postgres_dsn):
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("CREATE TABLE theirs (id int)")
    with pytest.raises(DataError, match=r"table theirs of PostgreSQL .* was not made by an index"):
        PgVector(postgres_dsn, "theirs").fit(X)
    gone = PgVector(postgres_dsn, "gone").fit(X[:9])
    with psycopg.connect(postgres_dsn) as connection:
        assert connection.execute("SELECT to_regclass('theirs')").fetchone() != (None,)
        connection.execute("DROP TABLE gone")
    with pytest.raises(DataError, match="no table gone any more"):
        gone.search(Q, 1)


def test_a_fit_that_fails_leaves_the_old_table(postgres_dsn):
    index = PgVector(postgres_dsn, "atomic").fit(X[:50])

    def stop(rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PgVector(postgres_dsn, "atomic").fit_with_progress(X, stop)
    same(index.search(Q, 3), product_top_k(Q, X[:50], 3))


def gone(index):
    """Wait for the process that serves a connection: it ends a moment after the server, and answers until then."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            index.search(Q, 1)
        except DataError:
            return
        time.sleep(0.02)


def test_a_server_that_dies_is_named_and_its_password_not():
    try:
        with servers.postgres() as (dsn, process):
            index = PgVector(f"{dsn} password=secret", "dying").fit(X)
            process.kill()
            process.wait()
            gone(index)
            for call in (lambda: index.search(Q, 1), lambda: index.search(Q, 1), lambda: index.fit(X)):
                with pytest.raises(DataError, match=r"PostgreSQL at /.* does not answer") as caught:
                    call()
                assert "secret" not in str(caught.value)
    except servers.Absent as error:
        pytest.skip(str(error))


def test_a_server_that_dies_in_the_middle_of_a_search_is_named():
    try:
        with servers.postgres() as (dsn, process), futures.ThreadPoolExecutor(1) as thread:
            index = PgVector(dsn, "dying").fit(X)
            holder, looking = psycopg.connect(dsn), psycopg.connect(dsn, autocommit=True)
            holder.execute("LOCK TABLE dying IN ACCESS EXCLUSIVE MODE")
            asked = thread.submit(index.search, Q, 1)
            end = time.monotonic() + 20
            while not looking.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:
                assert time.monotonic() < end
                time.sleep(0.02)
            process.kill()
            with pytest.raises(DataError, match="does not answer"):
                asked.result(30)
            holder.close()
            looking.close()
    except servers.Absent as error:
        pytest.skip(str(error))


def test_refuses_what_is_wrong(postgres_dsn, monkeypatch):
    index = PgVector(postgres_dsn, "wrong").fit(X)
    for error, call in (
        (ShapeError, lambda: index.search(Q[:, :3], 1)),
        (ShapeError, lambda: index.add(X[:, :3])),
        (ShapeError, lambda: index.remove([1500])),
        (ShapeError, lambda: index.remove(None)),
        (ParameterError, lambda: PgVector(postgres_dsn, "wrong", ef=0).fit(X)),
        (ParameterError, lambda: PgVector(postgres_dsn, "wrong", ef_construction=20).fit(X)),
        (ParameterError, lambda: PgVector(postgres_dsn, "wrong").fit(np.ones((2, 2001)))),
    ):
        with pytest.raises(error):
            call()
    same(index.search(Q, 3), product_top_k(Q, X, 3))
    assert PgVector(postgres_dsn, "wide", exact=True).fit(np.eye(2, 2001)).search(np.eye(1, 2001), 1).ids == [[0]]
    monkeypatch.delenv("INLAY_PGVECTOR", raising=False)
    with pytest.raises(MissingExtra, match="INLAY_PGVECTOR"):
        next(PgVector.examples())


def test_keeps_the_contract(postgres_dsn, monkeypatch):
    monkeypatch.setenv("INLAY_PGVECTOR", postgres_dsn)
    for check in checks(PgVector):
        check()
