"""What product quantizers share that learn from queries and their documents."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors

WARM = 10  # rounds of k-means that training starts from
BITS = 8  # of a code, whatever the number of codewords: a byte for each part


def pairs(method: Any, X: ArrayLike, y: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Return the documents and the queries, both checked, and check the parameters that quantizers share."""
    check_numbers(method, at_least={"n_subvectors": 1, "n_codewords": 2, "n_epochs": 0, "batch_size": 2})
    if method.n_codewords > 2**BITS:
        raise ParameterError(f"n_codewords must be at most 256, as a code is one byte; got {method.n_codewords}.")
    X = validated(method, X, fit=True)
    if X.shape[1] % method.n_subvectors:
        raise ParameterError(f"n_subvectors must divide the {X.shape[1]} columns of X, got {method.n_subvectors}.")
    if y is None:
        raise ShapeError("y must be the queries, (n, d): row i of y belongs to row i of X; got None.")
    queries = as_vectors(y, "y", dim=X.shape[1])
    if len(queries) != len(X):
        raise ShapeError(f"y must have a row for each of the {len(X)} rows of X, got {len(queries)}.")
    return X, queries


def start(parts: FloatArray, n_codewords: int, random_state: int) -> FloatArray:
    """Return (m, k, s) codewords by k-means."""
    from ._lloyd import kmeans

    return kmeans(parts, n_codewords, WARM, np.random.default_rng(random_state))


def rows_of(X: FloatArray) -> NDArray[np.int64]:
    """Return for each row which vector it is: equal rows have equal numbers."""
    return np.unique(X, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def small(cls: Any) -> Iterator[Any]:
    """Yield small instances for the contract checks."""
    yield cls(n_subvectors=4, n_codewords=8, n_epochs=2, batch_size=16)
    yield cls(n_subvectors=2, n_codewords=16, n_epochs=0)
