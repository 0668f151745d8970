"""HNSW: a graph of near neighbours that a query walks, instead of all stored vectors."""

import threading
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core import extras
from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import DataError, ParameterError
from inlay.core.neighbourhoods import share_found
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, rescore

from ._stored import allowed, queries, stored

BLOCK = 2048  # rows handed to the graph at a time
HELD_OUT = 200  # rows that measure recall before they enter the graph: it is then known to about one in a hundred
K = 10
EFFORTS = (16, 32, 64, 128, 256, 512)
# What reading one row costs beside one place of the search list, for one query: benchmarks/speed/index.py.
# The number of queries is left out on purpose: an answer must not depend on the batch.
ROW_COST = 0.03
GATHERED_ROW_COST = 0.1


class HNSW(Index):
    r"""Find nearly the best rows by walking a hierarchy of neighbourhood graphs (Malkov & Yashunin 2020).

    Each row is joined to about `M` of its neighbours on each layer up to :math:`\lfloor -\ln U(0,1) / \ln M \rfloor`;
    a search walks greedily down the layers and keeps the best `ef_search` rows seen on the lowest. The graph holds
    the vectors as bfloat16; what it finds is scored again on the stored vectors, so that a pair has the same score
    here as in `Exact`.

    Use it from some ten thousand vectors on, where single queries have to be fast and a few misses are allowed;
    `Exact` misses nothing, needs no building, and on large batches of queries it is often as fast. `Auto` decides by
    measurement. Vectors of very different lengths make poor graphs: normalise them. So do many copies of one row, which
    join each other only: beyond twice `M` of them, rows near them may not be reached.

    A filter never costs hits: where few rows are allowed they are compared one by one; where many are, the graph is
    asked for as many more rows, and a query that still finds fewer than `k` is answered exactly.

    The graph is built on one thread, so that the same input and `random_state` give the same graph.

    Parameters
    ----------
    M : neighbours that a row is joined to, 2 to 256 (the paper's range is 5 to 48); twice as many on the lowest layer.
    ef_construction : places of the search list while building, at least 1. Better graph, longer build.
    ef_search : places of the search list while searching, at least 1. Better recall, slower search.
    dtype : "float32" or "float16", how the vectors are stored beside the graph.
    random_state : seed of the order in which rows enter the graph.

    Attributes
    ----------
    vectors_ : (n, d), the stored vectors; kept or copied as by `Exact`.
    graph_ : (bytes,) uint8, the graph as usearch lays it out; used where it lies, also memory-mapped.
    readings_ : ``{"ef_search": ..., "recall@10": ...}`` for some `ef_search`, measured by `fit` with up to 200 rows as
        queries before they entered the graph. Queries unlike the stored vectors may find less.

    References
    ----------
    Malkov, Yashunin (2020). Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
    Small World graphs. IEEE TPAMI 42(4). arXiv:1603.09320.

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((3000, 16)).astype(np.float32)
    >>> X /= np.linalg.norm(X, axis=1, keepdims=True)
    >>> index = HNSW(M=8).fit(X)
    >>> index.search(X[:3], k=1).ids.ravel().tolist()
    [0, 1, 2]
    >>> index.search(X[:1], k=5, where=[7, 9]).counts.tolist()
    [2]
    """

    paper: ClassVar[str] = "malkov2020efficient"
    requires: ClassVar[tuple[str, ...]] = ("hnsw",)

    vectors_: NDArray[Any]
    graph_: NDArray[np.uint8]
    readings_: list[dict[str, float]]

    def __init__(
        self,
        M: int = 16,
        ef_construction: int = 200,
        ef_search: int = 64,
        *,
        dtype: str = "float32",
        random_state: int = 0,
    ) -> None:
        self.M = M
        self.ef_construction = ef_construction
        self.ef_search = ef_search
        self.dtype = dtype
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(M=4, ef_construction=16, ef_search=8, dtype="float16", random_state=1)

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors and build their graph; their row numbers are the ids.

        Raises
        ------
        MissingExtra
            If usearch is not installed.
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        return self.fit_with_progress(X, _unseen)

    def fit_with_progress(self, X: ArrayLike, progress: Progress) -> Self:
        """Fit as `fit` does, and call `progress` with the number of rows that joined the graph since the last call."""
        self._check_parameters()
        vectors = stored(X, self.dtype)
        return self._grow(self._new(vectors.shape[1]), vectors, 0, progress)

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are, and join them to the graph.

        Copies the vectors and the graph once: add many at a time.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        self._check_parameters()
        old = self.vectors_
        more = stored(X, self.dtype, dim=old.shape[1])
        graph = self._new(old.shape[1])
        if len(old):
            graph.load(bytes(self.graph_))
        return self._grow(graph, np.concatenate([old, more]), len(old), _unseen)

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find nearly the best `k` rows for each query.

        Parameters
        ----------
        Q : (n queries, d) query vectors.
        k : at least 1; places beyond the number of allowed rows hold the id -1.
        where : rows allowed as hits: a mask of booleans, one for each row, or row numbers in any order. As many as
            `k` of them are returned wherever that many are allowed.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` or a parameter is out of its range.
        ShapeError
            If `Q` has another dimension or is not finite, or `where` names rows that there are not.
        """
        self._check_fitted()
        self._check_parameters()
        X = self.vectors_
        Q, k = queries(Q, k, X.shape[1])
        rows = allowed(where, len(X))
        available = len(X) if rows is None else len(rows)
        width = k + max(8, k // 8)  # some more than asked for: bfloat16 does not order near ties right
        fetch = width if rows is None else -(-width * len(X) // max(1, available))
        effort = max(self.ef_search, fetch)
        cost = ROW_COST if rows is None else GATHERED_ROW_COST
        if available <= width or available * cost <= effort:
            return product_top_k(Q, X, k, rows=rows)
        graph, lock = self._native()
        with lock:  # the graph's working memory serves one call at a time, which uses all threads
            ids = _walk(graph, Q, min(fetch, len(X)), effort)
        if rows is not None:
            mask = np.zeros(len(X), bool)
            mask[rows] = True
            ids = np.where(mask[ids], ids, -1)
            ids = np.take_along_axis(ids, np.argsort(ids < 0, axis=1, kind="stable")[:, :width], 1)
        hits = rescore(Q, X, ids, k)
        short = np.flatnonzero(hits.counts < k)
        if not len(short):
            return hits
        best, scores = hits.ids.copy(), hits.scores.copy()
        rest = product_top_k(Q[short], X, k, rows=rows)
        best[short], scores[short] = rest.ids, rest.scores
        return Hits(best, scores)

    def _check_parameters(self) -> None:
        for name, low, high in (("M", 2, 256), ("ef_construction", 1, 1 << 20), ("ef_search", 1, 1 << 20)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or not low <= value <= high:
                raise ParameterError(f"{name} must be a whole number from {low} to {high}, got {value!r}.")

    def _new(self, dim: int) -> Any:
        usearch = extras.load("usearch.index", extra="hnsw", purpose="HNSW")
        return usearch.Index(
            ndim=dim, metric="ip", dtype="bf16", connectivity=int(self.M), expansion_add=int(self.ef_construction)
        )

    def _grow(self, graph: Any, vectors: NDArray[Any], start: int, progress: Progress) -> Self:
        """Put the rows from `start` on into the graph, in an order made by chance, on one thread.

        Only then is anything of this index another: what is stopped half way leaves it as it was.
        """
        n, readings = len(vectors), self.readings_ if start else []
        order = start + np.random.default_rng(self.random_state).permutation(n - start)
        held = min(HELD_OUT, n // 10) if not start else 0
        _join(graph, vectors, order[: len(order) - held], progress)
        if held:
            readings = _probe(graph, vectors, order[-held:], np.sort(order[:-held]))
            _join(graph, vectors, order[-held:], progress)
        # An empty graph is not written: there is nothing to view.
        made = np.frombuffer(graph.save(), np.uint8) if n else np.empty(0, np.uint8)
        self.vectors_, self.graph_, self.readings_ = vectors, made, readings
        self._view: tuple[Any, threading.Lock] | None = None
        return self

    def _native(self) -> tuple[Any, threading.Lock]:
        view = getattr(self, "_view", None)
        if view is None:
            graph = self._new(self.vectors_.shape[1])
            graph.view(self.graph_)
            if graph.ndim != self.vectors_.shape[1] or len(graph) != len(self.vectors_):
                raise DataError("The graph does not belong to the stored vectors; fit the index again.")
            self._view = view = (graph, threading.Lock())
        return view

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the view: it is made again from `graph_`, and cannot be copied."""
        return {key: value for key, value in super().__getstate__().items() if key != "_view"}


def _unseen(rows: int) -> None:
    """Report progress to nobody."""


def _join(graph: Any, vectors: NDArray[Any], rows: IdArray, progress: Progress) -> None:
    for first in range(0, len(rows), BLOCK):
        part = rows[first : first + BLOCK]
        graph.add(part, np.asarray(vectors[part], np.float32), threads=1)
        progress(len(part))


def _probe(graph: Any, vectors: NDArray[Any], held: IdArray, rest: IdArray) -> list[dict[str, float]]:
    """Measure recall with rows as queries that are not in the graph yet: those that are find themselves easily."""
    Q, readings = np.asarray(vectors[held], np.float32), []
    exact = product_top_k(Q, vectors, K, rows=rest)
    for effort in EFFORTS:
        found = rescore(Q, vectors, _walk(graph, Q, min(K + 8, len(rest)), effort), K).ids
        recall = float(share_found(Q, vectors, found, exact).mean())
        readings.append({"ef_search": effort, f"recall@{K}": recall})
    return readings


def _walk(graph: Any, Q: FloatArray, count: int, effort: int) -> IdArray:
    """Ask the graph for `count` rows for each query, padded with -1."""
    graph.expansion_search = effort
    found = graph.search(np.ascontiguousarray(Q), count)
    keys = np.atleast_2d(np.asarray(found.keys).astype(np.int64))
    if len(Q) == 1:  # one query comes back without padding
        return np.pad(keys, ((0, 0), (0, count - keys.shape[1])), constant_values=-1)
    return np.where(np.arange(count) < np.asarray(found.counts)[:, None], keys, -1)
