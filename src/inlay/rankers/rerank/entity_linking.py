"""Linking of mentions in texts to the rows that they name, or to none."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize as unit_rows
from sklearn.svm import LinearSVC

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.judgments import judgments, relevant_hits, relevant_rows
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors, found_rows, normalize, pair_scores

from ._members import asked, first, ordered

COLUMNS = 1 << 18  # into which runs of characters are hashed


class EntityLinking(Ranker):
    r"""Link each query, a mention, to the row that it names, by its name and its context, or to none.

    .. math:: s(m, e) = w_1 \cos(\mathrm{ngrams}(m), \mathrm{ngrams}(e)) + w_2 \cos(q_m, x_e)

    is a similarity of names, by their runs of characters, and one of contexts, by the vectors of the search. A run
    weighs :math:`1 + \ln((1 + n) / (1 + n_r))` times its count, where :math:`n_r` of the n names of the rows at `fit`
    have it, so that a model number tells more than a brand. The weights of the two similarities are learned from judged
    mentions by a pairwise contrastive ranking loss, the squared hinge of :math:`s(m, e^+) - s(m, e^-)` over each right
    and each wrong hit of a mention; they are not negative and sum to 1.
    The `threshold` below which a mention names no row is the one of the best F1 of first links to the judgments. Rows
    below it are left out, so that a mention without a hit is one of no known entity.

    Use it behind any index that finds the candidates, so that names are resolved where the rows are stored. The paper
    learns neural encoders of texts and of rows with this loss; here the encoder of the search is taken as it is, and
    its similarity is weighed. `ScoreFusion` fuses lists of hits, and `ConformalThreshold` leaves out what is unlikely
    for any ranker.

    Parameters
    ----------
    threshold : the least score of a link, from -1 to 1; None learns it.
    ngram : characters in a run, at least 1; runs reach into the space around a word.
    n_reranked : how many of the first hits are looked at, at least 1; those behind are left out. None takes all.

    Attributes
    ----------
    runs_ : (r,) int64, hashes of the runs of characters that the names of the rows have, in order.
    counts_ : (r,) int64, the number of names that have each.
    n_names_ : the number of rows that were counted.
    weights_ : (2,) float64, of names and of contexts.
    threshold_ : the least score of a link.

    References
    ----------
    Kilias, Löser, Gers, Koopmanschap, Zhang, Kersten (2018). IDEL: In-Database Entity Linking with Neural Embeddings.
    arXiv:1803.04884.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> rows = [("IBM Corp.", "computers"), ("HP Inc.", "printers"), ("Hope Inc.", "gardens")]
    >>> asked = [("ibm", "their mainframe"), ("H. Inc", "a new laser printer"), ("Acme", "anvils")]
    >>> Q, X = np.float32([[1, 0], [0, 1], [-1, 0]]), np.float32([[1, 0], [0, 1], [0.6, -0.8]])
    >>> search = Search(Hits([[0, 1, 2]] * 3, np.zeros((3, 3))), Q=Q, X=X, queries=asked, items=rows)
    >>> linking = EntityLinking().fit(search, [{0: 1}, {1: 1}, {}])
    >>> linking.rank(search).hits.ids
    array([[ 0, -1, -1],
           [ 1, -1, -1],
           [-1, -1, -1]])
    """

    paper: ClassVar[str] = "kilias2018idel"

    runs_: IdArray
    counts_: IdArray
    n_names_: int
    weights_: NDArray[np.float64]
    threshold_: float

    def __init__(self, *, threshold: float | None = None, ngram: int = 3, n_reranked: int | None = None) -> None:
        self.threshold = threshold
        self.ngram = ngram
        self.n_reranked = n_reranked

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(threshold=0.1, ngram=2, n_reranked=5)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn the weights and the threshold from judged mentions; one without a grade above 0 names no row.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, there is no `y`, or the search lacks what `rank` looks at.
        ShapeError
            If `y` is not one mapping of grades for each query, a hit is no row of the items or of `X`, or `Q` and `X`
            are not finite vectors of one dimension.
        """
        y = judgments("EntityLinking", len(search.hits), y)
        if self.threshold is not None and not -1 <= self.threshold <= 1:
            raise ParameterError(f"threshold must be from -1 to 1, or None to learn it, got {self.threshold!r}.")
        _, items = asked(search, "EntityLinking")
        counts = np.bincount(self._runs(items).indices if len(items) else [])
        runs = np.flatnonzero(counts)
        names = (runs, counts[runs], len(items))
        ids, both = self._similarities(search, *names)
        right = relevant_hits(ids, y)
        self.runs_, self.counts_, self.n_names_ = names
        self.weights_ = _weights(both, right, ids >= 0)
        n_links = sum(map(bool, relevant_rows(y)))
        scores = self._scores(ids, both)
        self.threshold_ = _best(scores, right, n_links) if self.threshold is None else float(self.threshold)
        return self

    def rank(self, search: Search) -> Search:
        """Order the first hits of each mention by their scores, equal ones as they stood, without those below.

        Raises
        ------
        ParameterError
            If the search lacks Q, X, queries or items.
        ShapeError
            If a hit is no row of the items or of `X`, or `Q` and `X` are not finite vectors of one dimension.
        DataError
            If a query or an item is neither text nor a list that starts with its name.
        """
        asked(search, "EntityLinking")
        self._check_fitted()
        ids, both = self._similarities(search, self.runs_, self.counts_, self.n_names_)
        scores = self._scores(ids, both)
        return search.found(ordered(ids, np.where(scores >= self.threshold_, scores, np.float32(-np.inf))))

    def _similarities(
        self, search: Search, runs: IdArray, counts: IdArray, n_names: int
    ) -> tuple[IdArray, NDArray[np.float64]]:
        """Return the hits that are looked at, and the similarity of names and of contexts of each, (n, c, 2)."""
        queries, items = asked(search, "EntityLinking")
        search.need("EntityLinking", "Q", "X")
        ids = first(search.hits, self.n_reranked)
        if not ids.size or not len(items):
            return ids, np.zeros((*ids.shape, 2))
        if ids.max() >= len(items):
            raise ShapeError(f"Row {ids.max()} was found, but there are {len(items)} items.")
        rows: IdArray = np.unique(ids[ids >= 0])
        found = found_rows(np.asarray(search.X), rows)
        Q = as_vectors(np.asarray(search.Q), "Q", dim=found.shape[1])
        if not len(rows):
            return ids, np.zeros((*ids.shape, 2))
        place = np.searchsorted(rows, np.where(ids < 0, rows[0], ids))  # where there is no hit, any will do
        known = np.zeros(COLUMNS)
        known[runs] = counts
        rare = sparse.diags_array(1 + np.log((1 + n_names) / (1 + known)))
        A, B = (unit_rows(self._runs(some) @ rare) for some in (queries, [items[i] for i in rows]))
        names = np.stack([(B[at] @ A[[i]].T).toarray()[:, 0] for i, at in enumerate(place)])
        return ids, np.stack([names, pair_scores(normalize(Q), normalize(found), place).astype(np.float64)], axis=2)

    def _runs(self, some: Sequence[Any]) -> sparse.csr_array:
        """Return (n, COLUMNS) how often each run of characters is in the name of each."""
        check_numbers(self, at_least={"ngram": 1})
        runs = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(self.ngram, self.ngram),
            n_features=COLUMNS,
            alternate_sign=False,
            norm=None,
        )
        return sparse.csr_array(runs.transform(_names(some)))

    def _scores(self, ids: IdArray, both: NDArray[np.float64]) -> FloatArray:
        return np.where(ids >= 0, both @ self.weights_, -np.inf).astype(np.float32)


