"""Fusion of several lists by a convex combination of their scores."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import ParameterError
from inlay.core.judgments import judgments
from inlay.core.values import Search

from ._legs import Legs, Scores, fused, legs_of, weights_of

NORMALIZATIONS = ("theoretical", "zscore")
STEPS = 50  # in which a weight goes from 0 to 1 as it is learned


class ScoreFusion(Ranker):
    r"""Make one list of several by adding up their scores, brought to one scale, with weights that add up to one.

    The score of a row :math:`d` for a query :math:`q` is

    .. math:: f(q, d) = \sum_l \alpha_l \, \phi_l(f_l(q, d)), \qquad
              \phi_l(s) = \frac{s - \inf f_l}{\max_{d'} f_l(q, d') - \inf f_l}

    for ``normalization="theoretical"``, the TM2C2 of the paper for two lists: the least a list can give is known, or is
    the smallest score seen in `fit`, and the largest is that of the query's first hit. ``"zscore"`` is
    :math:`(s - \mu_l) / \sigma_l` with the mean and the deviation of all scores of the list in `fit`. Neither moves
    with the depth of the lists, as the usual min-max over a list does. A row that a list lacks has there the least
    that the list can give, and so has a score below that.

    `fit` with judgments learns :math:`\alpha` as the paper tunes it, for the largest mean nDCG at `k` over queries;
    among equals it takes the weights closest to equal ones. `fit` without judgments learns the scales alone, and the
    weights are equal. Use it rather than `ReciprocalRankFusion` where lists are worth unequally much and some dozen
    queries have judgments, or where how far scores are apart tells something; `SimilarityFusion` weighs three and more
    lists without judgments.

    The lists are ``search.hits`` and ``search.others``, which may be of different lengths; the result has as many
    places as the longest, no others, and every list's own scores as ``legs``.

    Parameters
    ----------
    weights : one for each list, hits first, at least 0; None where they are learned, or equal.
    normalization : ``"theoretical"`` or ``"zscore"``.
    minimum : the least that each list can give, such as ``(-1, 0)`` for a cosine beside BM25; None for the smallest
        score seen in `fit`, of each.
    k : places at which nDCG is taken as weights are learned, at least 1.

    Attributes
    ----------
    weights_ : (m,), one for each list, adding up to 1.
    minimum_, mean_, spread_ : (m,), the least, the mean and the standard deviation of each list's scores.

    References
    ----------
    Bruch, Gai, Ingber (2023). An Analysis of Fusion Functions for Hybrid Retrieval. ACM TOIS 42(1). arXiv:2210.11934.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> dense, lexical = Hits([[4, 7, 2]], [[0.9, 0.8, 0.1]]), Hits([[7, 5]], [[12.0, 3.0]])
    >>> search = Search(dense, others=(lexical,))
    >>> hits = ScoreFusion(weights=(0.6, 0.4), minimum=(-1, 0)).fit(search).rank(search).hits
    >>> hits.ids, hits.scores.round(3)
    (array([[7, 4, 2]]), array([[0.968, 0.6  , 0.347]], dtype=float32))
    >>> ScoreFusion().fit(search, [{4: 1}]).weights_
    array([0.9, 0.1])
    """

    paper: ClassVar[str] = "bruch2023analysis"

    weights_: NDArray[np.float64]
    minimum_: NDArray[np.float64]
    mean_: NDArray[np.float64]
    spread_: NDArray[np.float64]

    def __init__(
        self,
        weights: Sequence[float] | None = None,
        *,
        normalization: str = "theoretical",
        minimum: Sequence[float] | None = None,
        k: int = 10,
    ) -> None:
        self.weights = weights
        self.normalization = normalization
        self.minimum = minimum
        self.k = k

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls((0.3, 0.7), normalization="zscore", minimum=(-10, -20))

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn the scales of the lists, and with the grades of the queries their weights.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or there are both `weights` and `y`.
        ShapeError
            If `y` is not one mapping of grades for each query.
        """
        self._check_parameters()
        if y is not None and self.weights is not None:
            raise ParameterError("weights are either given or learned from y; got both.")
        if y is not None:
            judgments("ScoreFusion", len(search.hits), y)
        lists = [one.scores[np.isfinite(one.scores)].astype(np.float64) for one in (search.hits, *search.others)]
        minimum = self._minimum([one.min(initial=np.inf) for one in lists])
        weights = weights_of(self.weights, len(lists), "ScoreFusion")
        legs = None if y is None else legs_of(search)
        self.minimum_, self.weights_ = minimum, weights
        self.mean_ = np.array([one.mean() if len(one) else 0.0 for one in lists])
        self.spread_ = np.array([one.std() if len(one) and one.std() > 0 else 1.0 for one in lists])
        if y is not None and legs is not None:
            self.weights_ = _learned(self._normalized(legs), legs, y, self.k)
        return self

    def rank(self, search: Search) -> Search:
        """Fuse ``search.hits`` and ``search.others``.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, or there are more or fewer lists than there were in `fit`.
        """
        self._check_fitted()
        self._check_parameters()
        m = 1 + len(search.others)
        if m != len(self.weights_):
            raise ParameterError(f"ScoreFusion was fitted on {len(self.weights_)} lists (hits and others), got {m}.")
        legs = legs_of(search)
        return fused(search, legs, np.vecdot(self._normalized(legs), self.weights_))

    def _check_parameters(self) -> None:
        if self.normalization not in NORMALIZATIONS:
            raise ParameterError(f"normalization must be one of {', '.join(NORMALIZATIONS)}, got {self.normalization}.")
        if self.k < 1:
            raise ParameterError(f"k must be at least 1, got {self.k}.")

    def _minimum(self, seen: Sequence[float]) -> Scores:
        given = np.asarray(seen if self.minimum is None else self.minimum, np.float64)
        if given.shape != (len(seen),) or (self.minimum is not None and not np.isfinite(given).all()):
            raise ParameterError(
                f"minimum must be a finite number for each of the {len(seen)} lists, got {self.minimum!r}."
            )
        return np.where(np.isfinite(given), given, 0.0)

    def _normalized(self, legs: Legs) -> Scores:
        scores = np.fmax(legs.scores, self.minimum_)
        if self.normalization == "zscore":
            return np.asarray((scores - self.mean_) / self.spread_)
        above = scores - self.minimum_
        top = above.max(axis=1, keepdims=True, initial=0.0)
        normalized: Scores = np.divide(above, top, out=np.zeros_like(above), where=top > 0)
        return normalized


