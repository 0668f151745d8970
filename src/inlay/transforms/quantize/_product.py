"""What product quantisers share: vectors cut into parts, and the numbers of the nearest centroids of the parts."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._codes import Bytes, checked, joined, packed, unpacked
from ._lloyd import nearest


def check_parts(n_subvectors: int, n_iter: int, dim: int) -> None:
    """Refuse a number of parts that vectors cannot be cut into, or of steps below one."""
    if n_iter < 1:
        raise ParameterError(f"n_iter must be at least 1, got {n_iter}.")
    if not 1 <= n_subvectors <= dim:
        raise ParameterError(
            f"n_subvectors must lie between 1 and the number of dimensions, got {n_subvectors} for n_features={dim}."
        )


def parts(X: FloatArray, m: int) -> FloatArray:
    """Return (n, d) vectors as (n, m, d / m rounded up), filled with zeros at the end."""
    n, d = X.shape
    short = -d % m
    if short:
        X = np.pad(X, ((0, 0), (0, short)))
    return np.ascontiguousarray(X).reshape(n, m, -1)


def encode(X: FloatArray, centroids: FloatArray, bits: int) -> Bytes:
    """Turn (n, d) vectors into packed numbers of the nearest centroids."""
    return packed(nearest(parts(X, len(centroids)), centroids), bits)


def decode(C: ArrayLike, centroids: FloatArray, bits: int) -> FloatArray:
    """Turn packed numbers into (n, m * width of a part) vectors."""
    m = len(centroids)
    codes = _known(C, centroids, bits)
    numbers: NDArray[np.uint8] = unpacked(codes, bits, m)
    return np.ascontiguousarray(centroids[np.arange(m), numbers].reshape(len(codes), -1))


def search(
    Q: ArrayLike,
    C: ArrayLike,
    centroids: FloatArray,
    bits: int,
    k: int,
    *,
    dim: int,
    turn: Callable[[FloatArray], FloatArray] = lambda Q: Q,
) -> Hits:
    """Find the best `k` of (n, m) codes for each of the (n queries, dim) vectors, which `turn` turns as those coded."""
    queries, codes = as_vectors(Q, "Q", dim=dim), _known(C, centroids, bits)
    scan = load("inlay.transforms.quantize._tables", extra="quantize", purpose="Searching codes").search
    hits: Hits = scan(lambda some: tables(turn(some), centroids, bits), queries, codes, k)
    return hits


def _known(C: Any, centroids: FloatArray, bits: int) -> Bytes:
    m, size = centroids.shape[:2]
    codes = checked(C, -(-m * bits // 8))
    if size < 256 and bits == 8 and codes.size and codes.max() >= size:
        raise ShapeError(f"Codes must be below {size}, got {codes.max()}.")
    return codes


def tables(Q: FloatArray, centroids: FloatArray, bits: int) -> FloatArray:
    """Return the inner products of the parts of queries with the centroids, (n queries, bytes, 256)."""
    # One by one, for a product of all queries at once would round one query otherwise with others beside it.
    one_by_one = [np.matmul(centroids, part[:, :, None])[:, :, 0] for part in parts(Q, len(centroids))]
    return joined(np.stack(one_by_one), bits)
