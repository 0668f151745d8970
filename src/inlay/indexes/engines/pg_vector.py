"""PgVector: vectors in a table of PostgreSQL, by its extension pgvector."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import DataError, MissingExtra, ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray

from .._stored import queries, stored
from ._answers import answer, digest, live, removing

SERVER = "INLAY_PGVECTOR"  # the server of the contract checks
MARK = "inlay "  # how the comment of a table starts that an index made
COPIED = 4 << 20  # bytes
GRAPH_COLUMNS, GRAPH_EF = 2000, 1000  # the most that pgvector's graph takes
_held: dict[tuple[int, str], tuple[threading.RLock, list[Any]]] = {}


class PgVector(Index):
    r"""Keep the vectors in a table of PostgreSQL, and let the extension pgvector search them.

    The table has the columns ``id``, the row number, and ``embedding``; a row scores by :math:`\langle q, x \rangle`.
    It is searched in pgvector's graph (Malkov & Yashunin 2020), or, with `exact`, row by row. Every change is one
    transaction: other programs see the table as it was before or as it is after.

    Use it where PostgreSQL is there already and the vectors belong beside its tables; `Qdrant` is a server for vectors
    alone, which filters inside its graph, and `HNSW` needs no server.

    pgvector applies a filter to what its graph found, and so may find fewer than `k`, or none. Where that happens,
    the query is asked again without the graph. From 0.8 on, pgvector looks on by itself before that.

    Parameters
    ----------
    dsn : connection string of the database, such as "host=localhost dbname=search user=me". It is saved with the
        index: leave a password to the file ``~/.pgpass`` or to PGPASSWORD.
    table : name of the table, which may start with that of its schema and a dot. `fit` replaces one that an index
        made before, and refuses any other.
    exact : compare with all rows, and build no graph. Needed for more than 2000 columns.
    ef : places of the search list in the graph, 1 to 1000; `k` where that is more.
    M, ef_construction : neighbours of a row in the graph, 2 to 100, and places of the list while building, 4 to 1000
        and at least twice `M`.

    Attributes
    ----------
    dim_, n_rows_ : columns of the vectors, and the rows that were ever stored.
    removed_ : (m,) int64, rows that were taken out.
    digest_ : hash of what is stored, which stands in the comment of the table, too. Where the two differ, somebody
        else has changed it, and the index says so.

    References
    ----------
    Malkov, Yashunin (2020). Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
    Small World graphs. IEEE TPAMI 42(4). arXiv:1603.09320. The extension is at https://github.com/pgvector/pgvector.

    Examples
    --------
    >>> index = PgVector("host=localhost dbname=search", "passages", ef=100)
    >>> index.fit(X).search(Q, k=10)  # doctest: +SKIP
    """

    paper: ClassVar[str] = "malkov2020efficient"
    requires: ClassVar[tuple[str, ...]] = ("pgvector",)

    dim_: int
    n_rows_: int
    removed_: IdArray
    digest_: str

    def __init__(
        self, dsn: str, table: str, *, exact: bool = False, ef: int = 40, M: int = 16, ef_construction: int = 64
    ) -> None:
        self.dsn = dsn
        self.table = table
        self.exact = exact
        self.ef = ef
        self.M = M
        self.ef_construction = ef_construction

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks, on the server that INLAY_PGVECTOR names."""
        dsn = os.environ.get(SERVER)
        if not dsn:
            raise MissingExtra(
                f"The checks of PgVector need a PostgreSQL with pgvector; name one in {SERVER}, as a connection string."
            )
        yield cls(dsn, f"inlay_example_{os.getpid()}", exact=True)

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors in the table; their row numbers are the ids.

        Raises
        ------
        DataError
            If the database cannot be reached or lacks pgvector, or the table is not one that an index made.
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        return self.fit_with_progress(X, lambda rows: None)

    def fit_with_progress(self, X: ArrayLike, progress: Progress) -> Self:
        """Fit as `fit` does, and call `progress` with the number of rows stored since the last call."""
        self._check_parameters()
        X = stored(X, "float32")
        dim = X.shape[1]
        if dim > GRAPH_COLUMNS and not self.exact:
            raise ParameterError(f"pgvector's graph takes up to {GRAPH_COLUMNS} columns, got {dim}; set exact=True.")
        now = digest("", "fit", X)
        with self._transaction() as connection:
            if not connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'").fetchone():
                connection.execute("CREATE EXTENSION vector")
            found = self._comment(connection)
            if found is not None and not found.startswith(MARK):
                raise DataError(
                    f"the table {self.table} of {self._place()} was not made by an index and is left alone; choose "
                    "another name, or drop it yourself."
                )
            self._run(connection, "DROP TABLE IF EXISTS {table}")
            # A type's modifier cannot be a parameter; `dim` is a number.
            columns = "CREATE TABLE {table} (id bigint PRIMARY KEY, embedding vector({dim}) NOT NULL)"
            self._run(connection, columns, dim=dim)
            self._copy(connection, X, 0, progress)
            if not self.exact:
                how = "USING hnsw (embedding vector_ip_ops) WITH (m={m}, ef_construction={ef})"
                self._run(connection, "CREATE INDEX ON {table} " + how, m=int(self.M), ef=int(self.ef_construction))
            self._run(connection, "ANALYZE {table}")
            self._run(connection, "COMMENT ON TABLE {table} IS {mark}", mark=MARK + now)
        self.dim_, self.n_rows_, self.removed_, self.digest_ = dim, len(X), np.empty(0, np.int64), now
        return self

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more = stored(X, "float32", dim=self.dim_)
        now = digest(self.digest_, "add", more)
        with self._transaction() as connection:
            self._check_held(connection, "SHARE ROW EXCLUSIVE")
            self._copy(connection, more, self.n_rows_, lambda rows: None)
            self._run(connection, "COMMENT ON TABLE {table} IS {mark}", mark=MARK + now)
        self.n_rows_, self.digest_ = self.n_rows_ + len(more), now
        return self

    def remove(self, rows: Where) -> Self:
        """Delete rows, given as numbers or a mask; those deleted before are passed over."""
        self._check_fitted()
        gone = removing(rows, self.n_rows_, self.removed_)
        now = digest(self.digest_, "remove", gone)
        with self._transaction() as connection:
            self._check_held(connection, "SHARE ROW EXCLUSIVE")
            self._run(connection, "DELETE FROM {table} WHERE id = ANY(%s)", [gone.tolist()])
            self._run(connection, "COMMENT ON TABLE {table} IS {mark}", mark=MARK + now)
        self.removed_, self.digest_ = np.union1d(self.removed_, gone), now
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query; see `Exact.search` for the parameters.

        Raises
        ------
        DataError
            If the database cannot be reached, or its table is not what was stored.
        """
        self._check_fitted()
        self._check_parameters()
        Q, k = queries(Q, k, self.dim_)
        rows, held = live(where, self.n_rows_, self.removed_), self.n_rows_ - len(self.removed_)
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # all see what was checked
            self._check_held(connection, "ACCESS SHARE")
            return answer(lambda *asked: self._ask(connection, Q, *asked), len(Q), k, rows=rows, held=held)

    def _ask(
        self, connection: Any, Q: FloatArray, which: IdArray, limit: int, rows: IdArray | None, exact: bool
    ) -> tuple[IdArray, FloatArray]:
        exact = exact or self.exact
        settings = {"enable_indexscan": "off" if exact else "on"}  # the key can still narrow down rows, by bitmap
        if not exact:
            settings["hnsw.ef_search"] = str(min(GRAPH_EF, max(int(self.ef), limit)))
            version = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()[0]
            if tuple(int(part) for part in version.split(".")[:2]) >= (0, 8):
                settings["hnsw.iterative_scan"] = "strict_order"
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        text = "SELECT id, embedding <#> %s::vector AS d FROM {table}"
        text += " WHERE id = ANY(%s)" if rows is not None else ""
        text += " ORDER BY d, id LIMIT {limit}" if exact else " ORDER BY d LIMIT {limit}"
        only = [] if rows is None else [rows.tolist()]
        ids, scores = np.full((len(which), limit), -1, np.int64), np.full((len(which), limit), -np.inf, np.float32)
        texts = [f"[{','.join(map(repr, q))}]" for q in Q[which].tolist()]
        with connection.pipeline():  # all are sent before the first answer is waited for
            asked = [self._run(connection, text, [q, *only], limit=limit) for q in texts]
        for i, cursor in enumerate(asked):
            found = np.array(cursor.fetchall(), np.float64).reshape(-1, 2)
            ids[i, : len(found)], scores[i, : len(found)] = found[:, 0], -found[:, 1]
        return ids, scores

    def _copy(self, connection: Any, X: FloatArray, first: int, progress: Progress) -> None:
        """Send rows as COPY takes them in binary: for each the number of fields, and each behind its length."""
        dim = X.shape[1]
        kind = [("fields", ">i2"), ("id_bytes", ">i4"), ("id", ">i8"), ("bytes", ">i4")]
        layout = np.dtype([*kind, ("dim", ">i2"), ("unused", ">i2"), ("x", ">f4", (dim,))])
        step = max(1, COPIED // layout.itemsize)
        command = self._composed("COPY {table} (id, embedding) FROM STDIN (FORMAT BINARY)")
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for start in range(0, len(X), step):
                part = np.zeros(len(X[start : start + step]), layout)
                part["fields"], part["id_bytes"], part["bytes"], part["dim"] = 2, 8, 4 + 4 * dim, dim
                part["id"], part["x"] = np.arange(first + start, first + start + len(part)), X[start : start + step]
                copy.write(part.tobytes())
                progress(len(part))
            copy.write(b"\xff\xff")

    def _check_parameters(self) -> None:
        ranges = ("ef", 1, GRAPH_EF), ("M", 2, 100), ("ef_construction", max(4, 2 * self.M), 1000)
        for name, low, high in ranges:
            if not low <= getattr(self, name) <= high:
                raise ParameterError(f"{name} must be from {low} to {high}, got {getattr(self, name)}.")

    def _comment(self, connection: Any) -> str | None:
        """Return the comment of the table, "" where it has none; None where there is no table."""
        name = self._composed("{table}").as_string(connection)
        found, comment = connection.execute(
            "SELECT to_regclass(%s)::oid, obj_description(to_regclass(%s)::oid, 'pg_class')", [name, name]
        ).fetchone()
        return None if found is None else comment or ""

    def _check_held(self, connection: Any, mode: str) -> None:
        """Lock the table, so that nobody puts another in its place, and look whether it holds what was stored."""
        errors = load("psycopg.errors", extra="pgvector", purpose="PgVector")
        try:
            self._run(connection, f"LOCK TABLE {{table}} IN {mode} MODE")
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            told = f"{self._place()} has no table {self.table} any more; fit the index again."
            raise DataError(told) from None
        if self._comment(connection) != MARK + self.digest_:
            raise DataError(
                f"The table {self.table} of {self._place()} was changed since this index was saved. Fit the index "
                "again, or load what was saved after the change."
            )

    def _composed(self, text: str, *, table: str | None = None, **values: Any) -> Any:
        """Put names and numbers into a command, quoted as PostgreSQL wants them."""
        sql = load("psycopg.sql", extra="pgvector", purpose="PgVector")
        literals = {name: sql.Literal(value) for name, value in values.items()}
        return sql.SQL(text).format(table=sql.Identifier(*(table or self.table).split(".")), **literals)

    def _run(self, connection: Any, text: str, parameters: list[Any] | None = None, **values: Any) -> Any:
        # Where there are parameters, a sign of percent in a name would count as one.
        table = self.table if parameters is None else self.table.replace("%", "%%")
        return connection.execute(self._composed(text, table=table, **values), parameters)

    def _place(self) -> str:
        """Name the database, without the password."""
        psycopg = load("psycopg", extra="pgvector", purpose="PgVector")
        try:
            info = psycopg.conninfo.conninfo_to_dict(self.dsn)
        except psycopg.Error:
            raise ParameterError(
                "dsn must be a connection string, such as 'host=localhost dbname=search user=me'; the one given, which "
                "is not shown for its password, cannot be read. Put a value with a space into single quotes."
            ) from None
        return f"PostgreSQL at {info.get('host', 'localhost')}, database {info.get('dbname', '(default)')},"

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Lend the connection of this process for one transaction, and say what went wrong in it."""
        psycopg = load("psycopg", extra="pgvector", purpose="PgVector")
        place = self._place()
        lock, kept = _held.setdefault((os.getpid(), self.dsn), (threading.RLock(), []))
        try:
            with lock:
                if not kept or kept[0].closed:
                    kept[:] = [psycopg.connect(self.dsn, autocommit=True)]
                with kept[0].transaction():
                    yield kept[0]
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise DataError(
                f"{place} does not answer ({str(error).strip()[:200]}). Start it or check the connection "
                "string, then run the same again; what was committed before is kept."
            ) from error
        except psycopg.Error as error:
            raise DataError(f"{place} refused for {self.table}: {str(error).strip()[:300]}.") from error
