"""A probabilistic adapter: how sure a frozen vector is, learned from pairs."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaln
from sklearn.isotonic import IsotonicRegression

from inlay.core.contracts import Transform
from inlay.core.errors import ShapeError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors, normalize


class ProbabilisticAdapter(Transform):
    r"""Leave the vectors of a frozen encoder as they are, and learn from pairs how uncertain each of them is.

    A small network gives to each vector :math:`z` a generalised Gaussian in every dimension, with the mean
    :math:`\hat z`, the scale :math:`\alpha` and the shape :math:`\beta`, under which the vector itself and its partner
    :math:`z'` in the other space are likely. It minimises

    .. math:: L(z) + \lambda L(z'), \qquad L(u) = \left(\frac{|u - \hat z|}{\alpha}\right)^{\beta}
              - \log \frac{\beta}{\alpha} + \log \Gamma(1 / \beta).

    The variance :math:`\alpha^2 \Gamma(3/\beta) / \Gamma(1/\beta)` is what the data leave open, and the variance of
    :math:`\hat z` under dropout what the adapter does not know; their sum, averaged over the dimensions, is the
    uncertainty. A part of the pairs is held out, and an isotonic regression on it turns that number into the cosine
    distance from the partner that is to be expected, which can be read.

    The paper's loss over both sides falls apart into one term for each; this adapter is that of the side of `X`, and
    ``ProbabilisticAdapter().fit(Y, X)`` is that of the other. The paper weighs the partner by 0.0001, which is right
    where :math:`\hat z` has to rebuild the vector; here it starts as the vector itself, at no distance from which no
    spread can be learned, so that the partner counts ten times as much.

    Use it to know which queries will fail before they are asked, or which items are vague. It needs pairs of the same
    things, such as captions or paraphrases, in one space.

    Parameters
    ----------
    hidden : units of each of the two layers; at least 1.
    cross_weight : :math:`\lambda`, at least 0.
    dropout : share of units that are left out, from 0 to below 1.
    n_passes : passes under dropout for what the adapter does not know; 0 leaves that out.
    held_out : share of the pairs that the calibration is learned from, between 0 and 1.
    n_epochs : passes over the other pairs.
    batch_size : pairs of a step.
    learning_rate : at the start; it falls to zero along a cosine.
    random_state : seed of the network, of the order of pairs, of dropout, and of which pairs are held out.

    Attributes
    ----------
    weights_, biases_ : of the three layers; the last gives shift, logarithm of the scale, and shape, (3 d, hidden).
    levels_ : (m,), logarithms of the uncertainty before calibration, rising.
    distances_ : (m,), the cosine distance that is expected at each.

    References
    ----------
    Upadhyay, Karthik, Mancini, Akata (2023). ProbVLM: Probabilistic Adapter for Frozen Vision-Language Models. ICCV.
    arXiv:2307.00398.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 4))
    >>> Y = X + rng.normal(size=(400, 4)) * np.where(X[:, :1] > 0, 1.0, 0.1)  # the partners of half of them are vague
    >>> adapter = ProbabilisticAdapter(hidden=16, batch_size=16).fit(X, Y)
    >>> vague, clear = adapter.uncertainty(X[X[:, 0] > 0]).mean(), adapter.uncertainty(X[X[:, 0] < 0]).mean()
    >>> bool(vague > 1.5 * clear)
    True
    """

    paper: ClassVar[str] = "upadhyay2023probvlm"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[FloatArray]
    biases_: list[FloatArray]
    levels_: NDArray[np.float64]
    distances_: NDArray[np.float64]

    def __init__(
        self,
        hidden: int = 256,
        *,
        cross_weight: float = 10.0,
        dropout: float = 0.3,
        n_passes: int = 10,
        held_out: float = 0.2,
        n_epochs: int = 20,
        batch_size: int = 64,
        learning_rate: float = 3e-3,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.cross_weight = cross_weight
        self.dropout = dropout
        self.n_passes = n_passes
        self.held_out = held_out
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(hidden=4, n_epochs=2)
        yield cls(hidden=3, n_epochs=1, dropout=0.0, n_passes=0, cross_weight=0.1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn from pairs.

        Parameters
        ----------
        X : (n, d) vectors, at least 5.
        y : (n, d) vectors; row i is the partner of row i of `X`.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` or `y` is not finite numbers, or they have not the same shape.
        """
        self._check_parameters()
        X = validated(self, X, fit=True)
        if y is None:
            raise ShapeError("ProbabilisticAdapter needs y, the partners of the vectors: fit(X, y).")
        Y = as_vectors(y, "y", dim=X.shape[1])
        if len(Y) != len(X) or len(X) < 5:
            raise ShapeError(f"fit needs at least 5 pairs and a row of y for each of X, got {len(X)} and {len(Y)}.")
        order = np.random.default_rng(self.random_state).permutation(len(X))
        n_held = min(max(2, round(self.held_out * len(X))), len(X) - 2)
        held, rest = order[:n_held], order[n_held:]
        torch = load("torch", extra="nn", purpose="ProbabilisticAdapter")
        from inlay.nn.probabilistic import Adapter, learn

        adapter = learn(
            lambda: Adapter(X.shape[1], self.hidden, self.dropout),
            torch.tensor(X[rest]),
            torch.tensor(Y[rest]),
            cross_weight=self.cross_weight,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        layers = (adapter.first, adapter.second, adapter.heads)
        self.weights_ = [layer.weight.detach().numpy() for layer in layers]
        self.biases_ = [layer.bias.detach().numpy() for layer in layers]
        level = np.log(self.variance(X[held]))
        distance = 1.0 - np.vecdot(normalize(X[held]), normalize(Y[held])).astype(np.float64)
        fitted = IsotonicRegression().fit_transform(level, distance)
        # One point for each step, at the mean of its levels, with lines between: ranks survive the calibration.
        self.distances_, step = np.unique(fitted, return_inverse=True)
        self.levels_ = np.bincount(step, level) / np.bincount(step)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the vectors as they are, (n, d) float32: what is found with them does not change."""
        self._check_fitted()
        return validated(self, X, fit=False).copy()

    def uncertainty(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the cosine distance that is expected between each vector and its partner, (n,)."""
        return np.asarray(np.interp(np.log(self.variance(X)), self.levels_, self.distances_))

    def variance(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the uncertainty before calibration, (n,): the mean variance of a dimension."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        _, scale, shape = self._parameters(X, None)
        spread = np.exp(2 * scale + gammaln(3 / shape) - gammaln(1 / shape)).mean(axis=1)
        if not self.n_passes or not self.dropout:
            return np.asarray(spread)
        # The same units are left out for all rows, so that no row depends on the others.
        rng = np.random.default_rng(self.random_state)
        kept = rng.random((self.n_passes, 2, self.hidden)) >= self.dropout
        means = np.stack([self._parameters(X, masks / (1 - self.dropout))[0] for masks in kept])
        return np.asarray(spread + means.var(axis=0).mean(axis=1))

    def _parameters(self, X: FloatArray, masks: NDArray[np.float64] | None) -> tuple[NDArray[Any], ...]:
        """Return mean, logarithm of the scale, and shape, as the network of `inlay.nn.probabilistic` has them."""
        units = X.astype(np.float64)
        for number in (0, 1):
            units = np.maximum(units @ self.weights_[number].T + self.biases_[number], 0)
            units = units if masks is None else units * masks[number]
        shift, scale, shape = np.split(units @ self.weights_[2].T + self.biases_[2], 3, axis=1)
        return X + shift, np.clip(scale - 3, -7, 2), 0.5 + 2.5 * expit(shape)

    def _check_parameters(self) -> None:
        counts = {"hidden": 1, "n_passes": 0, "n_epochs": 0, "batch_size": 1}
        check_numbers(
            self,
            at_least={**counts, "cross_weight": 0, "dropout": 0},
            above={"held_out": 0, "learning_rate": 0},
            below={"dropout": 1, "held_out": 1},
        )
