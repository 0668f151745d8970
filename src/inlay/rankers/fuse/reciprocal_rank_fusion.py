"""Fusion of several lists by the places alone."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError
from inlay.core.values import Search

from ._legs import fused, legs_of, weights_of


class ReciprocalRankFusion(Ranker):
    r"""Make one list of several, by the places at which each row stands in them.

    The score of a row :math:`d` is

    .. math:: RRF(d) = \sum_{r \in R} \frac{w_r}{k + r(d)}

    where :math:`r(d)` is its place in the list :math:`r`, from 1, and :math:`k` is the `smoothing`, 60 as in the paper:
    the larger it is, the more a row gains by standing in several lists rather than high up in one. A list that lacks
    the row adds nothing. The paper has no weights; without `weights` each :math:`w_r` is 1 here as well, and with them
    they are scaled to a mean of 1, so that scores keep their range.

    Use it where the lists have scores that do not compare, such as a cosine beside BM25, and there is nothing to tune
    on. `ScoreFusion` keeps how far apart the scores are, and is better with some judgments to learn the weights from.

    The lists are ``search.hits`` and ``search.others``, which may be of different lengths; the result has as many
    places as the longest, no others, and every list's own scores as ``legs``.

    Parameters
    ----------
    smoothing : what is added to a place, at least 0.
    weights : one for each list, hits first, at least 0; equal where None.

    References
    ----------
    Cormack, Clarke, Büttcher (2009). Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods. SIGIR.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> dense, lexical = Hits([[4, 7, 2]], [[0.9, 0.8, 0.1]]), Hits([[7, 5]], [[12.0, 3.0]])
    >>> fused = ReciprocalRankFusion().rank(Search(dense, others=(lexical,)))
    >>> fused.hits.ids, fused.hits.scores.round(4)
    (array([[7, 4, 5]]), array([[0.0325, 0.0164, 0.0161]], dtype=float32))
    >>> fused.legs[0, 1].tolist()
    [0.8999999761581421, nan]
    """

    paper: ClassVar[str] = "cormack2009reciprocal"

    def __init__(self, smoothing: float = 60, weights: Sequence[float] | None = None) -> None:
        self.smoothing = smoothing
        self.weights = weights

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(smoothing=1, weights=(0.3, 0.7))

    def rank(self, search: Search) -> Search:
        """Fuse ``search.hits`` and ``search.others``.

        Raises
        ------
        ParameterError
            If `smoothing` is negative, or `weights` are not one for each list.
        """
        if not 0 <= self.smoothing < np.inf:
            raise ParameterError(f"smoothing must be a number of at least 0, got {self.smoothing!r}.")
        m = 1 + len(search.others)
        weights = weights_of(self.weights, m, "ReciprocalRankFusion") * m
        legs = legs_of(search)
        shares = np.where(legs.places > 0, weights / (self.smoothing + np.maximum(legs.places, 1)), 0.0)
        return fused(search, legs, shares.sum(axis=2))
