"""The fit of Platt (1999), which starts or makes the probabilities of this folder."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from inlay.core.errors import ParameterError


def platt(ranker: str, F: NDArray[np.float64], good: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Fit a sigmoid to (n, m) inputs by maximum likelihood, with Platt's targets in the place of 0 and 1.

    Returns
    -------
    w, b : (m,) weights and the offset, so that ``1 / (1 + exp(-(F @ w + b)))`` is the probability.
    """
    n, n_good = len(good), int(good.sum())
    if not 0 < n_good < n:
        raise ParameterError(
            f"{ranker} needs hits of both kinds: of {n} hits {n_good} are relevant by y. Search deeper, or judge more "
            "queries."
        )
    mean, spread = F.mean(axis=0), np.maximum(F.std(axis=0), 1e-12)
    targets = np.where(good, (n_good + 1) / (n_good + 2), 1 / (n - n_good + 2))
    # A target between 0 and 1 is a row of each class, weighted by it.
    model = LogisticRegression(C=np.inf, max_iter=1000, tol=1e-8).fit(
        np.tile((F - mean) / spread, (2, 1)), np.repeat([1, 0], n), np.concatenate([targets, 1 - targets])
    )
    weights = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ mean)
