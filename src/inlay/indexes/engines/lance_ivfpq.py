"""LanceIVFPQ: vectors and their codes in a Lance dataset, in a folder or on object storage."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import pair_scores, product_top_k

from .._stored import queries, stored
from ._answers import answer, digest, live, removing, scratch
from ._lists import CODES, MARK, among, is_ours, learn, table, told, vectors

REFINED = 100  # rows that are scored again at least
UNLISTED = 0.1  # share of the rows that may be outside of the lists
FEW = 2_000  # allowed rows up to which they are read and compared, rather than searched for


class LanceIVFPQ(Index):
    r"""Keep the vectors in a Lance dataset, and search its inverted lists of product codes.

    Lance (Pace et al. 2025) is the format that spaces are stored in: files that are never changed, in a folder or on
    object storage, of which single rows can be read. k-means divides the rows into lists, and a row is coded in
    parts, each by the nearest of 256 centroids (Jégou et al. 2011). A query looks through the `n_probes` lists whose
    centroids fit it best, and the best ``refine * k`` rows are scored again by their vectors, so that a pair has the
    same score here as in `Exact`.

    Use it where vectors lie on object storage or are more than fit into memory, and a search may take tens of
    milliseconds; `HNSW` is faster and holds them in memory. `Coded` with a product quantizer keeps only codes.

    The centroids are learned here rather than by Lance, so that the same input and `random_state` give the same
    lists. Rows that `add` brings are coded with the centroids that are there. A filter costs no hits: few rows are
    read and compared, many are looked for within the lists, and a query that then finds too few compares all.

    Each change is a version of the dataset, and an index that is loaded reads the version that was saved, whatever
    came after. Older versions stay until ``lance.dataset(path).cleanup_old_versions()``.

    Parameters
    ----------
    path : a folder, or an address such as "s3://bucket/vectors.lance"; Lance takes the keys from the environment.
        `fit` replaces a dataset that an index made before, and refuses anything else.
    n_lists : lists that rows are divided into; None for the root of their number.
    n_subvectors : parts of a vector, and bytes of its code; divides the dimension. None for parts of 8 numbers, or of
        4, 2 or 1 where that does not divide.
    n_probes : lists that a query looks through, at least 1.
    refine : how many times `k` rows are scored again by their vectors, at least 1; never fewer than 100 rows.
    exact_below : rows up to which there are no lists and all are compared, at least 256.
    random_state : seed of k-means.

    Attributes
    ----------
    dim_, n_rows_ : columns of the vectors, and the rows that were ever stored.
    lists_ : (n_lists, d) float32, the centroids of the lists; of no rows where all are compared.
    codes_ : (n_subvectors, 256, d / n_subvectors) float32, the centroids of the parts.
    n_listed_ : rows that are in lists; those behind them are compared one by one.
    removed_ : (m,) int64, rows that were taken out.
    version_ : of the dataset.
    digest_ : hash of what is stored.

    References
    ----------
    Pace, She, Xu, Jones, Lockett, Wang, Shah (2025). Lance: Efficient Random Access in Columnar Storage through
    Adaptive Structural Encodings. arXiv:2504.15247.
    Jégou, Douze, Schmid (2011). Product Quantization for Nearest Neighbor Search. IEEE TPAMI 33(1).

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> index = LanceIVFPQ(f"{folder.name}/vectors.lance").fit([[1, 0], [0, 1], [0.6, 0.8]])
    >>> index.search([[1, 0]], k=2)
    Hits(ids=array([[0, 2]]), scores=array([[1. , 0.6]], dtype=float32))
    """

    paper: ClassVar[str] = "pace2025lance"

    dim_: int
    n_rows_: int
    n_listed_: int
    lists_: FloatArray
    codes_: FloatArray
    removed_: IdArray
    version_: int
    digest_: str

    def __init__(
        self,
        path: str | Path,
        *,
        n_lists: int | None = None,
        n_subvectors: int | None = None,
        n_probes: int = 20,
        refine: int = 10,
        exact_below: int = 10_000,
        random_state: int = 0,
    ) -> None:
        self.path = path
        self.n_lists = n_lists
        self.n_subvectors = n_subvectors
        self.n_probes = n_probes
        self.refine = refine
        self.exact_below = exact_below
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks, in a folder that goes when the process ends."""
        yield cls(scratch("lance") / "example.lance")

    def identity(self) -> dict[str, object]:
        """Return what decides the answers: the number of the version, which counts every fit, does not."""
        return {**self.get_params(deep=False), "digest": getattr(self, "digest_", "")}

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors and their codes; their row numbers are the ids.

        Raises
        ------
        DataError
            If `path` cannot be written, or holds something that no index made.
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        return self.fit_with_progress(X, lambda rows: None)

    def fit_with_progress(self, X: ArrayLike, progress: Progress) -> Self:
        """Fit as `fit` does, and call `progress` with the number of rows stored since the last call."""
        import lance

        X = stored(X, "float32")
        parts, now = self._check_parameters(X.shape[1]), digest("", "fit", X)
        lists, codes, listed = np.empty((0, X.shape[1]), np.float32), np.empty((parts, 0, 0), np.float32), 0
        with told(str(self.path)):
            mode = "overwrite" if is_ours(str(self.path)) else "create"
            dataset = lance.write_dataset(table(X, 0, now), str(self.path), mode=mode)
            if len(X) > self.exact_below:
                lists, codes = self._learned(X)
                dataset, listed = self._list(dataset, lists, codes), len(X)
        self.lists_, self.codes_, self.n_listed_ = lists, codes, listed
        self.dim_, self.n_rows_, self.removed_ = X.shape[1], len(X), np.empty(0, np.int64)
        progress(len(X))
        return self._now(dataset, now)

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are, coded with the centroids there are.

        They are compared one by one until they are a tenth of all rows, and coded then, with all others: what Lance
        codes behind an index of inner products (pylance 14.0) is coded as for distances, and not found again.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        import lance

        self._check_fitted()
        more = stored(X, "float32", dim=self.dim_)
        n, now = self.n_rows_ + len(more), digest(self.digest_, "add", more)
        lists, codes, listed = self.lists_, self.codes_, self.n_listed_
        with told(str(self.path)), self._changing() as dataset:
            dataset = lance.write_dataset(table(more, self.n_rows_, now), dataset, mode="append")
            if not len(lists) and n - len(self.removed_) > self.exact_below:
                lists, codes = self._learned(vectors(dataset.to_table(columns=["vector"]), self.dim_))
            if len(lists) and n - listed > UNLISTED * n:
                dataset, listed = self._list(dataset, lists, codes), n
            dataset.update_schema_metadata({MARK.decode(): now})
        self.lists_, self.codes_, self.n_listed_, self.n_rows_ = lists, codes, listed, n
        return self._now(dataset, now)

    def remove(self, rows: Where) -> Self:
        """Delete rows, given as numbers or a mask; those deleted before are passed over."""
        self._check_fitted()
        gone = removing(rows, self.n_rows_, self.removed_)
        if not len(gone):
            return self
        now = digest(self.digest_, "remove", gone)
        with told(str(self.path)), self._changing() as dataset:
            dataset.delete(among(gone))
            dataset.update_schema_metadata({MARK.decode(): now})
        self.removed_ = np.union1d(self.removed_, gone)
        return self._now(dataset, now)

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find nearly the best `k` rows for each query; see `Exact.search` for the parameters.

        Raises
        ------
        DataError
            If the dataset cannot be read, or its version is there no more.
        """
        self._check_fitted()
        self._check_parameters(self.dim_)
        Q, k = queries(Q, k, self.dim_)
        rows, held = live(where, self.n_rows_, self.removed_), self.n_rows_ - len(self.removed_)
        with told(str(self.path)):
            return answer(lambda *asked: self._ask(Q, *asked), len(Q), k, rows=rows, held=held)

    def _ask(
        self, Q: FloatArray, which: IdArray, limit: int, rows: IdArray | None, exact: bool
    ) -> tuple[IdArray, FloatArray]:
        dataset = self._held()
        if rows is not None and len(rows) <= FEW:
            places = rows - np.searchsorted(self.removed_, rows)  # among the rows that are left
            hits = product_top_k(Q[which], vectors(dataset.take(places, columns=["vector"]), self.dim_), limit)
            return np.where(hits.ids >= 0, rows[hits.ids], -1), hits.scores
        ids, scores = np.full((len(which), limit), -1, np.int64), np.full((len(which), limit), -np.inf, np.float32)
        # Lance stops at the number of a list, so that a query may find less than it asks for.
        how = {"column": "vector", "k": limit, "metric": "dot", "use_index": not exact}
        if not exact:
            how |= {"nprobes": self.n_probes, "refine_factor": max(self.refine, -(-REFINED // limit))}
        only = None if rows is None else among(rows)
        for i, q in enumerate(Q[which]):
            nearest = {**how, "q": q}
            columns = ["id", "vector", "_distance"]
            found = dataset.scanner(columns=columns, nearest=nearest, filter=only, prefilter=True).to_table()
            ids[i, : len(found)] = found["id"].to_numpy()
            numbers = np.arange(len(found))[None]
            scores[i, : len(found)] = pair_scores(q[None], vectors(found, self.dim_), numbers)[0]
        return ids, scores

    def _learned(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        n_lists = self.n_lists or max(1, round(len(X) ** 0.5))
        return learn(X, n_lists, self._check_parameters(X.shape[1]), self.random_state)

    def _list(self, dataset: Any, lists: FloatArray, codes: FloatArray) -> Any:
        """Put all rows into lists, and return the dataset with them."""
        sizes = {"num_partitions": len(lists), "num_sub_vectors": len(codes)}
        learned = {"ivf_centroids": np.asarray(lists), "pq_codebook": np.asarray(codes)}
        return dataset.create_index("vector", "IVF_PQ", metric="dot", replace=True, **sizes, **learned)

    def _check_parameters(self, dim: int) -> int:
        """Return the number of parts of a vector."""
        for name, low in (("n_probes", 1), ("refine", 1), ("exact_below", CODES)):
            if getattr(self, name) < low:
                raise ParameterError(f"{name} must be at least {low}, got {getattr(self, name)}.")
        if self.n_lists is not None and not 1 <= self.n_lists <= self.exact_below:
            raise ParameterError(f"n_lists must be from 1 to exact_below, {self.exact_below}, got {self.n_lists}.")
        parts = self.n_subvectors or dim // next(width for width in (8, 4, 2, 1) if dim % width == 0)
        if parts < 1 or dim % parts:
            raise ParameterError(f"n_subvectors must divide the dimension {dim}, got {parts}.")
        return parts

    def _now(self, dataset: Any, held: str) -> Self:
        self._dataset, self.version_, self.digest_ = dataset, int(dataset.version), held
        return self

    def _held(self) -> Any:
        """Return the version of the dataset that this index stored."""
        import lance

        found = getattr(self, "_dataset", None)
        if found is None or found.version != self.version_:
            found = lance.dataset(str(self.path), version=self.version_)
            mark = (found.schema.metadata or {}).get(MARK, b"").decode()
            if mark not in (self.digest_, "1") or found.count_rows() != self.n_rows_ - len(self.removed_):
                raise self._changed()
            self._dataset = found
        return found

    @contextmanager
    def _changing(self) -> Iterator[Any]:
        """Lend the dataset for a change, and bring back what it held where that fails."""
        found = self._held()
        if found.latest_version != self.version_:
            raise self._changed()
        try:
            yield found
        except BaseException:
            with suppress(Exception):  # what went wrong first is told
                found = found.checkout_version(self.version_)
                if found.latest_version != self.version_:
                    found.restore()
                self._dataset, self.version_ = found, int(found.version)
            raise

    def _changed(self) -> DataError:
        return DataError(f"{self.path} was changed since this index was saved; fit it again, or load a newer save.")

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the open dataset: it is opened again by its version."""
        return {key: value for key, value in super().__getstate__().items() if key != "_dataset"}
