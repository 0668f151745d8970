"""How near rows are to a bank of queries, softly."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from inlay.core.blocks import products
from inlay.core.values import FloatArray


def log_mean_exp(rows: FloatArray, bank: FloatArray, temperature: float) -> NDArray[np.float64]:
    """Return ``t * log(mean_b(exp(<row, b> / t)))`` of each row, block by block, (n,)."""
    total = np.full(len(rows), -np.inf)
    for _, these, S in products(rows, bank, None):
        total[these] = np.logaddexp(total[these], logsumexp(S.astype(np.float64) / temperature, axis=1))
    return np.asarray(temperature * (total - np.log(len(bank))))
