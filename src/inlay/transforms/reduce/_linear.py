"""Linear maps with a mean to take off."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray


def project(X: FloatArray, components: NDArray[np.float32], mean: NDArray[np.float32] | None = None) -> FloatArray:
    """Return ``(X - mean) @ components.T``, summed in float64, so that neighbouring rows and threads do not matter.

    Examples
    --------
    >>> project(np.float32([[3, 1]]), np.float32([[1, 1]]), np.float32([1, 0])).tolist()
    [[3.0]]
    """
    centred = X.astype(np.float64) if mean is None else X - mean.astype(np.float64)
    return np.asarray(centred @ components.T.astype(np.float64), np.float32)
