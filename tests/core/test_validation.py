"""Input is checked by scikit-learn and refused with Inlay's errors."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from inlay.core.errors import ShapeError, UnsupportedError
from inlay.core.validation import validated


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
