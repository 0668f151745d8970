"""Up to k hits: as many as are relevant by their scores, and not more."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError
from inlay.core.values import Search

from ._kept import kept, there

RULES = ("threshold", "gap")


class AdaptiveCutoff(Ranker):
    r"""Keep up to `k` hits of a query, as many as its scores say, rather than always `k`.

    With the rule "threshold", that of Mortaheb et al. (2025), the hits of the first `k` places stay whose relevance
    score :math:`s_j` is at least a threshold, so that what is irrelevant is not passed on and a query may be left with
    nothing. Their score is that of a model that has read query and item together, between 0 and 1, and the hits come
    from a wider search by embeddings: so put this after a ranker that scores anew. Most of what is won, by our
    measurements, is won by the new score: a fixed number of hits in the new order is about as precise at one recall.
    Scores that mean different things in different queries, as cosines do, have no such threshold.

    For those there is the rule "gap", which is not the paper's: with :math:`s_{j+1}` of the hit that follows, or none,

    .. math:: j^* = \arg\max_{1 \le j \le k} \; s_j - s_{j+1}

    the hits before the largest fall stay, the earlier one of equals, and so at least one. A list of one hit stays as it
    is; the fall behind the last hit of a list that has ended counts for nothing.

    Use it with scores that one trusts without judgments. With judgments, `ConformalThreshold` finds the threshold and
    says what it keeps, and `RelevanceProbability` makes scores of any kind comparable before.

    Parameters
    ----------
    k : the most hits a query keeps, at least 1.
    rule : "threshold" or "gap".
    threshold : for the rule of this name: hits of lower scores are dropped. Half of what a score may be, where it goes
        from 0 to 1.

    References
    ----------
    Mortaheb, Khojastepour, Chakradhar, Ulukus (2025). Re-ranking the Context for Multimodal Retrieval Augmented
    Generation. arXiv:2501.04695.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> search = Search(Hits([[3, 1, 4], [5, 9, 2]], [[0.9, 0.8, 0.1], [0.4, 0.3, 0.1]]))
    >>> AdaptiveCutoff(k=2).rank(search).hits.ids.tolist()
    [[3, 1], [-1, -1]]
    >>> AdaptiveCutoff(k=2, rule="gap").rank(search).hits.ids.tolist()
    [[3, 1], [5, 9]]
    """

    paper: ClassVar[str] = "mortaheb2025reranking"

    def __init__(self, k: int = 10, *, rule: Literal["threshold", "gap"] = "threshold", threshold: float = 0.5) -> None:
        self.k = k
        self.rule = rule
        self.threshold = threshold

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(3, threshold=0.2)
        yield cls(5, rule="gap")

    def rank(self, search: Search) -> Search:
        """Return the hits that stay, in up to `k` places.

        Raises
        ------
        ParameterError
            If a parameter is not allowed.
        ShapeError
            If a score is infinite.
        """
        if self.k < 1:
            raise ParameterError(f"k must be at least 1, got {self.k!r}.")
        if self.rule not in RULES:
            raise ParameterError(f"rule must be one of {', '.join(RULES)}, got {self.rule!r}.")
        if np.isnan(self.threshold):
            raise ParameterError("threshold must be a number, got nan.")
        hits = search.hits.top(self.k)
        real = there(hits)
        if self.rule == "threshold" or not hits.k:
            return search.found(kept(hits, real & (hits.scores >= np.float32(self.threshold))))
        # One place more than is kept, to see the fall behind the last one.
        after = search.hits.top(self.k + 1)
        present = np.pad(there(after), ((0, 0), (0, 1)))[:, : hits.k + 1]
        scores = np.where(present, np.pad(after.scores, ((0, 0), (0, 1)))[:, : hits.k + 1], 0.0).astype(np.float64)
        falls = np.where(present[:, 1:], scores[:, :-1] - scores[:, 1:], -1.0)
        falls[~present[:, 1:].any(axis=1), 0] = 0.0
        last = falls.argmax(axis=1)
        return search.found(kept(hits, real & (np.arange(hits.k) <= last[:, None])))