def _learned(scores: Scores, legs: Legs, y: Grades, k: int) -> Scores:
    """Find the weights of the largest mean nDCG of the fused list, one list at a time against all others."""
    (n, c, m), ids = scores.shape, legs.ids
    gains, best = np.zeros((n, c)), np.zeros(n)
    discount = 1 / np.log2(np.arange(2, k + 2))
    for query, grades in enumerate(y):
        rows, values = np.fromiter(grades.keys(), np.int64), np.fromiter(grades.values(), np.float64).clip(0)
        order = np.argsort(rows)
        place = np.searchsorted(rows[order], ids[query]).clip(0, max(len(rows) - 1, 0))
        if len(rows):
            gains[query] = np.where(rows[order][place] == ids[query], values[order][place], 0.0)
        ideal = np.sort(values)[::-1][:k]
        best[query] = ideal @ discount[: len(ideal)]
    judged = best > 0
    scores, gains, best, real = scores[judged], gains[judged], best[judged], ids[judged] >= 0

    def ndcg(weights: Scores) -> float:
        # as float32, so that what ties here ties in the list that is made
        total = np.where(real, np.vecdot(scores, weights).astype(np.float32), -np.inf)
        top = np.argsort(-total, axis=1, kind="stable")[:, : min(k, legs.width)]
        return float((np.take_along_axis(gains, top, 1) @ discount[: top.shape[1]] / best).mean())

    weights = np.full(m, 1 / m)
    if m == 1 or not len(best):
        return weights
    reached = ndcg(weights)
    while True:
        before = reached
        for leg in range(m):
            rest = np.delete(weights, leg)
            rest = rest / rest.sum() if rest.sum() > 0 else np.full(m - 1, 1 / (m - 1))
            tried = [np.insert(rest * (1 - share), leg, share) for share in np.arange(STEPS + 1) / STEPS]
            found = [ndcg(one) for one in tried]
            if max(found) > reached:
                reached = max(found)
                equals = [one for one, value in zip(tried, found, strict=True) if value == reached]
                weights = min(equals, key=lambda one: float(np.abs(one - 1 / m).sum()))
        if reached <= before:
            return weights
