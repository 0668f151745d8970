"""The Cosine Adapter: cosines as probabilities of relevance, by the vector of the query."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.judgments import judgments, relevant_hits
from inlay.core.parameters import check_numbers
from inlay.core.values import Search
from inlay.core.vectors import as_vectors

from ._kept import kept, there
from ._platt import platt

SHIFT = 0.1  # what one unit of the network shifts the cosine of probability one half
POWERS: dict[str, float | None] = {"linear": 1.0, "square_root": 0.5, "quadratic": 2.0, "power": None}


class CosineAdapter(Ranker):
    r"""Turn cosines into probabilities of relevance by a mapping that depends on the query, and drop those below one.

    A cosine of 0.5 is much for one query and little for another. A network of one hidden layer makes of the query
    vector :math:`q` the numbers :math:`a, b, k` of the mapping of its cosines :math:`x`,

    .. math:: P(\text{relevant} \mid q, x) = \sigma(F(x)), \qquad F(x) = \operatorname{sgn}(x)\, a\, |x|^k + b

    with :math:`a > 0`, so that the order of a query's hits stays, and :math:`0 < k < 2`; "linear", "square_root" and
    "quadratic" hold :math:`k` at 1, 1/2 and 2. It learns from judged hits by binary cross-entropy, while the vectors
    stay as they are. One threshold for all queries then filters: many hits are left of a query with many good ones,
    and none where there are none.

    Use it where thousands of judged queries are at hand and queries to come are like them. With a few hundred it is
    still ahead of a threshold on the cosine, but not of a fixed number of hits where nearly all that is relevant has
    to be kept. `RelevanceProbability` learns one mapping for all queries, of any score, from a few dozen.

    The network starts as one mapping for all queries, the fit of Platt, and learns how they differ from it; the paper
    starts from random numbers. A hit that is not named in the judgments counts as not relevant.

    Parameters
    ----------
    mapping : "linear", "square_root", "quadratic" or "power".
    threshold : hits of a lower probability are dropped; between 0 and 1.
    hidden : units of the hidden layer, at least 1.
    n_epochs : passes over the judged queries, at least 0.
    batch_size : queries in a step, at least 1.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    weight_decay : of AdamW, at least 0.
    random_state : seed of the first weights and of the order of the queries.

    Attributes
    ----------
    weights_ : (hidden, d) and (3, hidden), of the two layers.
    biases_ : (hidden,) and (3,).
    start_ : (2,) the slope with which all queries start, and the cosine, raised to the power, of probability one half.
    losses_ : (n_epochs,) the mean binary cross-entropy of a hit in each epoch.

    References
    ----------
    Rossi, Lin, Liu, Yang, Lee, Magnani, Liao (2024). Relevance Filtering for Embedding-based Retrieval. CIKM.
    arXiv:2408.04887.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> rng = np.random.default_rng(0)
    >>> Q = np.float32(np.repeat(np.eye(2), 200, axis=0))  # two kinds of queries; those of one have lower cosines
    >>> cosines = -np.sort(-rng.uniform(0, 1, size=(400, 5)))
    >>> hits = Hits(np.tile(np.arange(5), (400, 1)), cosines)
    >>> y = [{j: 1 for j in range(5) if x[j] > (0.3 if q[0] else 0.7)} for q, x in zip(Q, cosines)]
    >>> adapter = CosineAdapter("linear", threshold=0.5, hidden=8, n_epochs=60, learning_rate=0.02)
    >>> _ = adapter.fit(Search(hits, Q=Q), y)
    >>> asked = Hits([[0, 1, 2], [0, 1, 2]], [[0.9, 0.5, 0.1], [0.9, 0.5, 0.1]])
    >>> adapter.rank(Search(asked, Q=np.eye(2, dtype=np.float32))).hits.ids.tolist()
    [[0, 1, -1], [0, -1, -1]]
    """

    paper: ClassVar[str] = "rossi2024relevance"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[NDArray[np.float32]]
    biases_: list[NDArray[np.float32]]
    start_: NDArray[np.float64]
    losses_: NDArray[np.float64]

    def __init__(
        self,
        mapping: Literal["linear", "square_root", "quadratic", "power"] = "power",
        *,
        threshold: float = 0.0,
        hidden: int = 256,
        n_epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 3e-4,
        weight_decay: float = 0.1,
        random_state: int = 0,
    ) -> None:
        self.mapping = mapping
        self.threshold = threshold
        self.hidden = hidden
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(hidden=4, n_epochs=3, learning_rate=0.05)
        yield cls("square_root", threshold=0.05, hidden=3, n_epochs=1, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from the hits of judged queries.

        Parameters
        ----------
        search : hits whose scores are cosines, with the query vectors `Q`.
        y : for each query the grades of rows; relevant is what has a grade above 0.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, the search has no `Q`, there are no judgments, the hits are all relevant or
            none of them is, or the network does not come to finite numbers.
        ShapeError
            If there are judgments for another number of queries, or a number is not finite.
        """
        self._check_parameters()
        search.need("CosineAdapter", "Q")
        y = judgments("CosineAdapter", len(search.hits), y)
        Q, real, good = as_vectors(np.asarray(search.Q), "Q"), there(search.hits), relevant_hits(search.hits.ids, y)
        x = np.where(real, search.hits.scores, 0).astype(np.float32)
        power = POWERS[self.mapping]
        raised = np.sign(x) * np.abs(x) ** (power or 1.0)
        slope, offset = platt("CosineAdapter", raised[real].astype(np.float64)[:, None], good[real])
        # Where a better cosine seems to be worse by the judgments, the network starts with next to no slope.
        a = max(float(slope[0]), 1e-2)
        start = np.array([a, -offset / a])
        mean, spread = Q.mean(axis=0), max(float(Q.std()), 1e-12)
        network = load("inlay.nn.cosine_adapter", extra="nn", purpose="CosineAdapter")
        mapping, losses = network.learn(
            (Q - mean) / np.float32(spread),
            x,
            (good & real).astype(np.float32),
            real,
            hidden=self.hidden,
            slope=start[0],
            middle=start[1],
            step=SHIFT,
            power=power,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        first, heads = ((part.weight.detach().numpy(), part.bias.detach().numpy()) for part in mapping.children())
        # The scaling of the queries becomes part of the first layer.
        weights = [first[0] / np.float32(spread), heads[0].copy()]
        biases = [first[1] - weights[0] @ mean, heads[1].copy()]
        if not all(np.isfinite(part).all() for part in (*weights, *biases)):
            raise ParameterError(
                f"CosineAdapter did not come to finite numbers; lower learning_rate, which is {self.learning_rate}."
            )
        self.start_, self.weights_, self.biases_, self.losses_ = start, weights, biases, np.array(losses)
        return self

    def rank(self, search: Search) -> Search:
        """Return the hits with their probabilities as scores, without those below the threshold.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, or the search has no `Q`.
        ShapeError
            If `Q` has another dimension than in `fit`, or a number is not finite.
        """
        self._check_fitted()
        self._check_parameters()
        search.need("CosineAdapter", "Q")
        real = there(search.hits)
        x = np.where(real, search.hits.scores, 0).astype(np.float64)
        a, b, k = np.split(self.parameters(np.asarray(search.Q)), 3, axis=1)
        P = expit(np.sign(x) * a * np.abs(x) ** k + b).astype(np.float32)
        return search.found(kept(search.hits, real & (np.float32(self.threshold) <= P), P))

    def parameters(self, Q: ArrayLike) -> NDArray[np.float64]:
        """Return a, b and k of the mapping of each of (n, d) query vectors, (n, 3).

        Raises
        ------
        ShapeError
            If `Q` has another dimension than in `fit`.
        """
        self._check_fitted()
        dim = self.weights_[0].shape[1]
        units = np.maximum(as_vectors(Q, "Q", dim=dim).astype(np.float64) @ self.weights_[0].T + self.biases_[0], 0)
        slope, shift, power = (units @ self.weights_[1].T + self.biases_[1]).T
        a = self.start_[0] * np.exp(slope)
        held = POWERS[self.mapping]
        k = 2 * expit(power) if held is None else np.full(len(a), held)
        return np.stack([a, -a * (self.start_[1] + SHIFT * shift), k], axis=1)

    def _check_parameters(self) -> None:
        if self.mapping not in POWERS:
            raise ParameterError(f"mapping must be one of {', '.join(POWERS)}, got {self.mapping!r}.")
        check_numbers(
            self,
            at_least={"threshold": 0, "hidden": 1, "n_epochs": 0, "batch_size": 1, "weight_decay": 0},
            above={"learning_rate": 0},
            at_most={"threshold": 1},
        )
