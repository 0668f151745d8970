"""Conformal retrieval: a cutoff that keeps what is relevant as often as was asked for."""

import math
import warnings
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import ParameterError
from inlay.core.judgments import judgments, relevant_hits, relevant_rows
from inlay.core.values import Search

from ._kept import kept, there

KEEPS = ("one", "all")


class ConformalThreshold(Ranker):
    r"""Keep the hits above a cutoff that keeps the relevant one for at least :math:`1 - \alpha` of the queries.

    Each of the :math:`n` queries of `fit` that have a relevant row gives the score :math:`s_i` of it: of the best one,
    as in the paper, or of the worst where `keep` is "all". By split conformal prediction, with the correction for a
    finite sample, the cutoff :math:`\hat q` is the :math:`\lceil (n + 1)(1 - \alpha) \rceil`-th largest of them, which
    is the :math:`\lfloor (n + 1) \alpha \rfloor`-th smallest. A further query :math:`q`, exchangeable with those of
    `fit`, then has

    .. math:: 1 - \alpha \le P(s(q) \ge \hat q) \le 1 - \alpha + \frac{1}{n + 1}

    on average over the queries that one may have fitted on; the right side holds where no scores are equal. With the
    `n` of one fit the share itself varies, by about :math:`\sqrt{\alpha (1 - \alpha) / n}`.

    A relevant row that is not among the hits has the score -inf: what a search does not find, a cutoff cannot keep.
    Where those are more than alpha allows, or there are fewer than :math:`1 / \alpha - 1` queries, nothing can be
    promised: a warning says so, the cutoff is -inf, and every hit is kept. Search deep, therefore, and as deep as in
    `fit`. It holds for scores of any kind and whatever their distribution, but only for queries like those of `fit`.
    Use it where missing the answer is what costs; `RelevanceProbability` says what a hit is worth.

    The paper's program takes the plain quantile, and rows that a language model judged; here the judgments are given.

    Parameters
    ----------
    alpha : the share of queries that may lose what is relevant; above 0, below 1.
    keep : what is promised to be among the hits: "one" relevant row at least, or "all" of them.

    Attributes
    ----------
    threshold_ : the cutoff; hits at or above it are kept.
    n_ : queries of `fit` that have a relevant row.
    coverage_ : the share that is kept on average, 1 less the rank of the cutoff over n + 1, at least ``1 - alpha``;
        more where scores are equal; 0 where nothing is promised.
    found_ : the share of the queries of `fit` whose relevant rows were among the hits: one of them, or all.

    References
    ----------
    Rouzrokh, Faghani, Gamble, Shariatnia, Erickson (2024). CONFLARE: CONFormal LArge language model REtrieval.
    arXiv:2404.04287.
    Angelopoulos, Bates (2021). A Gentle Introduction to Conformal Prediction and Distribution-Free Uncertainty
    Quantification. arXiv:2107.07511.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> rng = np.random.default_rng(0)
    >>> scores = -np.sort(-rng.normal(size=(1000, 8)), axis=1)
    >>> search = Search(Hits(np.tile(np.arange(8), (1000, 1)), scores))
    >>> y = [{int(row): 1} for row in rng.integers(4, size=1000)]
    >>> cutoff = ConformalThreshold(alpha=0.2).fit(search, y[:500] + [{}] * 500)
    >>> cutoff.n_, round(cutoff.coverage_, 3)
    (500, 0.8)
    >>> left = cutoff.rank(search).hits.ids
    >>> round(float(np.mean([next(iter(y[i])) in left[i] for i in range(500, 1000)])), 2)
    0.81
    """

    paper: ClassVar[str] = "rouzrokh2024conflare"

    threshold_: float
    n_: int
    coverage_: float
    found_: float

    def __init__(self, alpha: float = 0.1, *, keep: Literal["one", "all"] = "one") -> None:
        self.alpha = alpha
        self.keep = keep

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(0.6)
        yield cls(0.9, keep="all")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Find the cutoff by judged queries.

        Parameters
        ----------
        search : hits as they will be ranked later.
        y : for each query the grades of rows; relevant is what has a grade above 0. Queries without a relevant row
            are left out.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, or there are no judgments, or none names a relevant row.
        ShapeError
            If there are judgments for another number of queries, or a score is infinite.
        """
        if not 0 < self.alpha < 1:
            raise ParameterError(f"alpha must be above 0 and below 1, got {self.alpha!r}.")
        if self.keep not in KEEPS:
            raise ParameterError(f"keep must be one of {', '.join(KEEPS)}, got {self.keep!r}.")
        hits = search.hits
        y = judgments("ConformalThreshold", len(hits), y)
        good = relevant_hits(hits.ids, y) & there(hits)
        wanted = np.array([len(rows) for rows in relevant_rows(y)], np.int64)
        if not wanted.any():
            raise ParameterError("ConformalThreshold needs queries with a relevant row, but y names none.")
        # Scores fall along a row, so that the first relevant hit is the best one and the last the worst.
        best = np.where(good, hits.scores, -np.inf).max(axis=1, initial=-np.inf)
        worst = np.where(good, hits.scores, np.inf).min(axis=1, initial=np.inf)
        worst = np.where(good.sum(axis=1) < wanted, -np.inf, worst)
        scores = np.sort((best if self.keep == "one" else worst)[wanted > 0])
        self.n_ = len(scores)
        self.found_ = float(np.mean(scores > -np.inf))
        rank = min(self.n_, math.floor((self.n_ + 1) * self.alpha + 1e-9))  # 0.29 * 100 is not quite 29
        self.threshold_ = float(scores[rank - 1]) if rank else -math.inf
        self.coverage_ = 1 - rank / (self.n_ + 1) if self.threshold_ > -math.inf else 0.0
        if self.threshold_ == -math.inf:
            why = (
                f"{self.n_} queries are fewer than the {math.ceil(1 / self.alpha - 1 - 1e-9)} that it takes"
                if not rank
                else f"the search found what is relevant for only {self.found_:.3g} of the queries"
            )
            warnings.warn(
                f"ConformalThreshold cannot promise a coverage of {1 - self.alpha:.4g}, for {why}; every hit is kept. "
                "Judge more queries, search deeper, or raise alpha.",
                stacklevel=2,
            )
        return self

    def rank(self, search: Search) -> Search:
        """Return the hits at or above the cutoff.

        Raises
        ------
        ShapeError
            If a score is infinite.
        """
        self._check_fitted()
        hits = search.hits
        return search.found(kept(hits, there(hits) & (hits.scores >= np.float32(self.threshold_))))
