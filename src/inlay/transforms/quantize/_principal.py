"""A map to the principal directions, turned at random so that all coordinates spread alike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from inlay.core.values import FloatArray


def principal_rotation(X: NDArray[Any], m: int, random_state: int) -> FloatArray:
    """Return (m, d) with orthonormal rows that span the m principal directions; orthonormal columns where m > d.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 3)) * [3, 2, 0]
    >>> R = principal_rotation(X, 2, random_state=0)
    >>> np.allclose(R @ R.T, np.eye(2), atol=1e-6), bool(abs(R[:, 2]).max() < 1e-6)
    (True, True)
    """
    d = X.shape[1]
    random = np.random.default_rng(random_state).normal(size=(max(m, d), max(m, d)))
    with threadpool_limits(1):  # with several threads sums are rounded otherwise, and directions turn that are alike
        if m > d:
            return np.asarray(np.linalg.qr(random)[0][:, :d], np.float32)
        principal = np.linalg.eigh(X.T @ X)[1][:, ::-1][:, :m].T
        return np.asarray(np.linalg.qr(random[:m, :m])[0] @ principal, np.float32)
