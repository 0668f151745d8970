"""Candidates for each of the interests that a user and the users like it have."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.cluster import KMeans

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.judgments import judgments
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import as_vectors, normalize, product_top_k

HELD = 1 << 22  # candidates of all clusters that are held at once

_NOBODY = np.empty(0, np.int64)


class KNNEmbed(Ranker):
    r"""Replace one vector of a user by a mixture of interests, smoothed by its neighbours, and find items for each.

    Items are clustered by direction. The weight of cluster c in the mixture of the user u is the share of its
    interactions that lie there, and the user's vector for it is the mean of those items. Both are smoothed with the K
    users whose vectors are nearest,

    .. math:: p(c \mid u) = (1 - \alpha) \frac{n_{u c}}{n_u} + \frac{\alpha}{K} \sum_{v \in N(u)} \frac{n_{v c}}{n_v}

    and items are drawn from the clusters in proportion to it: the j-th best item of a cluster by the user's
    vector for it (j from 0) has the score :math:`p(c \mid u) / (j + 1/2)`, so that every first few places are shared
    out as Webster shares out seats.

    Use it to fetch candidates for users of several interests, where the nearest items to one vector are much the same
    thing. Neighbours pay where a user has had little; where all have had much, a small alpha does better.
    `MaximalMarginalRelevance` spreads what was found already.

    The queries of `fit` are the users that are known, and the rows the items. In `rank`, a query that has the vector of
    a known user is that user, or all that have it; any other has only its neighbours. Items that a user has had are not
    left out. The paper averages the vectors of the neighbours for a cluster; here each counts by how much of it lies
    there.

    Parameters
    ----------
    n_clusters : from 1 to the number of items.
    n_neighbors : K, at least 1.
    alpha : the share of the neighbours, from 0 to 1.
    random_state : seed of the clusters.

    Attributes
    ----------
    users_ : (n users, d) float32 of length one.
    items_ : (n items, d) float32.
    labels_ : (n items,) int64, the cluster of each item.
    shares_ : (n users, n items) CSR float32, interactions, those of a user summing to one.

    References
    ----------
    El-Kishky, Markovich, Leung, Portman, Haghighi, Xiao (2022). kNN-Embed: Locally Smoothed Embedding Mixtures For
    Multi-interest Candidate Retrieval. arXiv:2205.06205.

    Examples
    --------
    A user of one item of each of two kinds, twice as fond of the first:

    >>> X = np.float32([[1, 0], [0.9, 0.1], [0.8, 0.2], [0, 1], [0.1, 0.9]])
    >>> search = Search(product_top_k(X[:1], X, 3), Q=X[:1], X=X)
    >>> search.hits.ids
    array([[0, 1, 2]])
    >>> KNNEmbed(2, n_neighbors=1).fit(search, [{1: 2.0, 4: 1.0}]).rank(search).hits.ids
    array([[0, 3, 1]])
    """

    paper: ClassVar[str] = "elkishky2022knnembed"
    by_row: ClassVar[bool] = True

    users_: FloatArray
    items_: FloatArray
    labels_: IdArray
    shares_: Any

    def __init__(
        self, n_clusters: int = 20, *, n_neighbors: int = 20, alpha: float = 0.8, random_state: int = 0
    ) -> None:
        self.n_clusters = n_clusters
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(3, n_neighbors=2)
        yield cls(5, n_neighbors=4, alpha=0.3, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Cluster the items, and take what each user had.

        Parameters
        ----------
        search : any search with `Q`, the users, and `X`, the items.
        y : for each user the items it had, by row number, each with its weight, such as how often; 0 is none.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `y` or a member of the search is missing.
        ShapeError
            If `y` is not there for each user, names items that there are not, or has a weight below 0.
        """
        search.need("KNNEmbed", "Q", "X")
        X = as_vectors(np.asarray(search.X))
        users = _units(search, X.shape[1])
        if not 1 <= self.n_clusters <= len(X):
            raise ParameterError(f"n_clusters must be from 1 to the {len(X)} items, got {self.n_clusters}.")
        check_numbers(self, at_least={"n_neighbors": 1, "alpha": 0}, at_most={"alpha": 1})
        shares = _shares(judgments("KNNEmbed", len(users), y, n_rows=len(X)), len(X))
        found = KMeans(self.n_clusters, n_init=1, random_state=self.random_state).fit(normalize(X))
        self.users_, self.items_, self.labels_ = users, X, found.labels_.astype(np.int64)
        self.shares_ = shares
        self.__dict__.pop("_rows", None)
        return self

    def rank(self, search: Search) -> Search:
        """Fill the places of each user with items of its interests; a query without hits stays without.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q`.
        ShapeError
            If `Q` has another dimension than the users.
        """
        self._check_fitted()
        search.need("KNNEmbed", "Q")
        Q = _units(search, self.users_.shape[1])
        ids, scores = search.hits.ids.copy(), search.hits.scores.copy()
        asked, labels = np.flatnonzero(search.hits.counts), self.labels_
        if search.rows is not None:
            labels = np.where(np.isin(np.arange(len(labels)), search.rows), labels, -1)
        step = max(1, HELD // max(1, int(self._widths(search.hits.k, labels).sum())))
        for start in range(0, len(asked), step):
            part = asked[start : start + step]
            taste = self._smoothed(Q[part])
            some = np.diff(taste.indptr) > 0  # a user about whom nothing is known keeps its hits
            if some.any():
                ids[part[some]], scores[part[some]] = self._drawn(taste[some], search.hits.k, labels)
        return search.found(Hits(ids, scores))

    def _smoothed(self, Q: FloatArray) -> Any:
        """Return the (n queries, n items) weights of items: the user's own and those of its neighbours."""
        known = self._known()
        own = [known.get(q.tobytes(), _NOBODY) if q.any() else _NOBODY for q in Q + np.float32(0)]  # -0 is 0
        counts = np.array([len(rows) for rows in own])
        near = product_top_k(Q, self.users_, self.n_neighbors + int(counts.max(initial=0))).ids
        beside = (near >= 0) & Q.any(axis=1, keepdims=True)  # to zeros nobody is near
        for i in np.flatnonzero(counts):
            beside[i] &= ~np.isin(near[i], own[i])
        beside &= np.cumsum(beside, axis=1) <= self.n_neighbors
        share = np.divide(beside, np.maximum(beside.sum(axis=1, keepdims=True), 1))
        share *= np.where(counts > 0, self.alpha, 1.0)[:, None]
        query, at = np.nonzero(share > 0)
        users = np.concatenate([near[query, at], *own])
        weights = np.concatenate([share[query, at], np.repeat((1 - self.alpha) / np.maximum(counts, 1), counts)])
        place = np.concatenate([query, np.repeat(np.arange(len(Q)), counts)])
        over = sparse.csr_matrix((weights, (place, users)), (len(Q), len(self.users_)))
        return (over @ self.shares_).tocsr()

    def _known(self) -> dict[bytes, IdArray]:
        """Return the rows of the users by their vectors."""
        if not hasattr(self, "_rows"):
            rows: dict[bytes, list[int]] = {}
            for i, user in enumerate(self.users_ + np.float32(0)):
                rows.setdefault(user.tobytes(), []).append(i)
            self._rows = {user: np.array(some, np.int64) for user, some in rows.items()}
        return self._rows

    def _widths(self, k: int, labels: IdArray) -> IdArray:
        """Return how many items of each cluster `k` places may take; those with the label -1 none may."""
        return np.minimum(np.bincount(labels[labels >= 0], minlength=self.n_clusters), k)

    def _drawn(self, taste: Any, k: int, labels: IdArray) -> tuple[IdArray, FloatArray]:
        """Return `k` items for each row of weights, from the clusters in proportion to what they weigh."""
        widths = self._widths(k, labels)
        ends = np.cumsum(widths)
        # A place beyond what clusters hold, so that there are always `k`.
        ids = np.full((taste.shape[0], max(k, int(widths.sum()))), -1, np.int64)
        scores = np.full(ids.shape, -np.inf, np.float32)
        for c in np.flatnonzero(widths):
            inside, members = taste[:, np.flatnonzero(self.labels_ == c)], np.flatnonzero(labels == c)
            weight = np.asarray(inside.sum(axis=1)).ravel()
            some = np.flatnonzero(weight > 0)
            towards = (inside[some] @ self.items_[self.labels_ == c]) / weight[some, None]
            hits = product_top_k(towards.astype(np.float32), self.items_, int(widths[c]), rows=members)
            columns = slice(ends[c] - widths[c], ends[c])
            ids[some, columns], scores[some, columns] = hits.ids, weight[some, None] / (np.arange(widths[c]) + 0.5)
        order = np.lexsort((ids, -scores))[:, :k]
        return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)


def _units(search: Search, dim: int) -> FloatArray:
    """Return the users at length one."""
    return normalize(as_vectors(np.asarray(search.Q), "Q", dim=dim))


def _shares(y: Grades, n_items: int) -> Any:
    """Return the interactions of each user as shares of them all, (n, n_items) CSR."""
    n, counts = len(y), [len(had) for had in y]
    user, item = np.repeat(np.arange(n), counts), np.array([i for had in y for i in had], np.int64)
    weight: NDArray[np.float64] = np.array([w for had in y for w in had.values()], np.float64)
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise ShapeError("y has a weight that is below 0 or not a number.")
    total = np.bincount(user, weight, n)[user]
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    found = sparse.csr_matrix((share.astype(np.float32), (user, item)), shape=(n, n_items))
    found.eliminate_zeros()
    return found
