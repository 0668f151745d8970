"""All labels of a query, voted by the stored rows that were found for it."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import classes_of
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import HELD_BYTES

from ._rows import row_numbers, united


class MultiLabelVote(Ranker):
    r"""Let the stored rows that were found vote on each label of a query, of which it may have several.

    Each of the first `k` hits votes for all labels of its row. The share of a label is that of the voters that have it,

    .. math:: v_c = \frac{1}{|N|} \sum_{i \in N} [c \in L_i],

    and the labels of a query are those with a share of at least `threshold`: several, one, or none. `votes` gives the
    shares, `winners` the labels, and `rank` the evidence: first the hits whose labels are most like those that won.

    Use it where things have several labels at once, such as patents of several classes; where each has one,
    `LabelVote` has votes that count for less with each place. Labels that few rows have win only near their rows:
    a lower threshold finds more of them, and more that are wrong. Where near copies of what is asked are stored, the
    labels of the nearest row alone, k = 1, may be the better answer.

    Like `LabelVote` it is a memory that is edited: `add` gives labels to rows that were added to the index, and a row
    that `remove` takes out votes no more, exactly as if it had never been stored.

    A share of exactly one half wins at the threshold 0.5; in the majority vote of other programs it does not.

    Parameters
    ----------
    threshold : share of the voters that a label needs, above 0 and at most 1.
    k : how many hits vote, the first that were not removed; at least 1, and None for all.

    Attributes
    ----------
    classes_ : (n_classes,) the labels that rows have, ascending.
    labels_ : (n rows, n_classes) CSR, 1 where a row has a label.
    voting_ : (n rows,) bool, whether a row votes; not where it was removed.

    References
    ----------
    Bekamiri, Hain, Jurowetzki (2021). PatentSBERTa: A deep NLP based hybrid model for patent distance and
    classification using augmented SBERT. arXiv:2103.11933.

    Examples
    --------
    >>> search = Search(Hits([[3, 0, 2, 1]], [[0.9, 0.8, 0.7, 0.6]]))
    >>> vote = MultiLabelVote(k=3).fit(search, [["card", "fee"], ["loan"], ["fee"], ["card"]])
    >>> vote.votes(search).round(2).tolist(), vote.winners(search)
    ([[0.6700000166893005, 0.6700000166893005, 0.0]], [['card', 'fee']])
    >>> vote.rank(search).hits.ids
    array([[0, 3, 2]])
    >>> vote.remove([3]).winners(search)
    [['fee']]
    """

    paper: ClassVar[str] = "bekamiri2021patentsberta"
    by_row: ClassVar[bool] = True

    classes_: NDArray[Any]
    labels_: sparse.csr_array
    voting_: NDArray[np.bool_]

    def __init__(self, threshold: float = 0.5, *, k: int | None = None) -> None:
        self.threshold = threshold
        self.k = k

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(0.2, k=3)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, search: Search, y: Sequence[Any] | NDArray[Any] | None = None) -> Self:
        """Take the labels of each stored row; of the search, only the number of its rows is looked at.

        Parameters
        ----------
        search : any search of the stored rows.
        y : for each row a list, tuple or set of labels, which may be empty, or one label; numbers or texts.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `y` has not an entry for each stored row, no row has a label, or labels are not all numbers or all texts.
        """
        self._check_parameters()
        if y is None:
            raise ShapeError("fit requires y to be passed, but the target y is None; give the labels of each row.")
        rows = search.X if search.X is not None else search.items
        if rows is not None and len(y) != len(rows):
            raise ShapeError(f"y must have the labels of each of the {len(rows)} rows, got {len(y)}.")
        classes, labels = _table(y)
        if not len(classes):
            raise ShapeError(f"y must have labels, but all of its {len(y)} rows are without one.")
        self.classes_, self.labels_, self.voting_ = classes, labels, np.ones(len(y), bool)
        return self

    def add(self, y: Sequence[Any] | NDArray[Any]) -> Self:
        """Take the labels of rows that were stored behind the others; classes may be new.

        Raises
        ------
        ShapeError
            If the labels of `y` are numbers where the others are texts, or the other way round.
        """
        self._check_fitted()
        classes, labels = _table(y)
        self.classes_, before, behind = united(self.classes_, classes)
        moved = (_moved(self.labels_, before, len(self.classes_)), _moved(labels, behind, len(self.classes_)))
        self.labels_ = sparse.vstack(moved, format="csr")
        self.voting_ = np.append(self.voting_, np.ones(len(y), bool))
        return self

    def remove(self, rows: Sequence[int] | IdArray) -> Self:
        """Let rows vote no more; the others keep their numbers, and a class without rows is forgotten.

        Raises
        ------
        ShapeError
            If there is no row of such a number.
        """
        self._check_fitted()
        voting = np.array(self.voting_)
        voting[row_numbers(rows, len(voting))] = False
        row, column = self.labels_.nonzero()
        left = voting[row]
        kept, numbers = np.unique(column[left], return_inverse=True)
        self.classes_, self.voting_ = self.classes_[kept], voting
        self.labels_ = _marked(row[left], numbers, (len(voting), len(kept)))
        return self

    def votes(self, search: Search) -> FloatArray:
        """Return the share of the voters that have each label of `classes_`, (n queries, n_classes); 0 without any."""
        return self._shares(self._first(search))

    def _shares(self, ids: IdArray) -> FloatArray:
        """Return the share of each label among hits that vote."""
        voters = self._voters(ids)
        counts = np.asarray((voters @ self.labels_).toarray(), np.float32)
        n = np.asarray(voters.sum(axis=1), np.float32).reshape(-1, 1)
        return np.divide(counts, n, out=np.zeros_like(counts), where=n > 0)

    def winners(self, search: Search) -> list[list[Any]]:
        """Return the labels of each query, the largest share first, equal ones in the order of `classes_`."""
        shares = self.votes(search)
        order = np.argsort(-shares, axis=1, kind="stable")
        won = self._won(shares)
        return [self.classes_[columns[mask[columns]]].tolist() for columns, mask in zip(order, won, strict=True)]

    def rank(self, search: Search) -> Search:
        """Order the hits that voted by how like their labels are to those that won, and drop the others.

        The score is the number of labels that both have, divided by the number of those that either has; equal hits
        stay in their order.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If a row was found that has no entry in `y`.
        """
        ids = self._first(search)
        scores = np.full(ids.shape, -np.inf, np.float32)
        step = max(1, HELD_BYTES // (4 * max(1, len(self.classes_))))
        for start in range(0, len(ids), step):
            part = ids[start : start + step]
            won = sparse.csr_array(self._won(self._shares(part)).astype(np.float32))
            query, place = np.nonzero(part >= 0)
            own = self.labels_[part[query, place]]
            both = np.asarray(own.multiply(won[query]).sum(axis=1)).ravel()
            either = np.asarray(own.sum(axis=1)).ravel() + np.asarray(won.sum(axis=1)).ravel()[query] - both
            scores[start + query, place] = both / np.maximum(either, 1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.k]
        return search.found(Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)))

    def _first(self, search: Search) -> IdArray:
        """Return the hits that vote, each at its place, -1 at the others."""
        self._check_fitted()
        self._check_parameters()
        ids = search.hits.ids
        if ids.size and ids.max() >= len(self.voting_):
            raise ShapeError(
                f"Row {ids.max()} was found, but labels are known of {len(self.voting_)} rows; give those of rows that "
                "were added to `add`."
            )
        voted = (ids >= 0) & (self.voting_[ids] if len(self.voting_) else False)
        if self.k is not None:
            voted &= np.cumsum(voted, axis=1) <= self.k
        return np.where(voted, ids, -1)

    def _voters(self, ids: IdArray) -> sparse.csr_array:
        query, place = np.nonzero(ids >= 0)
        ones = np.ones(len(query), np.float32)
        return sparse.csr_array((ones, (query, ids[query, place])), shape=(len(ids), len(self.voting_)))

    def _won(self, shares: FloatArray) -> NDArray[np.bool_]:
        won: NDArray[np.bool_] = shares >= np.float32(self.threshold)
        return won

    def _check_parameters(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ParameterError(f"threshold must be above 0 and at most 1, got {self.threshold!r}.")
        if self.k is not None and self.k < 1:
            raise ParameterError(f"k must be at least 1, or None for all hits, got {self.k}.")


def _table(y: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[Any], sparse.csr_array]:
    """Return the classes that rows have, ascending, and which of them each row has."""
    each = [list(one) if isinstance(one, list | tuple | set | frozenset) else [one] for one in y]
    given = [label for labels in each for label in labels]
    if not given:
        return np.empty(0, np.int64), _marked([], [], (len(each), 0))
    classes, numbers = classes_of(given, len(given))
    row = np.repeat(np.arange(len(each)), [len(labels) for labels in each])
    # A label that a row names twice counts once.
    row, numbers = np.unique(np.column_stack([row, numbers]), axis=0).T
    return classes, _marked(row, numbers, (len(each), len(classes)))


def _marked(row: ArrayLike, column: ArrayLike, shape: tuple[int, int]) -> sparse.csr_array:
    ones = np.ones(len(np.asarray(row)), np.float32)
    return sparse.csr_array((ones, (row, column)), shape=shape)


def _moved(labels: sparse.csr_array, places: IdArray, n: int) -> sparse.csr_array:
    """Return labels under the new places of their classes."""
    row, column = labels.nonzero()
    return _marked(row, places[column], (labels.shape[0], n))
