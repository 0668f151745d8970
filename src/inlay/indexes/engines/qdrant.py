"""Qdrant: vectors in a collection of a Qdrant server."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import DataError, InlayError, ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray

from .._stored import queries, stored
from ._answers import answer, digest, live, removing
from ._servers import NEW, changing, checked, connected

VECTOR = "inlay"  # the vector of a point; a collection with a vector of this name is one that this class made
REQUEST_BYTES = 8 << 20
NUMBER = 20  # bytes that a number takes in JSON at most
REQUEST_IDS = 100_000  # numbers in the filters and answers of one request


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
    digest_ : hash of what is stored, which is the mark of the collection, too. Where the two differ, somebody else has
        changed it, and the index says so.

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
        now = digest("", "fit", X)
        models = load("qdrant_client.models", extra="qdrant", purpose="Qdrant")
        with self._told():
            client = self._client()
            if client.collection_exists(self.collection):
                self._mark_of()
                client.delete_collection(self.collection)
            hnsw = models.HnswConfigDiff(m=self.M, ef_construct=self.ef_construction)
            vector = models.VectorParams(size=X.shape[1], distance=models.Distance.DOT, hnsw_config=hnsw)
            client.create_collection(self.collection, vectors_config={VECTOR: vector}, metadata={"digest": NEW})
            with self._changing(NEW, now):
                self._put(X, 0, progress)
            self.dim_, self.n_rows_, self.removed_, self.digest_ = X.shape[1], len(X), np.empty(0, np.int64), now
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
        now = digest(self.digest_, "add", more)
        with self._told(), self._changing(self.digest_, now):
            self._put(more, self.n_rows_, lambda rows: None)
        self.n_rows_, self.digest_ = self.n_rows_ + len(more), now
        return self

    def remove(self, rows: Where) -> Self:
        """Delete rows, given as numbers or a mask; those deleted before are passed over."""
        self._check_fitted()
        gone = removing(rows, self.n_rows_, self.removed_)
        now = digest(self.digest_, "remove", gone)
        with self._told(), self._changing(self.digest_, now):
            for start in range(0, len(gone), REQUEST_IDS):
                part = gone[start : start + REQUEST_IDS].tolist()
                self._client().delete(self.collection, points_selector=part, wait=True)
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
            return answer(lambda *asked: self._ask(Q, *asked), len(Q), k, rows=rows, held=held)

    def _ask(
        self, Q: FloatArray, which: IdArray, limit: int, rows: IdArray | None, exact: bool
    ) -> tuple[IdArray, FloatArray]:
        models = load("qdrant_client.models", extra="qdrant", purpose="Qdrant")
        ids, scores = np.full((len(which), limit), -1, np.int64), np.full((len(which), limit), -np.inf, np.float32)
        only = None if rows is None else models.Filter(must=[models.HasIdCondition(has_id=rows.tolist())])
        # The graph has no links for a filter by number, and walked so it misses rows; the few named are soon compared.
        exact = exact or self.exact or rows is not None
        how = None if self._is_local() else models.SearchParams(exact=exact, hnsw_ef=self.ef)
        numbers = limit + (0 if rows is None else len(rows))
        step = max(1, min(REQUEST_IDS // numbers, REQUEST_BYTES // (NUMBER * self.dim_)))
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
        step = max(1, min(1024, REQUEST_BYTES // (NUMBER * X.shape[1])))
        for start in range(0, len(X), step):
            part = X[start : start + step]
            numbers = list(range(first + start, first + start + len(part)))
            batch = models.Batch(ids=numbers, vectors={VECTOR: part.tolist()})
            self._client().upsert(self.collection, points=batch, wait=start + step >= len(X))
            progress(len(part))

    def _changing(self, before: str, now: str) -> AbstractContextManager[None]:
        return changing(before, now, self._mark_of, self._mark, self._changed)

    def _mark(self, now: str) -> None:
        self._client().update_collection(self.collection, metadata={"digest": now})

    def _mark_of(self) -> str | None:
        """Return the mark, None where the server keeps none (before 1.16); refuse a collection that no index made."""
        try:
            config = self._client().get_collection(self.collection).config
        except Exception:
            if self._client().collection_exists(self.collection):
                raise
            told = f"{self.url} has no collection {self.collection!r} any more; fit the index again."
            raise DataError(told) from None
        vectors = config.params.vectors
        if not isinstance(vectors, dict) or set(vectors) != {VECTOR}:
            raise DataError(
                f"the collection {self.collection!r} on {self.url} was not made by an index and is left alone; "
                "choose another name, or delete it yourself."
            )
        return (getattr(config, "metadata", None) or {}).get("digest")

    def _check_held(self) -> None:
        mark, held = self._mark_of(), self.n_rows_ - len(self.removed_)
        if mark is None and self._client().count(self.collection, exact=True).count == held:
            return
        if mark != self.digest_:
            raise self._changed()

    def _changed(self) -> DataError:
        return DataError(
            f"The collection {self.collection!r} on {self.url} was changed since this index was saved, or its last "
            "change was not finished. Run that change again, fit the index again, or load what was saved after it."
        )

    def _is_local(self) -> bool:
        return "://" not in self.url

    def _client(self) -> Any:
        """Return the connection of this process, shared by all indexes: a local folder can be opened only once."""
        library = load("qdrant_client", extra="qdrant", purpose="Qdrant")
        if self.url == ":memory:":
            return connected((self.url,), lambda: library.QdrantClient(location=":memory:"))
        if self._is_local():
            folder = str(Path(self.url).resolve())
            return connected((folder,), lambda: library.QdrantClient(path=folder))
        key, seconds = os.environ.get("QDRANT_API_KEY"), max(1, round(self.timeout))
        binary = {"prefer_grpc": True, "grpc_port": self.grpc_port} if self.grpc_port else {}
        how = {"url": self.url, "api_key": key, "timeout": seconds, "check_compatibility": False, **binary}
        return connected(tuple(how.items()), lambda: library.QdrantClient(**how))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what went wrong at the server, and at which."""
        library = load("qdrant_client.http.exceptions", extra="qdrant", purpose="Qdrant")
        grpc = load("grpc", extra="qdrant", purpose="Qdrant")
        try:
            yield
        except InlayError:
            raise
        except library.UnexpectedResponse as error:
            what = bytes(error.content or b"").decode(errors="replace")[:300]
            raise DataError(f"Qdrant at {self.url} refused for {self.collection!r}: {what}.") from error
        except (library.ApiException, grpc.RpcError, OSError, RuntimeError, ValueError) as error:
            what = " ".join(str(error).split())[:200]
            if isinstance(getattr(error, "source", None), ValueError):  # it answered, with what is no number
                what += "; a score that is missing is beyond float32: normalise the vectors"
            elif not isinstance(error, ValueError):
                raise DataError(
                    f"Qdrant at {self.url} does not answer ({what}). Start it or check the address, then run the same "
                    "again; what it had stored before is kept."
                ) from error
            raise DataError(f"Qdrant at {self.url} refused for {self.collection!r}: {what}.") from error
