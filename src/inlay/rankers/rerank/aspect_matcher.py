"""Which aspects relate a query and a hit, told by a network that reads both vectors."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.judgments import judgments
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors

from ._pairs import of_pairs, scored

_MOST = 31  # aspects; a grade is a number of as many bits


class AspectMatcher(Ranker):
    r"""Say in what a query and a hit are alike, and order hits by one such aspect.

    That two documents are similar does not say in what: they may share the task, the method, the data, or several of
    these. A network reads the vector u of a query and v of a stored item together,

    .. math:: P(a \mid u, v) = \sigma\big(w_a^\top \rho(V [\,u;\; v;\; |u - v|;\; u \circ v\,] + b) + c_a\big)

    with rectified units :math:`\rho` and one logistic output for each aspect a, so that a pair may share several
    aspects or none. It learns by binary cross-entropy from pairs whose aspects are known, and from pairs at random,
    which share none. `rank` orders the hits by the log-odds of one aspect, and `aspects` gives the probabilities of
    all, so that a result can say why it is there.

    Use it where pairs are labelled, such as citations by the section that they stand in, or where results have to be
    explained. It costs a small network for each hit, so it belongs behind an index. Where items themselves have labels
    under an aspect, `AspectView` learns a space in which one vector for each item is enough; `PairMatcher` learns one
    relation, that of the same class.

    The paper lets a Transformer read both texts, and fits it to the pairs; here the vectors are given and stay as they
    are, and u and v are joined as in the authors' study of Wikipedia articles. There, too, u and v have their places:
    what holds of (u, v), such as that one cites the other, need not hold of (v, u).

    Parameters
    ----------
    aspect : the aspect that `rank` orders by, from 0; it can be set after `fit`, which learns all.
    negative_ratio : pairs at random that `y` does not name for each pair that shares an aspect, at least 0; 0 where
        pairs that share nothing are named with the grade 0, or pairs that are not named may share something.
    hidden : units of the layer, at least 1.
    dropout : share of the units that is left out in training, from 0 to below 1.
    n_epochs : passes over the pairs, at least 0.
    batch_size : pairs of a step, at least 1.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    weight_decay : of AdamW, at least 0.
    random_state : seed of the pairs at random, of the first weights and of the order of pairs.

    Attributes
    ----------
    weights_ : (hidden, 4 d) and (n_aspects, hidden), of the layer and of the outputs.
    biases_ : (hidden,) and (n_aspects,).
    mean_ : (d,) what is taken from each vector first.
    scale_ : by what the rest is divided.
    losses_ : (n_epochs,) the mean binary cross-entropy of a pair and aspect in each epoch.

    References
    ----------
    Ostendorff, Ruas, Blume, Gipp, Rehm (2020). Aspect-based Document Similarity for Research Papers. COLING.
    arXiv:2010.06395.

    Ostendorff, Ruas, Schubotz, Rehm, Gipp (2020). Pairwise Multi-Class Document Classification for Semantic Relations
    between Wikipedia Articles. JCDL. arXiv:2003.09881.

    Examples
    --------
    Each item has one of three forms and one of three colours. Pairs of the same form have the grade 1, of the same
    colour 2, and of both 3. Of new items, one shares the query's form, the next its colour, one both, one nothing:

    >>> from inlay.core.values import Hits
    >>> rng = np.random.default_rng(0)
    >>> def items(form, colour):
    ...     told = np.hstack([np.eye(3)[form], np.eye(3)[colour]])
    ...     return np.float32(told + rng.normal(scale=0.1, size=told.shape))
    >>> form, colour = rng.integers(3, size=(2, 100))
    >>> X = items(form, colour)
    >>> y = [{j: (form[i] == form[j]) + 2 * (colour[i] == colour[j]) for j in range(0, 100, 4)} for i in range(100)]
    >>> known = Search(Hits(np.zeros((100, 1)), np.zeros((100, 1))), Q=X, X=X)
    >>> matcher = AspectMatcher(hidden=32, negative_ratio=0, learning_rate=0.01).fit(known, y)
    >>> search = Search(Hits([[0, 1, 2, 3]], np.zeros((1, 4))), Q=items([0], [0]), X=items([0, 1, 0, 1], [1, 0, 0, 2]))
    >>> (matcher.aspects(search) > 0.5).astype(int).tolist()
    [[[1, 0], [0, 1], [1, 1], [0, 0]]]
    """

    paper: ClassVar[str] = "ostendorff2020aspect"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[NDArray[np.float32]]
    biases_: list[NDArray[np.float32]]
    mean_: NDArray[np.float32]
    scale_: float
    losses_: NDArray[np.float64]

    def __init__(
        self,
        aspect: int = 0,
        *,
        negative_ratio: float = 0.5,
        hidden: int = 512,
        dropout: float = 0.1,
        n_epochs: int = 5,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.aspect = aspect
        self.negative_ratio = negative_ratio
        self.hidden = hidden
        self.dropout = dropout
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(hidden=6, n_epochs=3, learning_rate=0.01)
        yield cls(1, negative_ratio=2.0, hidden=3, dropout=0.0, n_epochs=1, batch_size=4, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from pairs whose aspects are known.

        Parameters
        ----------
        search : any search with `Q` and `X`.
        y : for each query a mapping of rows to grades. A grade is a whole number whose bits are the aspects that query
            and row share, the sum of ``2 ** aspect``: 1 is aspect 0 alone, 2 aspect 1, 3 both, and 0 none. What is not
            named shares none.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, `y` or a member of the search is missing, or the network does not come to
            finite numbers.
        ShapeError
            If there is not one mapping for each query, it names a row that `X` lacks, or a vector is not finite.
        DataError
            If a grade is not such a number, or no pair shares an aspect.
        """
        self._check_parameters()
        search.need("AspectMatcher", "Q", "X")
        X = as_vectors(np.asarray(search.X), "X")
        Q = as_vectors(np.asarray(search.Q), "Q", dim=X.shape[1])
        pairs, grades = _pairs_of(judgments("AspectMatcher", len(Q), y, n_rows=len(X)))
        apart = self._apart(pairs, int((grades > 0).sum()), len(Q), len(X))
        pairs, grades = np.concatenate([pairs, apart]), np.concatenate([grades, np.zeros(len(apart), np.int64)])
        shared = (grades[:, None] >> np.arange(int(grades.max()).bit_length()) & 1).astype(bool)
        mean = X.mean(axis=0)
        scale = max(float(np.sqrt(np.mean((X - mean).astype(np.float64) ** 2))), 1e-12)
        network, losses = load("inlay.nn.aspect_matcher", extra="nn", purpose="AspectMatcher").learn(
            *((Z - mean) / np.float32(scale) for Z in (Q, X)),
            pairs,
            shared,
            hidden=self.hidden,
            dropout=self.dropout,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        layers = (network.joint, network.head)
        weights = [layer.weight.detach().numpy().copy() for layer in layers]
        biases = [layer.bias.detach().numpy().copy() for layer in layers]
        if not all(np.isfinite(part).all() for part in (*weights, *biases)):
            raise ParameterError(
                f"AspectMatcher did not come to finite numbers; lower learning_rate, which is {self.learning_rate}."
            )
        self.mean_, self.scale_, self.weights_, self.biases_ = mean, scale, weights, biases
        self.losses_ = np.array(losses, np.float64)
        return self

    def aspects(self, search: Search) -> FloatArray:
        """Return the probability that each hit shares each aspect with its query, (n queries, k, n_aspects).

        The hits stand as in the search that is given; where there is none, all probabilities are zero.

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
        dim, n_outputs = len(self.mean_), len(self.biases_[1])
        odds = of_pairs(search, "AspectMatcher", self._log_odds, dim=dim, width=self._width(), n_outputs=n_outputs)
        shares: FloatArray = expit(odds)
        return shares

    def rank(self, search: Search) -> Search:
        """Order the hits by the log-odds that they share the aspect with the query.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If there is no such aspect, or the search has no `Q` or no `X`.
        ShapeError
            If vectors have another dimension than in `fit`, or are not finite.
        """
        self._check_fitted()
        n = len(self.biases_[1])
        if not isinstance(self.aspect, int | np.integer) or not 0 <= self.aspect < n:
            raise ParameterError(f"aspect must be from 0 to {n - 1}, those of fit, got {self.aspect!r}.")

        def score(Q: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
            return self._log_odds(Q, X)[:, self.aspect]

        return search.found(scored(search, "AspectMatcher", score, dim=len(self.mean_), width=self._width()))

    def _log_odds(self, Q: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
        (joint, head), (before, last) = self.weights_, self.biases_
        U, V = (Q - self.mean_) / self.scale_, (X - self.mean_) / self.scale_
        together = np.concatenate([U, V, np.abs(U - V), U * V], axis=1)
        units = np.maximum(together @ joint.T.astype(np.float64) + before, 0)
        odds: NDArray[np.float64] = units @ head.T.astype(np.float64) + last
        return odds

    def _width(self) -> int:
        return sum(self.weights_[0].shape) + len(self.biases_[1])

    def _apart(self, pairs: IdArray, n_alike: int, n_queries: int, n_rows: int) -> IdArray:
        """Draw pairs of a query and a row that is not named for it."""
        rng = np.random.default_rng(self.random_state)
        wanted = int(np.ceil(self.negative_ratio * n_alike))
        drawn = np.column_stack([rng.integers(n, size=wanted) for n in (n_queries, n_rows)])
        named = np.isin(drawn[:, 0] * n_rows + drawn[:, 1], pairs[:, 0] * n_rows + pairs[:, 1])
        return drawn[~named].astype(np.int64)

    def _check_parameters(self) -> None:
        counts = {"hidden": 1, "n_epochs": 0, "batch_size": 1}
        check_numbers(
            self,
            at_least={"negative_ratio": 0, "dropout": 0, "weight_decay": 0, **counts},
            above={"learning_rate": 0},
            below={"dropout": 1},
        )


def _pairs_of(y: Grades) -> tuple[IdArray, IdArray]:
    """Return the pairs that `y` names, (n pairs, 2), and the grade of each."""
    pairs = np.array([(i, row) for i, grades in enumerate(y) for row in grades], np.int64).reshape(-1, 2)
    grades = np.array([grade for grades in y for grade in grades.values()], np.float64)
    wrong = ~((grades >= 0) & (grades < 2**_MOST) & (grades == np.floor(grades)))
    if wrong.any():
        i, row = pairs[wrong.argmax()]
        raise DataError(
            f"y[{i}] has the grade {grades[wrong.argmax()]} for row {row}; a grade is a whole number from 0, the sum "
            f"of 2 ** aspect over the aspects that are shared, of which there are at most {_MOST}."
        )
    if not (grades > 0).any():
        raise DataError(f"No pair in y shares an aspect: all {len(grades)} grades are 0.")
    return pairs, grades.astype(np.int64)
