"""What several transforms of this folder ask of their input."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import classes_of
from inlay.core.values import FloatArray


def check_dim(dim: int, X: FloatArray, *, rows: bool = False) -> None:
    """Refuse a `dim` that is less than 1 or more than the columns of `X`; with `rows`, than its rows as well."""
    n, d = X.shape
    if not 1 <= dim <= d:
        raise ParameterError(f"dim must be from 1 to the number of columns, got {dim} for n_features={d}.")
    if rows and dim > n:
        raise ParameterError(f"dim must be at most the number of rows, got {dim} for n_samples={n}.")


def check_rows(X: FloatArray, least: int, why: str) -> None:
    """Refuse fewer rows than `least`."""
    if len(X) < least:
        raise ShapeError(f"{why} needs at least {least} rows, got n_samples={len(X)}.")


def class_numbers(y: ArrayLike | None, X: FloatArray) -> tuple[NDArray[np.int64], int]:
    """Return the number of the class of each row, and how many classes there are, at least two."""
    classes, numbers = classes_of(y, len(X))
    if len(classes) < 2:
        raise ShapeError(f"y must have at least two classes, got {len(classes)} class.")
    return numbers, len(classes)
