"""Recommendation of items to users."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.core.vectors import product_top_k
from inlay.tasks._inputs import columns, vectors
from inlay.tasks._plain import number

_DATA = "Recommendation"


class Recommendation(Task):
    r"""Find the items that a user took later, among all that the user had not taken before.

    Items are ranked by the dot product of their vectors with the user's, those of the train part left out. The main
    score is ``recall_at_20``, ``ndcg_at_20`` stands beside it: for a user who took :math:`n` items, of which those on
    the places :math:`i` of the ranking,

    .. math:: \mathrm{recall@}k = \frac{1}{n} \sum_{i \le k} 1, \quad \mathrm{nDCG@}k =
              \sum_{i \le k} \frac{1}{\log_2(i + 1)} \Big/ \sum_{i=1}^{\min(n, k)} \frac{1}{\log_2(i + 1)},

    and the mean over the users. ``baseline_popularity`` ranks by the number of users in the train part. Use
    `LinkPrediction` where pairs are judged one by one, not ranked.

    An encoder is asked for users with the role "query" and for items with the role "document".

    Parameters
    ----------
    data : ``train_user`` and ``train_item``, who took what; ``user`` and ``item``, who took what later. What a user
        took in both parts counts as seen.
    ks : cut-offs, at least 1; the main score is recall at the first.

    References
    ----------
    He, Deng, Wang, Li, Zhang, Wang (2020). LightGCN: Simplifying and Powering Graph Convolution Network for
    Recommendation. SIGIR. arXiv:2002.02126

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "train_user": ["green tea and lemon cake", "onion soup and fish soup"],
    ...     "train_item": ["green tea", "onion soup"],
    ...     "user": ["green tea and lemon cake", "onion soup and fish soup"],
    ...     "item": ["lemon cake", "fish soup"],
    ... }
    >>> print(Recommendation(data, ks=(1,)).run(HashingEncoder())[0])
    recall_at_1 1 (n=2, higher is better)
    """

    paper: ClassVar[str] = "he2020lightgcn"

    def __init__(self, data: Any = "gowalla", ks: Sequence[int] = (20,)) -> None:
        self.data = data
        self.ks = ks

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "train_user": ["ab", "ab", "bc", "cd", "cd"],
                "train_item": [1, 2, 2, 3, 4],
                "user": ["ab", "bc", "bc"],
                "item": [3, 1, 4],
            },
            ks=(2, 20),
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``recall_at_20``, ``ndcg_at_20``, and for the baseline."""
        if not self.ks or any(k < 1 for k in self.ks):
            raise ParameterError(f"ks must be cut-offs of at least 1, got {self.ks}.")
        found = columns(self.data, "train_user", "train_item", task=_DATA)
        found = columns(found, "user", "item", task=_DATA)
        users, (train_user, user) = number(found["train_user"], found["user"])
        items, (train_item, item) = number(found["train_item"], found["item"])
        n = len(items)
        seen = np.unique(train_user * n + train_item)
        wanted = np.setdiff1d(user * n + item, seen)
        asked, counts = np.unique(wanted // n, return_counts=True)
        if not asked.size:
            raise DataError(f"{_DATA} needs an item in the test part that its user has not in the train part.")
        Q = vectors(encoder, [users[i] for i in asked], role="query")
        X = vectors(encoder, items)
        popular = np.argsort(-np.bincount(seen % n, minlength=n), kind="stable")
        hits = np.zeros((2, len(asked), max(self.ks)), bool)
        before = np.searchsorted(seen, (asked + 1) * n) - np.searchsorted(seen, asked * n)  # items seen
        size = np.ceil(np.log2(before + 1)).astype(np.int64)
        for group in np.unique(size):  # as many items as the user has seen may stand before the k best
            rows = np.flatnonzero(size == group)
            k = min(n, hits.shape[2] + int(before[rows].max()))
            for out, best in zip(hits, (product_top_k(Q[rows], X, k).ids, popular[None, :k]), strict=True):
                out[rows] = _hits(asked[rows, None] * n + best, seen, wanted, hits.shape[2])
        readings = []
        for prefix, part in zip(("", "baseline_popularity_"), hits, strict=True):
            for k in self.ks:
                recall, ndcg = _scores(part[:, :k], counts)
                readings.append(Reading.of(f"{prefix}recall_at_{k}", Sample("mean", (recall,))))
                readings.append(Reading.of(f"{prefix}ndcg_at_{k}", Sample("mean", (ndcg,))))
        return readings


def _hits(ranked: IdArray, seen: IdArray, wanted: IdArray, k: int) -> NDArray[np.bool_]:
    """Return for each user (row) and each of the `k` best items not seen whether it is a wanted one.

    Pairs of users and items are numbers, user times the number of items plus item; `ranked` has the best first.
    """
    unseen = np.isin(ranked, seen, invert=True)
    place = np.cumsum(unseen, axis=1) - 1
    row, column = np.nonzero(unseen & (place < k))
    hits = np.zeros((len(ranked), k), bool)
    hits[row, place[row, column]] = np.isin(ranked[row, column], wanted)
    return hits


def _scores(hits: NDArray[np.bool_], counts: IdArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return recall and nDCG of each user, who took `counts` items."""
    gains = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    ideal = np.cumsum(gains)[np.minimum(counts, hits.shape[1]) - 1]
    return hits.sum(1) / counts, hits @ gains / ideal
