"""Any index of FAISS by its factory string: lists of near rows, graphs, product codes, rotations."""

import math
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from inlay.core.contracts import Index, Where
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.neighbourhoods import share_found
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, rescore

from ._faiss import built, graph_of, lists_of, others
from ._stored import allowed, queries, stored
from .hnsw import GATHERED_ROW_COST

K = 10
HELD_OUT = 200  # rows that measure recall
POINTS = 39  # rows for each list that FAISS asks for
MOST = 4096  # rows that a walk is tried with


class Faiss(Index):
    r"""Find nearly the best rows by an index of FAISS, with lists as many as the rows ask for and effort by recall.

    `factory` is what ``faiss.index_factory`` takes: "IVF,SQ8", "IVF256,PQ32", "OPQ32,IVF1024,PQ32", "PQ48", "HNSW32".
    An inverted file (IVF, Jégou et al. 2011) puts each row into the list of its nearest centroid, and a query looks
    into the `n_probe` lists whose centroids are nearest to it; codes (SQ, PQ) make the rows in them smaller. "IVF"
    without a number takes about :math:`4 \sqrt n` lists. A graph (HNSW) is walked with the best `ef_search` rows in
    view. What FAISS finds, `rescore` times k rows, is scored again by the full vectors, which lie on disk where the
    index was loaded with ``mmap``, as the FAISS index does.

    Use it for millions of rows where a graph takes too much memory or time to build, and for all that FAISS has; with
    "HNSW16,SQ8" and `rescore` 1.2 it answers many queries at once faster than `HNSW`, which tells how far it has come
    while it is built. `Exact` misses nothing, `Coded` takes any codec of this package; `DeDrift` is an inverted file
    for rows that keep coming and change. Where more rows are copies of each other than a row has links, a graph does
    not reach all that is near them, at any effort.

    A filter never costs hits: lists are probed, and graphs walked, in proportion to the part that is allowed, few
    allowed rows are compared one by one, and a query that still finds fewer than k is answered exactly.

    Parameters
    ----------
    factory : the string; inner product is the metric.
    n_probe : lists that a query looks into; None takes the fewest that find `recall` of the ten exact neighbours of
        200 stored rows.
    ef_search : rows that a walk through a graph keeps in view; None takes the least as for `n_probe`.
    recall : above 0 and at most 1.
    rescore : how many times `k` rows are scored again by full vectors, at least 1; 1.2 asks for 12 where k is 10.
    n_fit : the most rows from which FAISS learns, drawn at random; at least 1.
    exact_below : rows up to which nothing is learned and all are compared.
    random_state : seed of the draw and of k-means.

    Attributes
    ----------
    vectors_ : (n, d) float32, the stored vectors; kept or copied as by `Exact`.
    index_ : (bytes,) uint8, the index as FAISS writes it; empty up to `exact_below` rows.
    n_probe_ : lists that a query looks into; 0 where there are none.
    ef_search_ : rows that a walk keeps in view; 0 where there is no graph.
    readings_ : ``{"n_probe": ..., "recall@10": ...}``, or with "ef_search", for each effort that was tried.

    References
    ----------
    Douze et al. (2024). The Faiss library. arXiv:2401.08281.
    Jégou, Douze, Schmid (2011). Product Quantization for Nearest Neighbor Search. IEEE TPAMI 33(1).

    Examples
    --------
    >>> X = np.random.default_rng(0).standard_normal((3000, 16)).astype(np.float32)
    >>> X /= np.linalg.norm(X, axis=1, keepdims=True)
    >>> index = Faiss("IVF16,SQ8").fit(X)
    >>> index.search(X[:3], k=1).ids.ravel().tolist(), index.n_probe_ < 16
    ([0, 1, 2], True)
    """

    paper: ClassVar[str] = "douze2024faiss"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    vectors_: FloatArray
    index_: NDArray[np.uint8]
    n_probe_: int
    ef_search_: int
    readings_: list[dict[str, float]]

    def __init__(
        self,
        factory: str = "IVF,SQ8",
        *,
        n_probe: int | None = None,
        ef_search: int | None = None,
        recall: float = 0.95,
        rescore: float = 4,
        n_fit: int = 100_000,
        exact_below: int = 1000,
        random_state: int = 0,
    ) -> None:
        self.factory = factory
        self.n_probe = n_probe
        self.ef_search = ef_search
        self.recall = recall
        self.rescore = rescore
        self.n_fit = n_fit
        self.exact_below = exact_below
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("IVF4,SQ8", recall=1.0, exact_below=20, random_state=1)
        yield cls("HNSW8,SQ8", rescore=1.5, exact_below=20)

    @property
    def n_lists(self) -> int:
        """The number of lists; 0 where there are none."""
        self._check_fitted()
        return lists_of(self._held()) if len(self.index_) else 0

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors and build the index; their row numbers are the ids.

        Raises
        ------
        MissingExtra
            If faiss is not installed.
        ParameterError
            If a parameter is out of its range, or FAISS does not take the factory string.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        self._check_parameters()
        made = clone(self)._made(stored(X, "float32"))
        self.__dict__.pop("_native", None)
        self.__dict__.update(made.__dict__)  # at once: what is stopped half way leaves this index as it was
        return self

    def _made(self, X: FloatArray) -> Self:
        """Build the index of an object that is new."""
        faiss = load("faiss", extra="quantize", purpose="Faiss")
        self.vectors_ = X
        self.index_, self.n_probe_, self.ef_search_, self.readings_ = np.empty(0, np.uint8), 0, 0, []
        if len(X) <= self.exact_below:
            return self
        rows = np.arange(len(X))
        if len(X) > self.n_fit:
            rows = np.sort(np.random.default_rng(self.random_state).choice(len(X), self.n_fit, replace=False))
        n_lists = max(1, min(round(4 * len(X) ** 0.5), len(rows) // POINTS))
        text = re.sub(r"IVF(?=,|_|$)", f"IVF{n_lists}", self.factory)
        made = built(text, X, np.ascontiguousarray(X[rows]), self.random_state)
        self.index_ = faiss.serialize_index(made)
        if lists := lists_of(made):
            self._tune("n_probe", lists)
        elif graph_of(made) is not None:
            self._tune("ef_search", min(len(X), MOST))
        return self

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are; centroids and codes stay as they were learned.

        Raises
        ------
        ParameterError
            If FAISS cannot add to what the factory string stands for, such as "NSG16".
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more = stored(X, "float32", dim=self.vectors_.shape[1])
        both = np.concatenate([self.vectors_, more])
        if not len(self.index_):
            both.flags.writeable = False
            return self.fit(both)
        faiss = load("faiss", extra="quantize", purpose="Faiss")
        grown = faiss.deserialize_index(np.array(self.index_))
        try:
            grown.add(np.ascontiguousarray(more))
        except RuntimeError as error:
            told = f"FAISS cannot add to factory={self.factory!r}; fit the index again with all rows: {error}."
            raise ParameterError(told) from error
        self.vectors_, self.index_, self._native = both, faiss.serialize_index(grown), None
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find nearly the best `k` rows for each query; see `HNSW.search` for the parameters and errors."""
        self._check_fitted()
        self._check_parameters()
        X = self.vectors_
        Q, k = queries(Q, k, X.shape[1])
        rows = allowed(where, len(X))
        available = len(X) if rows is None else len(rows)
        if not len(self.index_) or not len(Q) or available <= self._depth(k):
            return product_top_k(Q, X, k, rows=rows)
        native = self._held()
        lists, share = lists_of(native), available / len(X)
        effort = -int(-self._effort() // share)
        enough = effort / GATHERED_ROW_COST if self.ef_search_ else len(X) * (self.n_probe_ / lists if lists else 0.05)
        if rows is not None and available <= enough:
            return product_top_k(Q, X, k, rows=rows)  # no more rows than the search would compare
        ids = self._ask(native, Q, self._depth(k), min(lists or len(X), effort), rows)
        hits = rescore(Q, X, ids, k)
        short = np.flatnonzero(hits.counts < min(k, available))
        if not len(short):
            return hits
        best, scores = hits.ids.copy(), hits.scores.copy()
        rest = product_top_k(Q[short], X, k, rows=rows)
        best[short], scores[short] = rest.ids, rest.scores
        return Hits(best, scores)

    def _effort(self) -> int:
        """Return what was asked for, or found by `fit`; 0 where nothing can be set."""
        if self.ef_search_:
            return self.ef_search or self.ef_search_
        return self.n_probe_ and (self.n_probe or self.n_probe_)

    def _depth(self, k: int) -> int:
        """Return how many rows FAISS is asked for."""
        return math.ceil(self.rescore * k)

    def _ask(self, native: Any, Q: FloatArray, depth: int, effort: int, rows: IdArray | None) -> IdArray:
        """Return what FAISS finds, padded with -1."""
        faiss = load("faiss", extra="quantize", purpose="Faiss")
        n, Q = len(self.vectors_), np.ascontiguousarray(Q)
        mask = None if rows is None else np.isin(np.arange(n), rows, assume_unique=True)
        if not effort:  # not every index takes a filter: more is asked for, and what is not allowed left out
            fetch = depth if rows is None else min(n, -(-depth * n // len(rows)))
            ids = np.asarray(native.search(Q, fetch)[1], np.int64)
            if mask is not None:
                ids = np.where((ids >= 0) & mask[ids], ids, -1)
                ids = np.take_along_axis(ids, np.argsort(ids < 0, axis=1, kind="stable")[:, :depth], 1)
            return ids
        bits = np.empty(0, np.uint8) if mask is None else np.packbits(mask, bitorder="little")
        only = {} if mask is None else {"sel": faiss.IDSelectorBitmap(n, faiss.swig_ptr(bits))}
        if self.ef_search_:
            # FAISS stops after so many steps, however many rows it is asked for.
            parameters = faiss.SearchParametersHNSW(efSearch=max(effort, depth), **only)
        else:
            parameters = faiss.SearchParametersIVF(nprobe=effort, **only)
        if isinstance(native, faiss.IndexPreTransform):
            parameters = faiss.SearchParametersPreTransform(index_params=parameters)
        return np.asarray(native.search(Q, depth, params=parameters)[1], np.int64)

    def _tune(self, name: str, most: int) -> None:
        """Take the effort that was asked for, or the least of the powers of two that finds enough."""
        asked = getattr(self, name)
        if asked is not None:
            setattr(self, f"{name}_", min(asked, most))
            return
        rows = np.random.default_rng(self.random_state).permutation(len(self.vectors_))[:HELD_OUT]
        Q, native = np.asarray(self.vectors_[rows]), self._held()
        exact, depth = others(product_top_k(Q, self.vectors_, K + 1), rows), self._depth(K + 1)
        least = depth if name == "ef_search" else 1
        for effort in (2**i for i in range(32)):
            effort = min(max(least, effort), most)
            setattr(self, f"{name}_", effort)
            if self.readings_ and self.readings_[-1][name] == effort:
                continue
            ids = self._ask(native, Q, depth, effort, None)
            found = others(rescore(Q, self.vectors_, ids, K + 1), rows).ids
            self.readings_.append(
                {name: effort, f"recall@{K}": float(share_found(Q, self.vectors_, found, exact).mean())}
            )
            if self.readings_[-1][f"recall@{K}"] >= self.recall or effort >= most:
                return

    def _held(self) -> Any:
        """Return FAISS's own object, which reads the bytes where they lie."""
        native = getattr(self, "_native", None)
        if native is None:
            faiss = load("faiss", extra="quantize", purpose="Faiss")
            reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(self.index_), self.index_.nbytes)
            native = faiss.read_index(reader, faiss.IO_FLAG_MMAP_IFC)
            if native.ntotal != len(self.vectors_) or native.d != self.vectors_.shape[1]:
                raise DataError("The index of FAISS does not belong to the stored vectors; fit it again.")
            self._native = native
        return native

    def _check_parameters(self) -> None:
        if not 0 < self.recall <= 1:
            raise ParameterError(f"recall must be above 0 and at most 1, got {self.recall}.")
        if not 1 <= self.rescore < math.inf or self.n_fit < 1 or self.exact_below < 0:
            given = f"{self.rescore}, {self.n_fit} and {self.exact_below}"
            raise ParameterError(
                f"rescore and n_fit must be at least 1 and finite, exact_below at least 0, got {given}."
            )
        for name, value in (("n_probe", self.n_probe), ("ef_search", self.ef_search)):
            if value is not None and value < 1:
                raise ParameterError(f"{name} must be None or at least 1, got {value}.")

    def __getstate__(self) -> dict[str, Any]:
        """Leave out FAISS's own object: it is made again from `index_`, and cannot be copied."""
        return {key: value for key, value in super().__getstate__().items() if key != "_native"}
