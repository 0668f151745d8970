"""Qdrant: vectors in a collection of a Qdrant server."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray

from .._stored import queries, stored
from ._answers import answer, digest, live, removing

VECTOR = "inlay"  # the vector of a point; a collection with a vector of this name is one that this class made
REQUEST_BYTES = 8 << 20
REQUEST_IDS = 100_000  # numbers in the filters and answers of one request
_clients: dict[tuple[Any, ...], Any] = {}


class Qdrant(Index):
    r"""Keep the vectors in a Qdrant server, and let it search with its graph.

    The server holds the vectors under their row numbers and scores by :math:`\langle q, x \rangle`. Large collections
    are searched in a graph (Malkov & Yashunin 2020); with `exact`, all vectors are compared.

    Use it where several programs share the vectors, or where they are more than this machine holds; `HNSW` answers
    the same on one machine without a network between. `PgVector` keeps them beside tables that are there already.

    A filter costs no hits. Where it lets many rows through, the graph is asked for as many more; else the allowed rows
    are named, 20,000 at a time, and compared. A query that finds fewer than `k` in the graph is asked again exactly.
    Equal scores stand in the order of row numbers, which takes one place more than asked for. The key of a server that
    wants one is read from the environment variable QDRANT_API_KEY, so that it is not saved with the index.

    Parameters
    ----------
    url : of the server, such as "http://localhost:6333"; ":memory:" or the path of a folder keeps everything in this
        process, for tests, without a graph.
    collection : its name. `fit` replaces one that an index made before, and refuses any other.
    exact : compare with all vectors rather than walk the graph.
    ef : places of the search list in the graph, at least 1; None leaves it to the server (100).
    M, ef_construction : neighbours of a row in the graph, and places of the list while building.
    grpc_port : port of the server's binary protocol, which takes vectors in faster; 0 does without.
    timeout : seconds to wait for an answer, and after `fit` for the graph.

    Attributes
    ----------
    dim_, n_rows_ : columns of the vectors, and the rows that were ever stored.
    removed_ : (m,) int64, rows that were taken out.
    digest_ : hash of what is stored. An index that is loaded refuses a collection that holds something else.

    References
    ----------
    Malkov, Yashunin (2020). Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
    Small World graphs. IEEE TPAMI 42(4). arXiv:1603.09320. The server is at https://qdrant.tech.

    Examples
    --------
    >>> index = Qdrant(":memory:", "doctest").fit([[1, 0], [0, 1], [0.6, 0.8]])
    >>> index.search([[1, 0]], k=2).ids
    array([[0, 2]])
    >>> index.remove([0]).search([[1, 0]], k=2).scores
    array([[0.6, 0. ]], dtype=float32)
    """

    paper: ClassVar[str] = "malkov2020efficient"
    requires: ClassVar[tuple[str, ...]] = ("qdrant",)

    dim_: int
    n_rows_: int
    removed_: IdArray
    digest_: str

    def __init__(
        self,
        url: str,
        collection: str,
        *,
        exact: bool = False,
        ef: int | None = None,
        M: int = 16,
        ef_construction: int = 100,
        grpc_port: int = 0,
        timeout: float = 60.0,
    ) -> None:
        self.url = url
        self.collection = collection
        self.exact = exact
        self.ef = ef
        self.M = M
        self.ef_construction = ef_construction
        self.grpc_port = grpc_port
        self.timeout = timeout

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(":memory:", "inlay-example")

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
        low = {"ef": 1 if self.ef is None else self.ef, "M": self.M, "ef_construction": self.ef_construction}
        for name, value in low.items():
            if value < 1:
                raise ParameterError(f"{name} must be at least 1, got {value}.")
        X = stored(X, "float32")
        models = load("qdrant_client.models", extra="qdrant", purpose="Qdrant")
        with self._told():
            client = self._client()
            if client.collection_exists(self.collection):
                self._ours()
                client.delete_collection(self.collection)
            hnsw = models.HnswConfigDiff(m=self.M, ef_construct=self.ef_construction)
            vector = models.VectorParams(size=X.shape[1], distance=models.Distance.DOT, hnsw_config=hnsw)
            client.create_collection(self.collection, vectors_config={VECTOR: vector}, metadata={"digest": ""})
            self._put(X, 0, progress)
            self.dim_, self.n_rows_, self.removed_ = X.shape[1], len(X), np.empty(0, np.int64)
            self._mark(digest("", "fit", X))
            end = time.monotonic() + self.timeout
            while not self.exact and client.get_collection(self.collection).status != "green":
                if time.monotonic() > end:
                    break  # searches are right meanwhile, and slower
                time.sleep(0.1)
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
        with self._told():
            self._check_held()
            self._put(more, self.n_rows_, lambda rows: None)
            self.n_rows_ += len(more)
            self._mark(digest(self.digest_, "add", more))
        return self

    def remove(self, rows: Where) -> Self:
        """Delete rows, given as numbers or a mask; those deleted before are passed over."""
        self._check_fitted()
        gone = removing(rows, self.n_rows_, self.removed_)
        with self._told():
            self._check_held()
            for start in range(0, len(gone), REQUEST_IDS):
                part = gone[start : start + REQUEST_IDS].tolist()
                self._client().delete(self.collection, points_selector=part, wait=True)
            self.removed_ = np.union1d(self.removed_, gone)
            self._mark(digest(self.digest_, "remove", gone))
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
        rows = live(where, self.n_rows_, self.removed_)
        with self._told():
            self._check_held()
            return answer(
                lambda *asked: self._ask(Q, *asked), len(Q), k, rows=rows, held=self.n_rows_ - len(self.removed_)
            )

    def _ask(
        self, Q: FloatArray, which: IdArray, limit: int, rows: IdArray | None, exact: bool
    ) -> tuple[IdArray, FloatArray]:
        models = load("qdrant_client.models", extra="qdrant", purpose="Qdrant")
        ids, scores = np.full((len(which), limit), -1, np.int64), np.full((len(which), limit), -np.inf, np.float32)
        only = None if rows is None else models.Filter(must=[models.HasIdCondition(has_id=rows.tolist())])
        # The graph has no links for a filter by number, and walked so it misses rows; the few named are soon compared.
        exact = exact or self.exact or rows is not None
        how = None if self._is_local() else models.SearchParams(exact=exact, hnsw_ef=self.ef)
        step = max(1, REQUEST_IDS // (limit + (0 if rows is None else len(rows))))
        for start in range(0, len(which), step):
            asked = [
                models.QueryRequest(query=q, using=VECTOR, limit=limit, filter=only, params=how, with_payload=False)
                for q in Q[which[start : start + step]].tolist()
            ]
            for i, found in enumerate(self._client().query_batch_points(self.collection, requests=asked), start):
                points = found.points
                ids[i, : len(points)] = [point.id for point in points]
                scores[i, : len(points)] = [point.score for point in points]
        return ids, scores

    def _put(self, X: FloatArray, first: int, progress: Progress) -> None:
        models = load("qdrant_client.models", extra="qdrant", purpose="Qdrant")
        step = max(1, min(1024, REQUEST_BYTES // (20 * X.shape[1])))  # a number takes up to 20 bytes of JSON
        for start in range(0, len(X), step):
            part = X[start : start + step]
            numbers = list(range(first + start, first + start + len(part)))
            batch = models.Batch(ids=numbers, vectors={VECTOR: part.tolist()})
            self._client().upsert(self.collection, points=batch, wait=start + step >= len(X))
            progress(len(part))

    def _mark(self, now: str) -> None:
        self._client().update_collection(self.collection, metadata={"digest": now})
        self.digest_, self._held = now, now

    def _ours(self) -> Any:
        """Return the description of the collection, or refuse it where no index made it."""
        found = self._client().get_collection(self.collection)
        vectors = found.config.params.vectors
        if not isinstance(vectors, dict) or set(vectors) != {VECTOR}:
            raise DataError(
                f"the collection {self.collection!r} on {self.url} was not made by an index and is left alone; "
                "choose another name, or delete it yourself."
            )
        return found

    def _check_held(self) -> None:
        """Look, once for each object, whether the collection holds what this index stored."""
        if getattr(self, "_held", None) == self.digest_:
            return
        if not self._client().collection_exists(self.collection):
            raise DataError(f"{self.url} has no collection {self.collection!r} any more; fit the index again.")
        found, want = self._ours(), self.n_rows_ - len(self.removed_)
        held = self._client().count(self.collection, exact=True).count
        dim = found.config.params.vectors[VECTOR].size
        # Servers before 1.16 keep no metadata; there the counts have to do.
        mark = (getattr(found.config, "metadata", None) or {}).get("digest", self.digest_)
        if (held, dim, mark) != (want, self.dim_, self.digest_):
            raise DataError(
                f"The collection {self.collection!r} on {self.url} was changed since this index was saved: it holds "
                f"{held} vectors of {dim} columns, where {want} of {self.dim_} were stored. Fit the index again, or "
                "load what was saved after the change."
            )
        self._held = self.digest_

    def _is_local(self) -> bool:
        return "://" not in self.url

    def _client(self) -> Any:
        """Return the connection of this process, shared by all indexes: a local folder can be opened only once."""
        key = os.environ.get("QDRANT_API_KEY")
        name = (os.getpid(), self.url, self.grpc_port, self.timeout, key)
        if name not in _clients:
            library = load("qdrant_client", extra="qdrant", purpose="Qdrant")
            if self.url == ":memory:":
                _clients[name] = library.QdrantClient(location=":memory:")
            elif self._is_local():
                _clients[name] = library.QdrantClient(path=self.url)
            else:
                binary = {"prefer_grpc": True, "grpc_port": self.grpc_port} if self.grpc_port else {}
                _clients[name] = library.QdrantClient(
                    url=self.url, api_key=key, timeout=max(1, round(self.timeout)), check_compatibility=False, **binary
                )
        return _clients[name]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what went wrong at the server, and at which."""
        library = load("qdrant_client.http.exceptions", extra="qdrant", purpose="Qdrant")
        grpc = load("grpc", extra="qdrant", purpose="Qdrant")
        try:
            yield
        except library.UnexpectedResponse as error:
            what = bytes(error.content or b"").decode(errors="replace")[:300]
            raise DataError(f"Qdrant at {self.url} refused for {self.collection!r}: {what}.") from error
        except (library.ApiException, grpc.RpcError, OSError, RuntimeError) as error:
            raise DataError(
                f"Qdrant at {self.url} does not answer ({str(error)[:200]}). Start it or check the address, then run "
                "the same again; what it had stored before is kept."
            ) from error
