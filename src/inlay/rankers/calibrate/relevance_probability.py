"""Scores as probabilities of relevance, learned from judgments."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import ParameterError
from inlay.core.judgments import judgments, relevant_hits
from inlay.core.values import Hits, Search

from ._kept import kept, there
from ._platt import platt

INPUTS = ("score", "place", "margin")
NEXT = 10  # hits that follow, of which "margin" takes the mean
METHODS = ("logistic", "isotonic")


class RelevanceProbability(Ranker):
    r"""Turn scores into probabilities that a hit is relevant, so that "nothing relevant" is an answer.

    With the method "logistic" the probability of a hit with the inputs :math:`f` is that of Platt (1999),

    .. math:: P(\text{relevant} \mid f) = \frac{1}{1 + \exp(-(\langle w, f \rangle + b))}

    fitted to the hits of judged queries by maximum likelihood, a hit of a grade above 0 with the target
    :math:`(N_+ + 1) / (N_+ + 2)` and any other with :math:`1 / (N_- + 2)`, so that no probability runs to 0 or 1. Platt
    has the score as the only input. Its place in the list says, beside it, what the score of one query is worth
    against those of another. "isotonic" is the rising step function of Zadrozny and Elkan (2002) over
    :math:`\langle w, f \rangle`: it needs no form of the curve, but some thousand judged hits.

    Any list will do, be its scores cosines, BM25 or fused ones, but the one that is ranked has to be made as the one
    was that it was fitted on: by the same model, over a corpus of the same kind. Use it where a score has to mean the
    same in all queries: to drop what is probably irrelevant, or to mix lists. `ConformalThreshold` promises instead
    how often the relevant hit is kept; `CosineAdapter` learns to read the score by the vector of the query.

    A hit that is not named in the judgments counts as not relevant. Queries without a relevant row may be among those
    of `fit`, and teach it where nothing is to be found. Hits come back in the order of their probabilities, equal ones
    in the order in which they came; a hit with the score -inf counts as none.

    Parameters
    ----------
    method : "logistic" or "isotonic".
    inputs : what is read of a hit, of "score"; "place", the logarithm of its place, 1 for the first; and "margin", how
        much its score is above the mean of the 10 that follow, which asks for lists as long as those of `fit`.
    threshold : hits of a lower probability are dropped; between 0 and 1.

    Attributes
    ----------
    coef_ : (n inputs,) w.
    intercept_ : b.
    steps_ : (2, m) logits and the probabilities there, joined by lines, of "isotonic"; (2, 0) else.
    n_ : judged hits.

    References
    ----------
    Platt (1999). Probabilistic Outputs for Support Vector Machines and Comparisons to Regularized Likelihood Methods.
    Advances in Large Margin Classifiers, MIT Press.
    Zadrozny, Elkan (2002). Transforming Classifier Scores into Accurate Multiclass Probability Estimates. KDD.

    Examples
    --------
    >>> scores = np.random.default_rng(0).normal(size=(200, 1)) + [3.0, 0.0]
    >>> search = Search(Hits(np.tile([0, 1], (200, 1)), -np.sort(-scores)))
    >>> y = [{0: 1} if row[0] > 2.5 else {} for row in scores]
    >>> ranker = RelevanceProbability(inputs=["score"], threshold=0.5).fit(search, y)
    >>> asked = Hits([[7, 4], [3, 5]], [[4.0, 0.0], [1.0, 0.0]])
    >>> hits = ranker.rank(Search(asked)).hits
    >>> hits.ids.tolist(), bool(hits.scores[0, 0] > 0.9)
    ([[7, -1], [-1, -1]], True)
    """

    paper: ClassVar[str] = "platt1999probabilistic"

    coef_: NDArray[np.float64]
    intercept_: float
    steps_: NDArray[np.float64]
    n_: int

    def __init__(
        self,
        method: Literal["logistic", "isotonic"] = "logistic",
        *,
        inputs: Sequence[str] = ("score", "place"),
        threshold: float = 0.0,
    ) -> None:
        self.method = method
        self.inputs = inputs
        self.threshold = threshold

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls("isotonic", inputs=("score",))
        yield cls(inputs=INPUTS, threshold=0.1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from the hits of judged queries.

        Parameters
        ----------
        search : hits as they will be ranked later.
        y : for each query the grades of rows; relevant is what has a grade above 0.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, there are no judgments, or the hits are all relevant or none of them is.
        ShapeError
            If there are judgments for another number of queries, or a score is infinite.
        """
        self._check_parameters()
        hits = search.hits
        y = judgments("RelevanceProbability", len(hits), y)
        real = there(hits)
        F, good = _inputs(hits, real, self.inputs)[real], relevant_hits(hits.ids, y)[real]
        self.coef_, self.intercept_ = platt("RelevanceProbability", F, good)
        self.steps_ = np.empty((2, 0))
        if self.method == "isotonic":
            steps = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(self._logits(F), good)
            self.steps_ = np.stack([steps.X_thresholds_, steps.y_thresholds_])
        self.n_ = len(good)
        return self

    def rank(self, search: Search) -> Search:
        """Return the hits with their probabilities as scores, without those below the threshold.

        Raises
        ------
        ParameterError
            If a parameter is not allowed.
        ShapeError
            If a score is infinite.
        """
        self._check_fitted()
        self._check_parameters()
        real = there(search.hits)
        logits = self._logits(_inputs(search.hits, real, self.inputs))
        P = (np.interp(logits, *self.steps_) if self.steps_.shape[1] else expit(logits)).astype(np.float32)
        return search.found(kept(search.hits, real & (np.float32(self.threshold) <= P), P))

    def _logits(self, F: NDArray[np.float64]) -> NDArray[np.float64]:
        # Summed input by input, so that a hit's logit does not depend on how many there are.
        out = np.full(F.shape[:-1], self.intercept_)
        for i, weight in enumerate(self.coef_):
            out += weight * F[..., i]
        return out

    def _check_parameters(self) -> None:
        if self.method not in METHODS:
            raise ParameterError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}.")
        names = list(self.inputs)
        if not names or len(set(names)) < len(names) or not set(names) <= set(INPUTS):
            raise ParameterError(f"inputs must be some of {', '.join(INPUTS)}, each once, got {self.inputs!r}.")
        if not 0 <= self.threshold <= 1:
            raise ParameterError(f"threshold must be between 0 and 1, got {self.threshold!r}.")


def _inputs(hits: Hits, real: NDArray[np.bool_], names: Sequence[str]) -> NDArray[np.float64]:
    """Return (n queries, k, n inputs) what is read of each hit; of places that hold none it means nothing."""
    scores, k = np.where(real, hits.scores, 0.0).astype(np.float64), hits.k
    found = {"score": scores, "place": np.broadcast_to(np.log1p(np.arange(k)), scores.shape)}
    if "margin" in names:
        # Sums of the hits behind each place, as differences of running ones.
        sums, counts = (np.cumsum(np.pad(part, ((0, 0), (1, NEXT))), axis=1) for part in (scores, real.astype(float)))
        n_next = counts[:, NEXT + 1 :] - counts[:, 1 : k + 1]
        mean = (sums[:, NEXT + 1 :] - sums[:, 1 : k + 1]) / np.maximum(n_next, 1)
        found["margin"] = np.where(n_next > 0, scores - mean, 0.0)
    return np.stack([found[name] for name in names], axis=2)
