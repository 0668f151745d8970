"""Search by a cross-encoder itself, from a few columns of its scores."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Ranker, ScoresPairs
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.method import Method
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import product_top_k

from ._members import asked


class CURSearch(Ranker):
    r"""Search for the items that a cross-encoder scores best, by scoring a few of them and inferring the others.

    The scores :math:`R_{anc}` of :math:`k_q` anchor queries with all items are computed once. A query is scored with
    :math:`k_i` anchor items, which gives the row :math:`c`, and its scores with all items are approximated by

    .. math:: \hat s = c \; R_{anc}[:, \mathcal I_{anc}]^{+} \; R_{anc}

    a CUR decomposition, where :math:`^{+}` is the pseudo-inverse. The best `n_scored` items are then scored exactly;
    they and the anchor items are ranked by their exact scores. A query costs ``n_anchor_items + n_scored`` calls of the
    scorer, fewer where there are fewer items, and fitting ``n_anchor_queries`` calls for each item.

    The search is made anew over all items of `fit` that are there, whatever was found before, and has as many places.
    Use it for more than some ten hits where the first search misses what the scorer likes, such as with categories for
    products. Where it misses little, as among questions for paraphrases of them, `CrossEncoder` on its hits finds more
    with as many calls.

    Parameters
    ----------
    scorer : a method with ``score_pairs``, such as `CrossEncoder`.
    n_anchor_queries : how many of the queries given to `fit` are anchors, drawn at random, at least 1; None for all.
    n_anchor_items : anchor items, drawn at random, at least 1; all items where there are fewer. At most about half of
        the anchor queries: where both are as many, the pseudo-inverse amplifies noise, and little is found.
    n_scored : items scored exactly for a query, beside the anchor items; at least 0.
    random_state : seed of both draws.

    Attributes
    ----------
    item_vectors_ : (n items, n_anchor_items) float32, the columns of :math:`R_{anc}[:, \mathcal I_{anc}]^{+} R_{anc}`.
    anchor_items_ : list of the anchor items.
    item_keys_ : (n items,) uint64, a hash of the text of each item, by which it is known again.

    References
    ----------
    Yadav, Monath, Angell, Zaheer, McCallum (2022). Efficient Nearest Neighbor Search for Cross-Encoder Models using
    Matrix Factorization. EMNLP. arXiv:2210.12579.

    Examples
    --------
    >>> items = ["red fish", "blue fish", "red bird", "green tree", "blue bird"]
    >>> search = Search(Hits([[3, 4], [3, 4]], [[1, 0], [1, 0]]), queries=["a red one", "bird"], items=items)
    >>> ranker = CURSearch(_SharedLetters(), n_anchor_items=2, n_scored=2).fit(search)
    >>> [items[i] for i in ranker.rank(search).hits.ids[1]]
    ['red bird', 'blue bird']
    """

    paper: ClassVar[str] = "yadav2022efficient"

    item_vectors_: FloatArray
    anchor_items_: list[Any]
    item_keys_: NDArray[np.uint64]

    def __init__(
        self,
        scorer: ScoresPairs,
        *,
        n_anchor_queries: int | None = None,
        n_anchor_items: int = 50,
        n_scored: int = 50,
        random_state: int = 0,
    ) -> None:
        self.scorer = scorer
        self.n_anchor_queries = n_anchor_queries
        self.n_anchor_items = n_anchor_items
        self.n_scored = n_scored
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(_SharedLetters(), n_anchor_items=3, n_scored=4)
        yield cls(_SharedLetters(), n_anchor_queries=4, n_anchor_items=2, n_scored=9, random_state=1)

    def fit(self, search: Search, y: None = None) -> Self:
        """Score anchor queries, which are those of the search, with all of its items.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `scorer` has no ``score_pairs``.
        ShapeError
            If there are no queries or no items.
        """
        queries, items = asked(search, "CURSearch")
        if not isinstance(self.scorer, ScoresPairs):
            raise ParameterError(f"scorer must have score_pairs, got {self.scorer!r}.")
        wanted = {"n_anchor_queries": self.n_anchor_queries, "n_anchor_items": self.n_anchor_items}
        for name, n in (*wanted.items(), ("n_scored", self.n_scored + 1)):
            if n is not None and n < 1:
                raise ParameterError(f"{name} must be at least {int(name in wanted)}, got {getattr(self, name)!r}.")
        if not len(queries) or not len(items):
            raise ShapeError(f"fit takes anchor queries and items, got {len(queries)} queries and {len(items)} items.")
        rng = np.random.default_rng(self.random_state)
        n_queries = len(queries) if self.n_anchor_queries is None else min(self.n_anchor_queries, len(queries))
        rows = np.sort(rng.permutation(len(queries))[:n_queries])
        anchors = np.sort(rng.permutation(len(items))[: self.n_anchor_items])
        R = np.stack([self._scores([queries[row]] * len(items), items) for row in rows]).astype(np.float64)
        keys = _keys(items)
        self.item_vectors_ = np.ascontiguousarray((np.linalg.pinv(R[:, anchors]) @ R).T, np.float32)
        self.anchor_items_, self.item_keys_ = [items[i] for i in anchors], keys
        return self

    def rank(self, search: Search) -> Search:
        """Search all items that are there for those that the scorer likes best, equal ones in the order of rows.

        Raises
        ------
        DataError
            If an item was not there in `fit`.
        """
        queries, items = asked(search, "CURSearch")
        self._check_fitted()
        rows = self._known(items)
        keys, k = _keys(self.anchor_items_), search.hits.k
        ids, scores = np.full((len(queries), k), -1, np.int64), np.full((len(queries), k), -np.inf, np.float32)
        if not len(items) or not k or not len(queries):
            return search.found(Hits(ids, scores))
        # Which anchor each item is; -1 where it is none.
        anchor = np.where(self.item_keys_[rows, None] == keys, np.arange(len(keys)), -1).max(axis=1)
        free = np.ones(len(items), bool) if search.rows is None else np.isin(np.arange(len(items)), search.rows)
        others, known_rows = np.flatnonzero((anchor < 0) & free), np.flatnonzero((anchor >= 0) & free)
        vectors = self.item_vectors_[rows]
        for i, query in enumerate(queries):
            c = self._scores([query] * len(keys), self.anchor_items_)
            best = others[:0]
            if self.n_scored and len(others):
                best = product_top_k(c[None], vectors, min(self.n_scored, len(others)), rows=others).ids[0]
            exact = self._scores([query] * len(best), [items[j] for j in best])
            found = np.concatenate([known_rows, best])
            known = np.concatenate([c[anchor[known_rows]], exact])
            order = np.lexsort((found, -known))[:k]
            ids[i, : len(order)], scores[i, : len(order)] = found[order], known[order]
        return search.found(Hits(ids, scores))

    def _scores(self, queries: Sequence[Any], items: Sequence[Any]) -> FloatArray:
        if not len(queries):
            return np.empty(0, np.float32)
        return np.asarray(self.scorer.score_pairs(queries, items), np.float32)

    def _known(self, items: Sequence[Any]) -> IdArray:
        """Return the row that each item had in `fit`; a pipeline passes only those that were found."""
        order = np.argsort(self.item_keys_, kind="stable")
        keys = _keys(items)
        place = np.minimum(np.searchsorted(self.item_keys_[order], keys), len(order) - 1)
        rows = order[place]
        strange = np.flatnonzero(self.item_keys_[rows] != keys)
        if len(strange):
            raise DataError(
                f"{len(strange)} of {len(items)} items were not there in fit, the first is {items[strange[0]]!r:.60}; "
                "fit CURSearch again on the items of now."
            )
        return rows


def _keys(items: Sequence[Any]) -> NDArray[np.uint64]:
    digests = [hashlib.blake2b(str(item).encode("utf-8", "surrogatepass"), digest_size=8).digest() for item in items]
    return np.frombuffer(b"".join(digests), np.uint64)


class _SharedLetters(Method):
    """A scorer for examples: how many of the letters of both are shared."""

    paper: ClassVar[str] = "yadav2022efficient"

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def score_pairs(self, queries: Sequence[str], items: Sequence[str]) -> FloatArray:
        pairs = zip(map(set, queries), map(set, items), strict=True)
        return np.array([len(a & b) / max(1, len(a | b)) for a, b in pairs], np.float32)
