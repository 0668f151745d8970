"""Milvus: vectors in a collection of a Milvus server, or of a file."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k

from .._stored import queries, stored
from ._answers import answer, best, digest, live, removing, scratch
from ._servers import NEW, changing, checked, connected

MARK = "inlay"  # the property of a collection that an index made: the hash of what it holds
REQUEST_BYTES = 8 << 20
PLACES = 16_384  # the most that Milvus returns for a query, and the most queries that it takes at once


class Milvus(Index):
    r"""Keep the vectors in Milvus, a database of vectors that spreads them over machines (Wang et al. 2021).

    Milvus holds the vectors under their row numbers and scores by :math:`\langle q, x \rangle`, in a graph or, with
    `exact`, one by one. The path of a file in place of an address runs Milvus Lite in this process.

    Use it where a Milvus is there already, or more vectors than one server holds; `Qdrant` and `PgVector` are one
    program each, and `HNSW` needs none.

    A query whose filter leaves the graph fewer than `k`, and one for more places than Milvus returns (16,384), is
    answered by reading the allowed vectors and comparing them here. The key of a server that wants one is read from
    the environment variable MILVUS_TOKEN, so that it is not saved with the index.

    Parameters
    ----------
    uri : of the server, such as "http://localhost:19530", or the path of a file.
    collection : its name: letters, digits and underscores. `fit` replaces one that an index made before, and refuses
        any other.
    exact : compare with all vectors, and build no graph.
    ef : places of the search list in the graph, at least 1; as many as are asked for where that is more.
    M, ef_construction : neighbours of a row in the graph, 2 to 2048, and places of the list while building.
    timeout : seconds to wait for an answer.

    Attributes
    ----------
    dim_, n_rows_ : columns of the vectors, and the rows that were ever stored.
    removed_ : (m,) int64, rows that were taken out.
    digest_ : hash of what is stored, which is the mark of the collection, too. Where the two differ, somebody else has
        changed it, and the index says so.

    References
    ----------
    Wang, Yi, Guo, Jin, Xu, Li, Wang, Guo, Li, Xu, Yu, Yuan, Zou, Long, Cai, Li, Zhang, Mo, Gu, Jiang, Wei, Xie (2021).
    Milvus: A Purpose-Built Vector Data Management System. SIGMOD.

    Examples
    --------
    >>> index = Milvus("http://localhost:19530", "passages", ef=100)
    >>> index.fit(X).search(Q, k=10)  # doctest: +SKIP
    """

    paper: ClassVar[str] = "wang2021milvus"
    requires: ClassVar[tuple[str, ...]] = ("milvus",)

    dim_: int
    n_rows_: int
    removed_: IdArray
    digest_: str

    def __init__(
        self,
        uri: str,
        collection: str,
        *,
        exact: bool = False,
        ef: int = 64,
        M: int = 16,
        ef_construction: int = 200,
        timeout: float = 60.0,
    ) -> None:
        self.uri = uri
        self.collection = collection
        self.exact = exact
        self.ef = ef
        self.M = M
        self.ef_construction = ef_construction
        self.timeout = timeout

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks, in a file that goes when the process ends."""
        folder = scratch("milvus")  # before the import, so that it goes after the last that Milvus writes
        load("milvus_lite", extra="milvus", purpose="Milvus in a file")
        yield cls(str(folder / "example.db"), "example", exact=True)

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors in the collection; their row numbers are the ids.

        Raises
        ------
        DataError
            If the server cannot be reached, or the collection is not one that an index made.
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        return self.fit_with_progress(X, lambda rows: None)

    def fit_with_progress(self, X: ArrayLike, progress: Progress) -> Self:
        """Fit as `fit` does, and call `progress` with the number of rows stored since the last call."""
        for name, low in (("ef", 1), ("M", 2), ("ef_construction", 1)):
            if getattr(self, name) < low:
                raise ParameterError(f"{name} must be at least {low}, got {getattr(self, name)}.")
        X = stored(X, "float32")
        now = digest("", "fit", X)
        types = load("pymilvus", extra="milvus", purpose="Milvus").DataType
        with self._told():
            client = self._client()
            if client.has_collection(self.collection):
                self._mark_of()
                client.drop_collection(self.collection)
            columns = client.create_schema(auto_id=False)
            columns.add_field("id", types.INT64, is_primary=True)
            columns.add_field("embedding", types.FLOAT_VECTOR, dim=X.shape[1])
            client.create_collection(
                self.collection, schema=columns, consistency_level="Strong", properties={MARK: NEW}
            )
            with self._changing(NEW, now):
                self._put(client.insert, X, 0, progress)
                how = client.prepare_index_params()
                graph = {"M": int(self.M), "efConstruction": int(self.ef_construction)}
                kind, settings = ("FLAT", {}) if self.exact else ("HNSW", graph)
                how.add_index("embedding", index_type=kind, metric_type="IP", params=settings)
                # A file is ready at once; waiting for it takes half a second.
                client.create_index(self.collection, how, sync="://" in self.uri)
                client.load_collection(self.collection, _async="://" not in self.uri)
        self.dim_, self.n_rows_, self.removed_, self.digest_ = X.shape[1], len(X), np.empty(0, np.int64), now
        self._loaded = os.getpid()
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
        with self._told(), self._changing(self.digest_, now):
            # Those of an add that failed are there already.
            self._put(self._client().upsert, more, self.n_rows_, lambda rows: None)
        self.n_rows_, self.digest_ = self.n_rows_ + len(more), now
        return self

    def remove(self, rows: Where) -> Self:
        """Delete rows, given as numbers or a mask; those deleted before are passed over."""
        self._check_fitted()
        gone = removing(rows, self.n_rows_, self.removed_)
        now = digest(self.digest_, "remove", gone)
        with self._told(), self._changing(self.digest_, now):
            self._load()
            for start in range(0, len(gone), PLACES):
                self._client().delete(self.collection, ids=gone[start : start + PLACES].tolist(), timeout=self.timeout)
        self.removed_, self.digest_ = np.union1d(self.removed_, gone), now
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query; see `Exact.search` for the parameters.

        Raises
        ------
        DataError
            If the server cannot be reached, or its collection is not what was stored.
        """
        self._check_fitted()
        Q, k = queries(Q, k, self.dim_)
        rows, held = live(where, self.n_rows_, self.removed_), self.n_rows_ - len(self.removed_)
        with self._told(), checked(self._check_held):
            self._load()
            return answer(lambda *asked: self._ask(Q, *asked), len(Q), k, rows=rows, held=held)

    def _ask(
        self, Q: FloatArray, which: IdArray, limit: int, rows: IdArray | None, exact: bool
    ) -> tuple[IdArray, FloatArray]:
        if limit > PLACES or (exact and not self.exact):
            return self._scan(Q[which], limit, rows)
        ids, scores = np.full((len(which), limit), -1, np.int64), np.full((len(which), limit), -np.inf, np.float32)
        step = max(1, min(100_000 // limit, PLACES, REQUEST_BYTES // (4 * self.dim_)))
        for start in range(0, len(which), step):
            found = self._client().search(
                self.collection,
                data=Q[which[start : start + step]].tolist(),
                anns_field="embedding",
                limit=limit,
                filter="" if rows is None else f"id in {rows.tolist()}",
                search_params={"metric_type": "IP", "params": {} if self.exact else {"ef": max(self.ef, limit)}},
                output_fields=["id"],
                timeout=self.timeout,
            )
            for i, hits in enumerate(found, start):
                ids[i, : len(hits)] = [hit["id"] for hit in hits]
                scores[i, : len(hits)] = [hit["distance"] for hit in hits]
        return ids, scores

    def _scan(self, Q: FloatArray, limit: int, rows: IdArray | None) -> tuple[IdArray, FloatArray]:
        """Read the allowed vectors, and compare them here."""
        ids, scores = np.full((len(Q), limit), -1, np.int64), np.full((len(Q), limit), -np.inf, np.float32)
        wanted = np.setdiff1d(np.arange(self.n_rows_), self.removed_) if rows is None else rows
        step = max(1, min(PLACES, REQUEST_BYTES // (4 * self.dim_)))
        for start in range(0, len(wanted), step):
            part = wanted[start : start + step].tolist()
            found = self._client().get(self.collection, part, output_fields=["id", "embedding"], timeout=self.timeout)
            numbers = np.array([one["id"] for one in found], np.int64)
            X = np.array([one["embedding"] for one in found], np.float32).reshape(-1, self.dim_)
            hits = product_top_k(Q, X, limit)
            fresh = np.where(hits.ids >= 0, numbers[hits.ids], -1)
            ids, scores = best(np.hstack([ids, fresh]), np.hstack([scores, hits.scores]), limit)
        return ids, scores

    def _put(self, put: Callable[..., Any], X: FloatArray, first: int, progress: Progress) -> None:
        step = max(1, REQUEST_BYTES // (4 * X.shape[1]))
        for start in range(0, len(X), step):
            part = X[start : start + step]
            rows = [{"id": first + start + i, "embedding": x} for i, x in enumerate(part)]
            put(self.collection, rows, timeout=self.timeout)
            progress(len(part))

    def _changing(self, before: str, now: str) -> AbstractContextManager[None]:
        return changing(before, now, self._mark_of, self._mark, self._changed)

    def _mark(self, now: str) -> None:
        self._client().alter_collection_properties(self.collection, {MARK: now})

    def _mark_of(self) -> str:
        """Return the mark of the collection, or refuse it where no index made it."""
        if not self._client().has_collection(self.collection):
            raise DataError(f"{self.uri} has no collection {self.collection!r} any more; fit the index again.")
        mark = self._client().describe_collection(self.collection).get("properties", {}).get(MARK)
        if mark is None:
            raise DataError(
                f"the collection {self.collection!r} of {self.uri} was not made by an index and is left alone; choose "
                "another name, or drop it yourself."
            )
        return str(mark)

    def _check_held(self) -> None:
        if self._mark_of() != self.digest_:
            raise self._changed()

    def _changed(self) -> DataError:
        return DataError(
            f"The collection {self.collection!r} of {self.uri} was changed since this index was saved, or its last "
            "change was not finished. Run that change again, fit the index again, or load what was saved after it."
        )

    def _load(self) -> None:
        """Have Milvus load the collection, once for each object and process."""
        if getattr(self, "_loaded", None) != os.getpid():
            self._client().load_collection(self.collection)
            self._loaded = os.getpid()

    def _client(self) -> Any:
        """Return the connection of this process, shared by all indexes: a file can be opened only once."""
        token = os.environ.get("MILVUS_TOKEN", "")
        library = load("pymilvus", extra="milvus", purpose="Milvus")
        place = self.uri if "://" in self.uri else str(Path(self.uri).resolve())
        return connected((place, token), lambda: library.MilvusClient(place, token=token, timeout=self.timeout))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what went wrong at the server, and at which."""
        error_of_milvus = load("pymilvus", extra="milvus", purpose="Milvus").MilvusException
        grpc = load("grpc", extra="milvus", purpose="Milvus")
        try:
            yield
        except (error_of_milvus, grpc.RpcError, OSError) as error:
            raise DataError(
                f"Milvus at {self.uri} did not do it for the collection {self.collection!r}: {str(error)[:300]}. Check "
                "that it runs and holds the collection, then run the same again."
            ) from error
