"""DeDrift: lists of near rows that follow what is stored as it changes."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, rescore

from ._clusters import k_means, means, members, nearest, probe
from ._stored import allowed, queries, stored

UPDATES = ("none", "split", "lazy", "hybrid", "full")
POINTS = 39  # rows for each list at least, as FAISS has it
GROUP = 64  # queries whose rows are looked up at a time


class DeDrift(Index):
    r"""Keep the lists of an inverted file even while what is stored drifts, at a small part of a rebuild's cost.

    Each row lies in the list of the centroid nearest to it, and a query is compared with the rows of the `n_probe`
    lists nearest to it. As topics change, new rows crowd into a few lists and others are left empty: as many lists
    then hold more rows and fewer of the right ones. `add` puts new rows into lists and then updates the centroids
    after Baranchuk et al. (2023):

    - "split": the rows of the :math:`k_1` largest lists are clustered anew into :math:`k_2 = 2 k_1`, and the
      :math:`k_1` smallest lists are given up, their rows put where they are nearest;
    - "lazy": every centroid moves to the mean of its list, and rows stay in their lists;
    - "hybrid": "split", then "lazy";
    - "full": all is clustered anew, as `fit` does; "none": centroids stay.

    Use it for what grows and ages: news, mail, logs, with `remove` for what is old. `Faiss` is faster where rows stay
    what they are, and has codes; `Exact` needs no lists.

    Add a little at a time: a few lists are split at each `add`, and where most topics change between two of them only
    "full" follows. The paper also codes rows by products, which are full vectors here. Rows and queries are best of
    length one, for lists are of Euclidean distance. A query with fewer than k hits is answered exactly.

    Parameters
    ----------
    n_lists : K, at least 1; None takes about :math:`4 \sqrt n`, for at least 39 rows each, when they are clustered: in
        `fit`, in the first `add` to nothing, and with "full" in each `add`.
    n_probe : lists that a query looks into, at least 1.
    update : "none", "split", "lazy", "hybrid" or "full".
    split : the part of the lists that are split, above 0 and up to 0.5.
    n_steps : steps of k-means, at least 1.
    random_state : seed of k-means.

    Attributes
    ----------
    vectors_ : (n, d) float32, the stored vectors, removed ones too.
    lists_ : (n,) int64, the list of each row; -1 where it was removed.
    centroids_ : (n_lists, d) float32.
    n_compared_ : comparisons of a row with a centroid that the last `fit` or `add` took.

    References
    ----------
    Baranchuk, Douze, Upadhyay, Yalniz (2023). DeDrift: Robust Similarity Search under Content Drift. ICCV.
    arXiv:2308.02752.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> old, new = rng.normal(size=(800, 8)), rng.normal(2, 1, size=(800, 8))
    >>> index = DeDrift(16).fit(old)
    >>> index.add(new).n_compared_ / DeDrift(16, update="full").fit(old).add(new).n_compared_ < 0.3
    True
    >>> index.search(new[:3], k=1, where=np.arange(800, 1600)).ids.shape
    (3, 1)
    """

    paper: ClassVar[str] = "baranchuk2023dedrift"

    vectors_: FloatArray
    lists_: IdArray
    centroids_: FloatArray
    n_compared_: int

    def __init__(
        self,
        n_lists: int | None = None,
        n_probe: int = 8,
        *,
        update: str = "hybrid",
        split: float = 0.05,
        n_steps: int = 10,
        random_state: int = 0,
    ) -> None:
        self.n_lists = n_lists
        self.n_probe = n_probe
        self.update = update
        self.split = split
        self.n_steps = n_steps
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(6, 4, update="split", split=0.2, random_state=1)
        yield cls(6, 4, update="lazy")

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors and cluster them; their row numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        self._check_parameters()
        X = self.vectors_ = stored(X, "float32")
        self.lists_ = np.zeros(len(X), np.int64)
        self._cluster(self._count(len(X)))
        return self

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are, and update the lists as `update` says.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        self._check_parameters()
        more = stored(X, "float32", dim=self.vectors_.shape[1])
        first = len(self.vectors_)
        self.vectors_ = np.concatenate([self.vectors_, more])
        self.lists_ = np.concatenate([self.lists_, np.zeros(len(more), np.int64)])
        self._order: tuple[IdArray, IdArray] | None = None
        k = len(self.centroids_)
        if self.update == "full" or not k:
            self._cluster(self._count(int((self.lists_ >= 0).sum())))
            return self
        self.lists_[first:] = nearest(more, self.centroids_)
        self.n_compared_ = len(more) * k
        if self.update in ("split", "hybrid"):
            self._split()
        if self.update in ("lazy", "hybrid"):
            self.centroids_ = means(self.vectors_, self.lists_, self.centroids_)
        return self

    def remove(self, rows: Where) -> Self:
        """Take rows out of all later searches; the others keep their numbers.

        Raises
        ------
        ShapeError
            If `rows` is None, which as a filter allows all, or names rows that there are not.
        """
        self._check_fitted()
        if rows is None:
            raise ShapeError("rows must be a mask or row numbers, got None; name the rows to remove.")
        gone = allowed(rows, len(self.vectors_))
        lists = np.array(self.lists_)
        lists[slice(None) if gone is None else gone] = -1
        self.lists_, self._order = lists, None
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find nearly the best `k` rows for each query; see `HNSW.search` for the parameters and errors."""
        self._check_fitted()
        self._check_parameters()
        X, n_lists = self.vectors_, len(self.centroids_)
        Q, k = queries(Q, k, X.shape[1])
        rows = allowed(where, len(X))
        live = self.lists_ >= 0
        rows = np.flatnonzero(live) if rows is None else rows[live[rows]]
        share = len(rows) / max(1, int(live.sum()))
        probes = min(n_lists, int(np.ceil(self.n_probe / share))) if len(rows) else n_lists
        if probes >= n_lists or (share < 1 and share <= self.n_probe / n_lists):
            return product_top_k(Q, X, k, rows=None if len(rows) == len(X) else rows)
        mask = np.zeros(len(X), bool)
        mask[rows] = True
        probed, (order, starts) = probe(Q, self.centroids_, probes), self._by_list()
        ids, scores = np.empty((len(Q), k), np.int64), np.empty((len(Q), k), np.float32)
        for first in range(0, len(Q), GROUP):
            part = slice(first, first + GROUP)
            found = members(probed[part], order, starts)
            hits = rescore(Q[part], X, np.where(mask[found], found, -1), k)
            ids[part], scores[part] = hits.ids, hits.scores
        short = np.flatnonzero((ids >= 0).sum(axis=1) < min(k, len(rows)))
        if len(short):
            rest = product_top_k(Q[short], X, k, rows=rows)
            ids[short], scores[short] = rest.ids, rest.scores
        return Hits(ids, scores)

    def _count(self, n: int) -> int:
        wanted = min(round(4 * n**0.5), n // POINTS) if self.n_lists is None else self.n_lists
        return min(n, max(1, wanted))

    def _cluster(self, k: int) -> None:
        """Learn the centroids of all rows that are there anew, and put the rows into lists."""
        live = np.flatnonzero(self.lists_ >= 0)
        X, k = self.vectors_[live], min(k, len(live))
        self.centroids_ = np.empty((0, self.vectors_.shape[1]), np.float32)
        if k:
            self.centroids_ = k_means(X, k, self.n_steps, np.random.default_rng(self.random_state))
            self.lists_[live] = nearest(X, self.centroids_)
        self.n_compared_, self._order = (self.n_steps + 1) * len(X) * k, None

    def _split(self) -> None:
        k = len(self.centroids_)
        k_1 = min(k // 2, int(np.ceil(self.split * k)))
        if not k_1:
            return
        order = np.argsort(-np.bincount(self.lists_[self.lists_ >= 0], minlength=k), kind="stable")
        largest, smallest = order[:k_1], order[k - k_1 :]
        crowded = np.flatnonzero(np.isin(self.lists_, largest))
        orphaned = np.flatnonzero(np.isin(self.lists_, smallest))
        if len(crowded) < 2 * k_1:
            return
        slots, X = np.concatenate([largest, smallest]), self.vectors_[crowded]
        self.centroids_ = np.array(self.centroids_)
        self.centroids_[slots] = k_means(X, 2 * k_1, self.n_steps, np.random.default_rng(self.random_state))
        self.lists_[crowded] = slots[nearest(X, self.centroids_[slots])]
        self.lists_[orphaned] = nearest(self.vectors_[orphaned], self.centroids_)
        self.n_compared_ += (self.n_steps + 1) * len(crowded) * 2 * k_1 + len(orphaned) * k

    def _by_list(self) -> tuple[IdArray, IdArray]:
        """Return the rows in the order of their lists, and where each list starts."""
        held = getattr(self, "_order", None)
        if held is None:
            live = np.flatnonzero(self.lists_ >= 0)
            order = live[np.argsort(self.lists_[live], kind="stable")]
            sizes = np.bincount(self.lists_[live], minlength=len(self.centroids_))
            self._order = held = (order, np.append(0, np.cumsum(sizes)))
        return held

    def _check_parameters(self) -> None:
        if self.update not in UPDATES:
            raise ParameterError(f"update must be one of {', '.join(UPDATES)}, got {self.update!r}.")
        given = (1 if self.n_lists is None else self.n_lists, self.n_probe, self.n_steps)
        if any(not isinstance(number, int | np.integer) or number < 1 for number in given):
            raise ParameterError(
                "n_lists, n_probe and n_steps must be whole numbers of at least 1, got "
                f"{self.n_lists}, {self.n_probe} and {self.n_steps}."
            )
        if not 0 < self.split <= 0.5:
            raise ParameterError(f"split must be above 0 and at most 0.5, got {self.split}.")
