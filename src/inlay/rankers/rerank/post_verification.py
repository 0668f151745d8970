"""Verify what codes have found with a score that is learned for just such shortlists."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.judgments import judgments, relevant_rows
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors, found_rows, rescore


class PostVerification(Ranker):
    r"""Order the candidates of a coarse search by a score that was learned to tell the relevant ones from the others.

    The second half of a bi-granular representation (Xiao et al. 2022): light codes in memory find candidates, and
    heavy vectors on disk verify them. Codes are optimised first, for search among everything. The vectors are then
    optimised for what is left to do, to discriminate within the shortlist :math:`N(q)` that these codes find, by

    .. math:: - \log \frac{\exp(s(q, x^+) / \tau)}{\sum_{x \in B} \exp(s(q, x) / \tau)}, \qquad
              s(q, x) = q^\top M x.

    B holds a relevant document of each query of the batch and `n_negatives` of the shortlist of each, those relevant
    to q itself left out. Batches are sampled around a locality: queries and the documents of their shortlists make a
    graph, and a walk from query to document to query gathers queries whose shortlists overlap, so that each has the
    others' documents as hard negatives, too.

    The paper learns encoders; over frozen vectors it is a linear map of queries and one of documents, whose product
    :math:`M` starts as the identity. As only the query has to be mapped, the vectors on disk stay as they are, and
    nothing but those of the candidates is read.

    Use it behind `Coded` without `rescore`, with a codec learned from queries such as `MoPQ`; it costs no more than
    rescoring by the vectors as they are. It gains most where new queries ask for documents that known queries have
    asked for; for other documents some hundreds of queries are too few. `PairMatcher` learns a network from classes.

    Where the paper's program starts one walk for a batch, here there are as many as batch_size / `n_walk`.

    Parameters
    ----------
    n_negatives : of its shortlist that each query brings to a batch, at least 0; 1 in the paper.
    n_walk : queries that a walk gathers, at least 1; with 1 batches are drawn at random.
    temperature : τ, above 0; 1 in the paper, whose vectors are not of length one.
    n_epochs : passes of as many queries as there are, at least 0; 0 leaves the order of the vectors.
    batch_size : queries in a step, at least 2.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    weight_decay : of AdamW, at least 0, towards the identity.
    random_state : seed of walks and negatives.

    Attributes
    ----------
    map_ : (d, d) float32, M.
    losses_ : the mean loss of each epoch.

    References
    ----------
    Xiao, Liu, Han, Zhang, Shao, Lian, Li, Sun, Deng, Zhang, Zhang, Xie (2022). Progressively Optimized Bi-Granular
    Document Representation for Scalable Embedding Based Retrieval. WWW. arXiv:2201.05409.

    Examples
    --------
    A query and its document share four columns of eight; what they are in the others is of no account. Of 100 new
    queries so many find their document among the first ten, before and after:

    >>> from inlay.core.vectors import normalize, product_top_k
    >>> rng = np.random.default_rng(0)
    >>> meaning = rng.normal(size=(300, 4))
    >>> X, Q = (normalize(np.hstack([meaning, rng.normal(size=(300, 4))])) for _ in range(2))
    >>> known, new = (Search(product_top_k(some, X, 50), Q=some, X=X) for some in (Q[:200], Q[200:]))
    >>> ranker = PostVerification(n_epochs=5, learning_rate=0.05).fit(known, [{row: 1} for row in range(200)])
    >>> found = [search.hits.ids[:, :10] == np.arange(200, 300)[:, None] for search in (new, ranker.rank(new))]
    >>> [round(int(hits.sum()), -1) for hits in found]
    [30, 40]
    """

    paper: ClassVar[str] = "xiao2022progressively"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    map_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        *,
        n_negatives: int = 4,
        n_walk: int = 8,
        temperature: float = 0.05,
        n_epochs: int = 10,
        batch_size: int = 64,
        learning_rate: float = 3e-4,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.n_negatives = n_negatives
        self.n_walk = n_walk
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_walk=2, n_epochs=2, batch_size=4, learning_rate=0.01)
        yield cls(n_negatives=0, n_walk=1, n_epochs=1, batch_size=3, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from queries whose relevant rows are known.

        Parameters
        ----------
        search : the shortlist of each query, from the codes that will be searched with, as long as it will be then or
            longer; with `Q` and `X`, of which the rows found and relevant are read.
        y : for each query the grades of rows; those above 0 are relevant, whether they were found or not.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, `y` or a member of the search is missing, or the map does not come to
            finite numbers.
        ShapeError
            If there is not one entry of `y` for each query, it names a row that `X` lacks, or a vector is not finite.
        DataError
            If no query has a relevant row.
        """
        self._check_parameters()
        Q, X = self._looked_at(search)
        relevant = relevant_rows(judgments("PostVerification", len(Q), y, n_rows=len(X)))
        asked = [i for i, rows in enumerate(relevant) if rows]
        if not asked:
            raise DataError("PostVerification needs queries with a relevant row to learn from, and got none.")
        good = [relevant[i] for i in asked]
        wrong = [
            [row for row in search.hits.ids[i].tolist() if row >= 0 and row not in rows]
            for i, rows in zip(asked, good, strict=True)
        ]
        read = np.unique([row for rows in (*good, *wrong) for row in rows])
        learn = load("inlay.nn.post_verification", extra="nn", purpose="PostVerification").verification
        learned, losses = learn(
            Q[asked],
            found_rows(X, read),
            _padded(good, read),
            _padded(wrong, read),
            n_negatives=self.n_negatives,
            n_walk=self.n_walk,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        if not np.isfinite(learned).all():
            raise ParameterError(
                f"PostVerification did not come to finite numbers; lower learning_rate, which is {self.learning_rate}."
            )
        self.map_, self.losses_ = learned, losses
        return self

    def rank(self, search: Search) -> Search:
        """Order the hits by their scores, equal ones by row number; `Q` stays what it was.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q` or no `X`.
        ShapeError
            If vectors have another dimension than in `fit`, or are not finite.
        """
        self._check_fitted()
        Q, X = self._looked_at(search)
        if X.shape[1] != len(self.map_):
            raise ShapeError(f"PostVerification was fitted on {len(self.map_)} dimensions, got {X.shape[1]}.")
        mapped = np.asarray(Q.astype(np.float64) @ self.map_, np.float32)
        return search.found(rescore(mapped, X, search.hits.ids, search.hits.k))

    def _looked_at(self, search: Search) -> tuple[FloatArray, NDArray[Any]]:
        """Return `Q` and `X`, which is not read as a whole."""
        search.need("PostVerification", "Q", "X")
        X, ids = np.asanyarray(search.X), search.hits.ids
        if X.ndim != 2:
            raise ShapeError(f"X must have the shape (n rows, d), got {X.shape}.")
        if ids.size and ids.max() >= len(X):
            raise ShapeError(f"Row {ids.max()} was found, but X has {len(X)} rows.")
        return as_vectors(np.asarray(search.Q), "Q", dim=X.shape[1]), X

    def _check_parameters(self) -> None:
        check_numbers(
            self,
            at_least={"n_negatives": 0, "n_walk": 1, "n_epochs": 0, "batch_size": 2, "weight_decay": 0},
            above={"temperature": 0, "learning_rate": 0},
        )


def _padded(rows: list[list[int]], read: IdArray) -> IdArray:
    """Return the places of rows among those that are read, (n, most), padded with -1."""
    out = np.full((len(rows), max(1, *map(len, rows))), -1, np.int64)
    for i, some in enumerate(rows):
        out[i, : len(some)] = np.searchsorted(read, some)
    return out