def _names(some: Sequence[Any]) -> list[str]:
    names = [one[0] if isinstance(one, tuple | list) and one else one for one in some]
    for one, name in zip(some, names, strict=True):
        if not isinstance(name, str):
            raise DataError(f"EntityLinking compares names, texts or what starts with one; got {one!r:.60}")
    return names


def _weights(both: NDArray[np.float64], right: NDArray[np.bool_], real: NDArray[np.bool_]) -> NDArray[np.float64]:
    pairs = [row[r][:, None] - row[~r & there][None] for row, r, there in zip(both, right, real, strict=True)]
    D = np.concatenate([np.empty((0, 2)), *(pair.reshape(-1, 2) for pair in pairs)])
    if not len(D):
        return np.full(2, 0.5)
    # A support vector machine without intercept on differences, each with its mirror image, is the ranking loss.
    machine = LinearSVC(dual=False, fit_intercept=False, random_state=0)
    machine.fit(np.concatenate([D, -D]), np.repeat([1, -1], len(D)))
    weights = np.maximum(machine.coef_[0], 0)
    return np.asarray(weights / weights.sum() if weights.sum() > 0 else np.full(2, 0.5))


def _best(scores: FloatArray, right: NDArray[np.bool_], n_links: int) -> float:
    """Return the threshold at which the first hits have the best F1."""
    if not scores.size or not n_links:
        return 1.0
    best = scores.argmax(axis=1)[:, None]
    top, hit = np.take_along_axis(scores, best, 1)[:, 0], np.take_along_axis(right, best, 1)[:, 0]
    order = np.argsort(-top, kind="stable")
    top, found = top[order], np.cumsum(hit[order])
    f1 = 2 * found / (np.arange(1, len(top) + 1) + n_links)
    f1[np.append(top[1:] == top[:-1], False) | ~np.isfinite(top)] = -1  # equal ones stand or fall together
    return float(top[f1.argmax()]) if (f1 > 0).any() else 1.0
