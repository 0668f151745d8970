"""Input of scikit-learn estimators, checked by scikit-learn and refused in Inlay's words."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from .errors import ShapeError, UnsupportedError
from .values import FloatArray


def validated(method: Any, X: ArrayLike, *, fit: bool) -> FloatArray:
    """Return `X` as (n, d) float32; with `fit` remember d and the names of columns, else compare with them.

    Raises
    ------
    ShapeError
        If `X` is not two-dimensional, is empty, holds NaN or infinity, or has not the columns of `fit`.
    UnsupportedError
        If `X` is sparse.
    """
    try:
        return np.asarray(validate_data(method, X, reset=fit, dtype=np.float32))
    except TypeError as error:
        raise UnsupportedError(str(error)) from error
    except ValueError as error:
        raise ShapeError(str(error)) from error
