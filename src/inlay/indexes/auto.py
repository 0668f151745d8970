"""Auto: the index that suits the vectors, by their number and by measurement."""

from collections.abc import Iterator
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from inlay.core.contracts import Index, Progress, Where
from inlay.core.errors import MissingExtra, ParameterError
from inlay.core.values import Hits

from ._stored import stored
from .exact import Exact
from .hnsw import HNSW


class Auto(Index):
    """Choose between `Exact` and `HNSW` by size, and check what was chosen against the exact answers.

    Up to `exact_below` vectors it is `Exact`. Above, a graph is built and its recall measured (`HNSW.readings_`); the
    least `ef_search` from 16 to 512 that finds at least `recall` of the ten exact neighbours is kept. Where none does,
    it is `Exact` again.

    Use it where the number of vectors is not known beforehand; take `Exact` or `HNSW` themselves where it is. Only
    sizes and recall decide, never the clock: the same vectors give the same choice on a slow and on a fast machine.

    Parameters
    ----------
    recall : the part of the exact neighbours that has to be found, above 0 and up to 1.
    exact_below : rows up to which `Exact` is taken, at least 0. The default is where one exact query of 384 columns
        takes about five milliseconds.
    dtype : "float32" or "float16", how the vectors are stored.
    random_state : seed of the graph.

    Attributes
    ----------
    index_ : the index that was chosen.
    choice_ : ``{"index": name, "why": a sentence}``.
    readings_ : one dictionary for each `ef_search` that was tried, with ``ef_search`` and ``recall@10``. Empty where
        size alone decided.

    References
    ----------
    The graph is that of Malkov and Yashunin (2020), arXiv:1603.09320.

    Examples
    --------
    >>> import numpy as np
    >>> index = Auto().fit(np.eye(4))
    >>> index.choice_["index"], index.choice_["why"]
    ('Exact', '4 vectors are few enough (up to 100,000) to compare with all of them')
    """

    paper: ClassVar[str] = "malkov2020efficient"

    index_: Exact | HNSW
    choice_: dict[str, str]
    readings_: list[dict[str, float]]

    def __init__(
        self, recall: float = 0.95, *, exact_below: int = 100_000, dtype: str = "float32", random_state: int = 0
    ) -> None:
        self.recall = recall
        self.exact_below = exact_below
        self.dtype = dtype
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(dtype="float16", random_state=1)
        yield cls(exact_below=20, recall=0.5)

    def fit(self, X: ArrayLike) -> Self:
        """Store (n, d) vectors in the index that suits them; their row numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        return self.fit_with_progress(X, lambda rows: None)

    def fit_with_progress(self, X: ArrayLike, progress: Progress) -> Self:
        """Fit as `fit` does, and call `progress` with the number of rows finished since the last call."""
        if not 0 < self.recall <= 1:
            raise ParameterError(f"recall must be above 0 and at most 1, got {self.recall}.")
        if self.exact_below < 0:
            raise ParameterError(f"exact_below must be at least 0, got {self.exact_below}.")
        X = stored(X, self.dtype)
        X = X.view()
        X.flags.writeable = False  # so that both indexes keep it rather than copy it
        index: Index = Exact(self.dtype).fit(X)
        readings: list[dict[str, float]] = []
        if len(X) <= self.exact_below:
            why = f"{len(X):,} vectors are few enough (up to {self.exact_below:,}) to compare with all of them"
            progress(len(X))
        else:
            try:
                graph = HNSW(dtype=self.dtype, random_state=self.random_state).fit_with_progress(X, progress)
                index, readings, why = self._chosen(index, graph)
            except MissingExtra as error:
                why = f"there is no library for a graph: {error}"
                progress(len(X))
        self.index_, self.readings_ = index, readings
        self.choice_ = {"index": type(index).__name__, "why": why}
        return self

    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are; choose anew once `Exact` has grown beyond `exact_below`.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        few = len(self.index_.vectors_) <= self.exact_below
        self.index_.add(X)
        return self.fit(self.index_.vectors_) if few and len(self.index_.vectors_) > self.exact_below else self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query, as the chosen index does; see its `search`."""
        self._check_fitted()
        return self.index_.search(Q, k, where=where)

    def _chosen(self, exact: Index, graph: HNSW) -> tuple[Index, list[dict[str, float]], str]:
        """Return `graph` with the least `ef_search` that reaches the recall asked for, or `exact`; and why."""
        readings, found = [], 0.0
        for reading in graph.readings_:
            readings.append(dict(reading))
            graph.ef_search, found = int(reading["ef_search"]), reading["recall@10"]
            if found >= self.recall:
                why = f"with ef_search={graph.ef_search} the graph finds {found:.1%} of the 10 exact neighbours"
                return graph, readings, f"{why}; {self.recall:.1%} were asked for"
        why = f"the graph finds {found:.1%} of the 10 exact neighbours at most"
        return exact, readings, f"{why}; {self.recall:.1%} were asked for"
