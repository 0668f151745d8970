"""CSR matrices made block by block."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray

BLOCK = 4096  # rows that are dense at once


def by_blocks(X: FloatArray, activate: Callable[[NDArray[Any]], NDArray[Any]]) -> sparse.csr_array:
    """Return the (n, dim) activations of (n, d) vectors, float32, with zeros left out."""
    parts = [
        sparse.csr_array(activate(X[first : first + BLOCK].astype(np.float64)).astype(np.float32))
        for first in range(0, len(X), BLOCK)
    ]
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def as_rows(C: ArrayLike, dim: int) -> Any:
    """Return (n, dim) sparse codes as they are, dense ones as an array."""
    codes: Any = C if sparse.issparse(C) else np.asarray(C, np.float32)
    if codes.ndim != 2 or codes.shape[1] != dim:
        raise ShapeError(f"Codes must have the shape (n, {dim}), got {codes.shape}.")
    return codes
