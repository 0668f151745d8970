"""The class of a query, voted by the stored rows that were found for it."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import classes_of
from inlay.core.values import FloatArray, Hits, IdArray, Search

from ._rows import row_numbers, united

WEIGHTINGS = ("rank", "softmax", "uniform")


class LabelVote(Ranker):
    r"""Let the stored rows that were found vote for the class of a query, and show who voted for it.

    Every hit votes for the label of its row. The vote of the hit at place i (0 is the best) of the score :math:`s_i` is

    .. math:: w_i = \frac{1}{\alpha + i}, \qquad w_i = e^{s_i / \tau}, \qquad \text{or} \qquad w_i = 1

    by ``"rank"``, ``"softmax"`` and ``"uniform"``, where :math:`\alpha` is `offset` and :math:`\tau` is `temperature`.
    `votes` gives each class its share of all votes, `winners` the class of the largest share, and `rank` the evidence:
    the hits that voted, those for the winner first. Among equal shares the class that is found first wins.

    The index is a memory that is edited instead of trained. `add` gives labels to rows that were added to it, and so
    teaches a new class; a row that `remove` takes out votes no more, exactly as if it had never been stored. Take it
    out of the index as well, or search deeper than `k`, so that the next neighbour takes its place.

    Use it to sort things into classes by examples that change, or, with the name of the cheapest model that answers
    each example as its label, to route queries between models. By ``"uniform"``, the plurality vote of many k-NN
    classifiers, far neighbours count as much as near ones, so that more of them make it worse; by ``"rank"`` and
    ``"softmax"`` they do little harm. ``"softmax"`` is for cosines; at a temperature of 1 it is the vote by distance
    of the paper.

    Parameters
    ----------
    weighting : "rank", "softmax" or "uniform".
    k : how many hits vote, the first that have a label; at least 1, and None for all.
    temperature : tau of ``"softmax"``, in units of the score; above 0.
    offset : alpha of ``"rank"``; above 0. The larger, the more equal are the votes.

    Attributes
    ----------
    classes_ : (n_classes,) the classes that rows have, ascending.
    labels_ : (n rows,) int64, the place in `classes_` of the class of each row; -1 where the row was removed.

    References
    ----------
    Geirhos, Jaini, Stone, Medapati, Yi, Toderici, Ogale, Shlens (2025). Towards flexible perception with visual memory.
    ICML. arXiv:2408.08172.

    Bekamiri, Hain, Jurowetzki (2021). PatentSBERTa: A deep NLP based hybrid model for patent distance and
    classification using augmented SBERT. arXiv:2103.11933.

    Lee, Cheng, Ostendorf (2024). OrchestraLLM: Efficient Orchestration of Language Models for Dialogue State Tracking.
    NAACL. arXiv:2311.09758.

    Examples
    --------
    >>> search = Search(Hits([[3, 0, 2, 1]], [[0.9, 0.8, 0.7, 0.6]]))
    >>> vote = LabelVote().fit(search, ["fee", "fee", "card", "card"])
    >>> vote.winners(search), vote.votes(search).round(3).tolist()
    (['card'], [[0.5839999914169312, 0.41600000858306885]])
    >>> vote.rank(search).hits.ids
    array([[3, 2, 0, 1]])
    >>> vote.remove([3]).winners(search)
    ['fee']
    """

    paper: ClassVar[str] = "geirhos2025towards"
    by_row: ClassVar[bool] = True

    classes_: NDArray[Any]
    labels_: IdArray

    def __init__(
        self, weighting: str = "rank", *, k: int | None = None, temperature: float = 0.07, offset: float = 2.0
    ) -> None:
        self.weighting = weighting
        self.k = k
        self.temperature = temperature
        self.offset = offset

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("softmax", k=3, temperature=0.2)
        yield cls("uniform", k=2)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, search: Search, y: ArrayLike | None = None) -> Self:
        """Take the label of each stored row; of the search, only the number of its rows is looked at.

        Parameters
        ----------
        search : any search of the stored rows.
        y : (n rows,) labels, numbers or texts; label i belongs to id i.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `y` is not one label for each stored row, all numbers or all texts.
        """
        self._check_parameters()
        rows = search.X if search.X is not None else search.items
        given = 0 if y is None else len(np.atleast_1d(np.asarray(y, object)))
        self.classes_, self.labels_ = classes_of(y, given if rows is None else len(rows))
        return self

    def add(self, y: ArrayLike) -> Self:
        """Take the labels of rows that were stored behind the others; classes may be new.

        Raises
        ------
        ShapeError
            If `y` is not a column of labels, or they are numbers where the others are texts.
        """
        self._check_fitted()
        classes, numbers = classes_of(y, len(np.atleast_1d(np.asarray(y, object))))
        self.classes_, before, behind = united(self.classes_, classes)
        self.labels_ = np.concatenate([_moved(self.labels_, before), behind[numbers]])
        return self

    def remove(self, rows: Sequence[int] | IdArray) -> Self:
        """Let rows vote no more; the others keep their numbers, and a class without rows is forgotten.

        Raises
        ------
        ShapeError
            If there is no row of such a number.
        """
        self._check_fitted()
        labels = np.array(self.labels_)
        labels[row_numbers(rows, len(labels))] = -1
        kept, numbers = np.unique(labels[labels >= 0], return_inverse=True)
        labels[labels >= 0] = numbers
        self.classes_, self.labels_ = self.classes_[kept], labels
        return self

    def votes(self, search: Search) -> FloatArray:
        """Return the share of the votes that each class of `classes_` gets, (n queries, n_classes).

        The shares of a query add up to one; all are zero where no hit has a label.
        """
        return self._count(search)[1].astype(np.float32)

    def winners(self, search: Search) -> list[Any]:
        """Return the class of each query; None where no hit has a label."""
        best = self.rank(search).hits.ids[:, :1]
        rows = np.pad(best, ((0, 0), (0, 1 - best.shape[1])), constant_values=-1)[:, 0]
        classes = self.classes_.tolist()
        return [None if row < 0 else classes[self.labels_[row]] for row in rows]

    def rank(self, search: Search) -> Search:
        """Put the hits that voted for the winning class first, then those for the next one, and drop the others.

        The score of a hit is the share of the votes that its class gets; the hits of a class stay in their order.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If a row was found that has never had a label.
        """
        own, shares = self._count(search)
        n, width = own.shape
        voted, place = own >= 0, np.broadcast_to(np.arange(width), own.shape)
        first = np.full(shares.shape, width)
        np.minimum.at(first, (np.nonzero(voted)[0], own[voted]), place[voted])
        share, early = np.full((n, width), -np.inf), np.full((n, width), width)
        query = np.nonzero(voted)[0]
        share[voted], early[voted] = shares[query, own[voted]], first[query, own[voted]]
        order = np.lexsort((place, early, -share))
        ids = np.where(voted, search.hits.ids, -1)
        return search.found(Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(share, order, 1)))

    def _count(self, search: Search) -> tuple[IdArray, NDArray[np.float64]]:
        """Return the class for which each hit votes, -1 where it does not, and the shares of the classes."""
        self._check_fitted()
        self._check_parameters()
        ids, scores, classes = search.hits.ids, search.hits.scores.astype(np.float64), len(self.classes_)
        if ids.size and ids.max() >= len(self.labels_):
            raise ShapeError(
                f"Row {ids.max()} was found, but labels are known of {len(self.labels_)} rows; give those of rows that "
                "were added to `add`."
            )
        own = np.where(ids >= 0, self.labels_[ids] if len(self.labels_) else -1, -1)
        voted = own >= 0
        nth = np.cumsum(voted, axis=1) - 1
        if self.k is not None:
            voted &= nth < self.k
        weights = np.ones(ids.shape)
        if self.weighting == "rank":
            weights = 1 / (self.offset + np.maximum(nth, 0))
        elif self.weighting == "softmax":
            # From the best voter on, whose vote is 1: a factor for each query, which shares do not see.
            best = np.where(voted, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
            gap = np.subtract(scores, best, out=np.zeros(ids.shape), where=voted & (scores < best))
            weights = np.exp(gap / self.temperature)
        cell = np.nonzero(voted)[0] * classes + own[voted]
        counts = np.bincount(cell, weights[voted], len(ids) * classes).astype(float).reshape(len(ids), classes)
        total = counts.sum(axis=1, keepdims=True)
        return np.where(voted, own, -1), np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)

    def _check_parameters(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise ParameterError(f"weighting must be one of {', '.join(WEIGHTINGS)}, got {self.weighting!r}.")
        if self.k is not None and self.k < 1:
            raise ParameterError(f"k must be at least 1, or None for all hits, got {self.k}.")
        if not (self.temperature > 0 and self.offset > 0):
            raise ParameterError(f"temperature and offset must be above 0, got {self.temperature} and {self.offset}.")


def _moved(labels: IdArray, places: IdArray) -> IdArray:
    """Return labels under the new places of their classes; what is removed stays so."""
    return np.where(labels >= 0, places[labels] if len(places) else -1, -1)
