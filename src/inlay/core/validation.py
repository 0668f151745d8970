"""Input of scikit-learn estimators, checked by scikit-learn and refused in Inlay's words."""

import warnings
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

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


def classes_of(y: ArrayLike | None, n: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the sorted classes in `y`, and the number of the class of each of `n` rows.

    Raises
    ------
    ShapeError
        If `y` is None, is not one class for each row, or holds numbers with fractions, numbers beside texts, or what is
        neither.

    Examples
    --------
    >>> classes_of(["b", "a", "b"], 3)[1].tolist()
    [1, 0, 1]
    """
    if y is None:
        raise ShapeError("fit requires y to be passed, but the target y is None; give one class for each row of X.")
    if isinstance(y, list | tuple) or np.asarray(y).dtype.kind in "OS":
        # NumPy would make texts of numbers among texts, and cannot put other things in order.
        kinds = {_kind(label): label for label in np.asarray(y, dtype=object).ravel()}
        if kinds.keys() not in (set(), {"texts"}, {"numbers"}):
            got = " and ".join(f"{label!r:.60}" for label in kinds.values())
            raise ShapeError(f"y must hold labels that are all numbers or all texts, got {got}.")
        if "numbers" in kinds:  # which scikit-learn does not know as numbers in an array of objects
            y = np.array(np.asarray(y, dtype=object).tolist())
    try:
        given: Any = column_or_1d(y, warn=True)
        with warnings.catch_warnings():
            # Classes of a row each are common here, and scikit-learn takes them for numbers to be predicted.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            check_classification_targets(given)
    except ValueError as error:
        raise ShapeError(f"y must be one class for each row of X: {error}") from error
    if len(given) != n:
        raise ShapeError(f"y must have one class for each of the {n} rows of X, got {len(given)}.")
    classes, numbers = np.unique(given, return_inverse=True)
    return classes, numbers.astype(np.int64)


def _kind(label: Any) -> str:
    if isinstance(label, str):
        return "texts"
    return "numbers" if isinstance(label, Number | np.bool_) else type(label).__name__
