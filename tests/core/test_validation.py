"""Input is checked by scikit-learn and refused with Inlay's errors."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from inlay.core.errors import ShapeError, UnsupportedError
from inlay.core.validation import classes_of, validated


def test_what_is_right_becomes_float32():
    method = BaseEstimator()
    out = validated(method, [[1, 2], [3, 4]], fit=True)
    assert (out.dtype, out.tolist(), method.n_features_in_) == (np.float32, [[1, 2], [3, 4]], 2)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([1, 2], "Expected 2D array"),
        ([[1, np.nan]], "NaN"),
        ([[1, np.inf]], "infinity"),
        ([[1, 1e300]], "too large|infinity"),
        ([[1, 2, 3]], "3 features, but BaseEstimator is expecting 2"),
        ([["a", "b"]], "could not convert"),
        (np.empty((0, 2)), "minimum of 1"),
        (np.array([[1j, 2]]), "Complex"),
    ],
)
def test_what_is_wrong_is_a_shape_error(X, message):
    method = BaseEstimator()
    validated(method, [[1, 2]], fit=True)
    with pytest.raises(ShapeError, match=message), np.errstate(over="ignore"):
        validated(method, X, fit=False)


def test_sparse_is_unsupported():
    with pytest.raises(UnsupportedError, match="Sparse"):
        validated(BaseEstimator(), sparse.csr_matrix((2, 2)), fit=True)


def test_classes_are_numbered_in_their_order():
    classes, numbers = classes_of(["fox", "bee", "fox"], 3)
    assert (classes.tolist(), numbers.tolist()) == (["bee", "fox"], [1, 0, 1])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "target y is None"),
        ([0.5, 1.0, 2.0], "continuous"),
        ([0, 1], "each of the 3 rows of X, got 2"),
        ([[0, 1], [1, 0], [1, 1]], "one class for each row"),
    ],
)
def test_what_is_no_class_is_refused(y, message):
    with pytest.raises(ShapeError, match=message):
        classes_of(y, 3)
