"""A few rows of each class that find the others."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Ranker
from inlay.core.errors import ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.validation import classes_of
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import HELD_BYTES, as_vectors, product_top_k


class RepresentativeExemplars(Ranker):
    r"""Choose the few rows of each class that together find the rest of it, and search by them.

    A set of rows :math:`E` finds :math:`x` with the score

    .. math:: s_E(x) = \max_{e \in E} \langle e, x \rangle

    `fit` builds the set of each class step by step: of its rows, the one joins that raises the average precision of
    the class among all rows the most, until there are `n_exemplars` or none raises it. A row that finds what the others
    miss raises it, so that the sets are diverse without being asked to be. Nothing is trained.

    `rank` takes a query for the class whose exemplars are nearest to it, and finds the best rows by that class's
    exemplars instead of by the query. `rows_` is what to show to people who ask what a class is.

    Use it where a class is known by many examples and is to be explained or retrieved by few. `LabelVote` keeps all of
    them, and says which class a query has. The paper pairs each image with a text, and searches by both; here an
    exemplar is a row alone, and equal scores count against the set that gives them.

    Parameters
    ----------
    n_exemplars : the most rows of a class; at least 1.
    n_candidates : rows of a class that are tried at each step, drawn at random where there are more; at least 1.
    random_state : seed of that draw.

    Attributes
    ----------
    classes_ : (n_classes,) the classes, ascending.
    rows_ : (m,) int64, row numbers of the exemplars, class by class, those that were chosen first at the front.
    labels_ : (m,) int64, the place in `classes_` of the class of each exemplar.
    vectors_ : (m, d) float32, their vectors.
    precisions_ : (m,) float64, the average precision of the class by an exemplar and those chosen before it.

    References
    ----------
    Chang, Ferroni, Tarr, Hebert, Ramanan (2023). Thinking Like an Annotator: Generation of Dataset Labeling
    Instructions. arXiv:2306.14035.

    Examples
    --------
    >>> X = np.float32([[1, 0], [0.9, 0.4], [0.8, 0.6], [-0.6, 0.8], [-0.8, 0.6], [0, 1]])
    >>> search = Search(Hits([[5, 2]], [[0.9, 0.8]]), X=X, Q=np.float32([[-0.4, 0.9]]))
    >>> ranker = RepresentativeExemplars(n_exemplars=1).fit(search, ["a", "a", "a", "b", "b", "b"])
    >>> ranker.rows_, ranker.precisions_
    (array([0, 3]), array([1., 1.]))
    >>> ranker.rank(search).hits.ids
    array([[3, 4]])
    """

    paper: ClassVar[str] = "chang2023thinking"

    classes_: NDArray[Any]
    rows_: IdArray
    labels_: IdArray
    vectors_: FloatArray
    precisions_: NDArray[np.float64]

    def __init__(self, n_exemplars: int = 5, *, n_candidates: int = 50, random_state: int = 0) -> None:
        self.n_exemplars = n_exemplars
        self.n_candidates = n_candidates
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(n_exemplars=2, n_candidates=3, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, search: Search, y: ArrayLike | None = None) -> Self:
        """Choose the exemplars of each class among the stored rows.

        Parameters
        ----------
        search : any search with `X`, of the stored rows.
        y : (n rows,) labels, numbers or texts; label i belongs to id i.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search has no `X`.
        ShapeError
            If there are no rows, or `y` is not one label for each.
        """
        check_numbers(self, at_least={"n_exemplars": 1, "n_candidates": 1})
        search.need("RepresentativeExemplars", "X")
        X = as_vectors(np.asarray(search.X))
        classes, numbers = classes_of(y, len(X))
        if not len(X):
            raise ShapeError("X must have at least one row to choose exemplars from, got none.")
        rng = np.random.default_rng(self.random_state)
        chosen = [self._choose(X, numbers == j, rng) for j in range(len(classes))]
        self.classes_ = classes
        self.rows_ = np.concatenate([rows for rows, _ in chosen])
        self.precisions_ = np.concatenate([precisions for _, precisions in chosen])
        self.labels_, self.vectors_ = numbers[self.rows_], X[self.rows_]
        return self

    def _choose(
        self, X: FloatArray, member: NDArray[np.bool_], rng: np.random.Generator
    ) -> tuple[IdArray, NDArray[np.float64]]:
        """Return the exemplars of a class, and the average precision with each of them."""
        rows = np.flatnonzero(member)
        if len(rows) > self.n_candidates:
            rows = np.sort(rng.choice(rows, self.n_candidates, replace=False))
        others, own = np.flatnonzero(~member), np.flatnonzero(member)
        S = _products(X, rows, np.concatenate([others, own]))
        chosen, precisions, best = list[int](), list[float](), np.full(S.shape[1], -np.inf, np.float32)
        while len(chosen) < min(self.n_exemplars, len(rows)):
            reached = _average_precision(np.maximum(best, S), len(others))
            first = int(reached.argmax())
            if precisions and reached[first] <= precisions[-1]:
                break
            chosen.append(first)
            precisions.append(float(reached[first]))
            best = np.maximum(best, S[first])
        return rows[chosen], np.array(precisions)

    def rank(self, search: Search) -> Search:
        """Find the best rows by the exemplars of the class to which the query is nearest, as many as there are places.

        The score of a row is its largest inner product with an exemplar. A query without hits stays so.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q` or no `X`.
        ShapeError
            If they have another dimension than the exemplars.
        """
        self._check_fitted()
        search.need("RepresentativeExemplars", "Q", "X")
        dim = self.vectors_.shape[1]
        Q, X = as_vectors(np.asarray(search.Q), "Q", dim=dim), as_vectors(np.asarray(search.X), dim=dim)
        ids = np.full(search.hits.ids.shape, -1, np.int64)
        scores = np.full(ids.shape, -np.inf, np.float32)
        asked = np.flatnonzero(search.hits.counts)
        if len(asked):
            of_class = self.labels_[product_top_k(Q[asked], self.vectors_, 1).ids[:, 0]]
            for j in np.unique(of_class):
                best = _joined(product_top_k(self.vectors_[self.labels_ == j], X, search.hits.k, rows=search.rows))
                ids[asked[of_class == j]], scores[asked[of_class == j]] = best.ids, best.scores
        return search.found(Hits(ids, scores))


def _products(X: FloatArray, rows: IdArray, columns: IdArray) -> FloatArray:
    """Return the inner products of some rows with others; equal vectors have equal ones, to the last bit."""
    A, out = X[rows].astype(np.float64), np.empty((len(rows), len(columns)), np.float32)
    step = max(1, HELD_BYTES // (8 * X.shape[1]))
    for start in range(0, len(columns), step):
        out[:, start : start + step] = A @ X[columns[start : start + step]].astype(np.float64).T
    return out


def _average_precision(S: FloatArray, n_others: int) -> NDArray[np.float64]:
    """Return the average precision of each row of scores, whose first columns are those that should not be found."""
    # Stable, so that what should not be found comes first among equals.
    place = np.argsort(-S, axis=1, kind="stable")
    good = place >= n_others
    precision = np.cumsum(good, axis=1) / np.arange(1, S.shape[1] + 1)
    found: NDArray[np.float64] = (precision * good).sum(axis=1) / good.sum(axis=1)
    return found


def _joined(hits: Hits) -> Hits:
    """Return the hits of several queries as those of one, each row with its best score."""
    ids, scores = hits.ids.ravel(), hits.scores.ravel()
    order = np.lexsort((ids, -scores))
    _, first = np.unique(ids[order], return_index=True)
    kept = order[np.sort(first)][: hits.k]  # a place without a hit is -1, the last of all
    pad = (0, hits.k - len(kept))
    return Hits(
        np.pad(ids[kept], pad, constant_values=-1)[None], np.pad(scores[kept], pad, constant_values=-np.inf)[None]
    )
