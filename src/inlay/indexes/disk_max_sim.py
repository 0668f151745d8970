"""MaxSim by vectors that stay on disk, read ahead while the candidates are still being chosen."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits, IdArray, Ragged
from inlay.core.vectors import normalize, top_k

from ._multi import asked_items, choices, k_means, max_sim_rescore, nearest, stored_items

READ = 8  # items that a thread reads at a time


class DiskMaxSim(Index):
    r"""Choose items by their mean vectors in memory, and read the vectors of the best from disk, ahead of time.

    In memory are the mean of each item's vectors, at length one, and lists of items around centroids (an inverted
    file). A search probes the `n_probes` lists nearest to the sum of the query's vectors, best first, and compares the
    `n_rescored` best items by MaxSim. After the first `prefetch` of the probes their vectors are already being read,
    by threads, while the other lists are looked through, since most of what is best then is best in the end: the
    ANN-driven prefetcher of ESPN (Shrestha et al. 2024). What it missed is read afterwards, so that the hits are those
    that vectors in memory would give.

    Save the index and load it with ``mmap``, and the vectors are on disk; straight after `fit` they are where they
    were. Use it where `MaxSim` does not fit into memory. `CentroidMaxSim` holds compressed vectors in memory instead
    and chooses by them; its `rescore` reads full ones from disk, too, but only after the search.

    ESPN takes the candidates from a vector of the encoder's own for each text ([CLS]) and reads past the cache of the
    operating system; here the mean stands for it, and pages are mapped.

    Parameters
    ----------
    n_rescored : items that are read and compared for a query; at least 1.
    n_lists : lists of items; None takes the square root of their number.
    n_probes : lists that are looked through, more where they hold too few allowed items; at least 1. The more there
        are, the less do the last of them change what was best before.
    prefetch : share of the probes after which reading starts, from 0 (no reading ahead) to 1.
    n_threads : threads that read; at least 1.
    dtype : "float32", or "float16" for half of the disk.
    n_iterations : passes of k-means over the means.
    random_state : seed of the first centroids.

    Attributes
    ----------
    means_ : (n, d) float32, the mean of each item's vectors, at length one.
    centroids_ : (n_lists, d) float32.
    order_ : (n,) int64, the items, list by list.
    ends_ : (n_lists + 1,) int64; list i is ``order_[ends_[i]:ends_[i + 1]]``.
    values_, offsets_ : the stored items, as in `MaxSim`.

    References
    ----------
    Shrestha, Reddy, Li (2024). ESPN: Memory-Efficient Multi-Vector Information Retrieval. ISMM. arXiv:2312.05417.

    Examples
    --------
    >>> from inlay.core.vectors import normalize
    >>> X = Ragged(normalize(np.random.default_rng(0).normal(size=(6400, 16))), np.arange(0, 6401, 64))
    >>> index = DiskMaxSim(n_rescored=20).fit(X)
    >>> index.search(Ragged(X.values[:128], np.array([0, 64, 128])), k=1).ids.tolist()
    [[0], [1]]
    >>> round(index.values_.nbytes / index.bytes_in_memory)
    47
    """

    paper: ClassVar[str] = "shrestha2023espn"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)
    stores = "multivectors"

    means_: FloatArray
    centroids_: FloatArray
    order_: IdArray
    ends_: IdArray
    values_: NDArray[Any]
    offsets_: IdArray

    def __init__(
        self,
        n_rescored: int = 100,
        *,
        n_lists: int | None = None,
        n_probes: int = 32,
        prefetch: float = 0.3,
        n_threads: int = 4,
        dtype: str = "float32",
        n_iterations: int = 10,
        random_state: int = 0,
    ) -> None:
        self.n_rescored = n_rescored
        self.n_lists = n_lists
        self.n_probes = n_probes
        self.prefetch = prefetch
        self.n_threads = n_threads
        self.dtype = dtype
        self.n_iterations = n_iterations
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(50, n_lists=4, n_probes=3, prefetch=0.5, n_threads=2, dtype="float16", random_state=1)

    @property
    def bytes_in_memory(self) -> int:
        """What has to be in memory where the vectors are on disk."""
        self._check_fitted()
        return sum(held.nbytes for held in (self.means_, self.centroids_, self.order_, self.ends_, self.offsets_))

    def fit(self, X: Ragged) -> Self:
        """Store n items of vectors, and put them into lists by their means; their numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not a Ragged of finite numbers.
        """
        if min(self.n_rescored, self.n_probes, self.n_threads) < 1 or self.n_iterations < 0:
            raise ParameterError(
                "n_rescored, n_probes and n_threads must be at least 1, n_iterations at least 0, got "
                f"{self.n_rescored}, {self.n_probes}, {self.n_threads}, {self.n_iterations}."
            )
        if not 0 <= self.prefetch <= 1 or (self.n_lists is not None and self.n_lists < 1):
            raise ParameterError(
                f"prefetch must be from 0 to 1 and n_lists at least 1, or None, got {self.prefetch}, {self.n_lists}."
            )
        self.values_, self.offsets_ = stored_items(X, self.dtype)
        n, total = len(X), len(self.values_)
        pick = sparse.csr_array((np.ones(total, np.float32), np.arange(total), self.offsets_), (n, total))
        sums: FloatArray = np.asarray(pick @ X.values, np.float32)
        self.means_ = normalize(sums)
        rng = np.random.default_rng(self.random_state)
        count = int(np.sqrt(n)) if self.n_lists is None else self.n_lists
        # Where nothing is stored, a row of zeros tells the number of columns.
        some = self.means_ if n else np.zeros((1, sums.shape[1]), np.float32)
        self.centroids_ = k_means(some, max(1, min(count, n)), self.n_iterations, rng)
        numbers = nearest(self.means_, self.centroids_)
        self.order_ = np.argsort(numbers, kind="stable")
        self.ends_ = np.append(0, np.cumsum(np.bincount(numbers, minlength=len(self.centroids_))))
        return self

    def search(self, Q: Ragged, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` items for each query; see `MaxSim.search` for the parameters and errors."""
        self._check_fitted()
        Q, k = asked_items(Q, k, self.values_.shape[1])
        rows = choices(where, self.offsets_)
        ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
        with ThreadPoolExecutor(self.n_threads) as pool:
            for i in np.flatnonzero(Q.lengths) if len(rows) else []:
                under_way: dict[int, tuple[int, Future[list[NDArray[Any]]]]] = {}
                found = rows[:0]
                for found in self._candidates(Q[int(i)], rows, k):
                    missing = [row for row in found.tolist() if row not in under_way]
                    for start in range(0, len(missing), READ):
                        part = missing[start : start + READ]
                        read = pool.submit(self._read, part)
                        under_way |= {row: (place, read) for place, row in enumerate(part)}
                found = np.sort(found)
                parts = [under_way[row][1].result()[under_way[row][0]] for row in found.tolist()]
                ends = np.append(0, np.cumsum([len(part) for part in parts]))
                hits = max_sim_rescore(
                    Ragged.stack([Q[int(i)]]), np.concatenate(parts), ends, np.arange(len(found))[None], k
                )
                ids[i], scores[i] = np.where(hits.ids[0] < 0, -1, found[hits.ids[0]]), hits.scores[0]
        return Hits(ids, scores)

    def prefetch_hit_rate(self, Q: Ragged, k: int = 10) -> float:
        """Return the share of the items compared for some queries whose reading started ahead."""
        self._check_fitted()
        Q, k = asked_items(Q, k, self.values_.shape[1])
        rows = choices(None, self.offsets_)
        hit = total = 0
        for i in np.flatnonzero(Q.lengths) if len(rows) else []:
            *ahead, found = self._candidates(Q[int(i)], rows, k)
            hit += int(np.isin(found, ahead[0]).sum()) if ahead else 0
            total += len(found)
        return hit / max(total, 1)

    def _candidates(self, query: FloatArray, rows: IdArray, k: int) -> Iterator[IdArray]:
        """Yield the best items after some of the probes, and after all of them."""
        width = min(len(rows), max(k, self.n_rescored))
        there = np.zeros(len(self.means_), bool)
        there[rows] = True
        asked = query.sum(axis=0)
        order, ends = np.asarray(self.order_), self.ends_
        lists = np.argsort(-np.vecdot(self.centroids_, asked), kind="stable")
        counts = np.add.reduceat(np.append(there[order], False).astype(np.int64), ends[:-1])
        held = np.cumsum((counts * (np.diff(ends) > 0))[lists])  # of an empty list the next number is taken
        last = max(min(self.n_probes, len(lists)), int(np.searchsorted(held, width)) + 1)
        first = int(np.ceil(self.prefetch * last))
        best, scores = rows[:0], np.empty(0, np.float32)
        for start, stop in ((0, first), (first, last)):
            if start < stop:
                members = np.concatenate([order[ends[number] : ends[number + 1]] for number in lists[start:stop]])
                members = members[there[members]]
                best = np.concatenate([best, members])
                scores = np.concatenate([scores, np.vecdot(self.means_[members], asked)])
                if len(best):
                    kept = top_k(scores[None], width)[0][0]
                    best, scores = best[kept], scores[kept]
            if stop:
                yield best

    def _read(self, rows: list[int]) -> list[NDArray[Any]]:
        return [np.array(self.values_[self.offsets_[row] : self.offsets_[row + 1]]) for row in rows]
