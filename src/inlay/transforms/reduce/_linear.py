"""Linear maps with a mean to take off, and the way back."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors


def project(X: FloatArray, components: NDArray[np.float32], mean: NDArray[np.float32] | None = None) -> FloatArray:
    """Return ``(X - mean) @ components.T``, summed in float64, so that neighbouring rows and threads do not matter.

    Examples
    --------
    >>> project(np.float32([[3, 1]]), np.float32([[1, 1]]), np.float32([1, 0])).tolist()
    [[3.0]]
    """
    centred = X.astype(np.float64) if mean is None else X - mean.astype(np.float64)
    return np.asarray(centred @ components.T.astype(np.float64), np.float32)


def back(C: ArrayLike, components: NDArray[np.float32], mean: NDArray[np.float32] | None = None) -> FloatArray:
    """Return the (n, d) vectors nearest to the mean, or to the origin, which `project` turns into (n, dim) `C`.

    Examples
    --------
    >>> back(np.float32([[4]]), np.float32([[2, 0]]), np.float32([1, 7])).tolist()
    [[3.0, 7.0]]
    """
    coordinates = as_vectors(C, "C", dim=len(components))
    # Of directions that say the same, differences are rounding: without a limit they would be blown up.
    inverse = np.linalg.pinv(components.astype(np.float64), rcond=1e-6)
    return project(coordinates, inverse.astype(np.float32)) + (0 if mean is None else mean)
