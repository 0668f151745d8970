"""What the indexes share: how vectors are stored, and what a search accepts."""

import mmap
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from inlay.core.contracts import Where
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import as_vectors, check_finite

DTYPES = ("float32", "float16")


def stored(X: ArrayLike, dtype: str, *, dim: int | None = None) -> NDArray[Any]:
    """Return `X` as (n, d) vectors of `dtype` that nobody else changes, with `dim` columns where that is given.

    A memory-mapped or read-only array of that type is kept as it is; anything else is copied.
    """
    if dtype not in DTYPES:
        raise ParameterError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}.")
    kind = np.dtype(dtype)
    if isinstance(X, np.ndarray) and X.dtype == kind and X.ndim == 2:
        check_finite(X)
        keep = not X.flags.writeable or _mapped(X)
        out = X if keep else np.array(X, order="C")
    else:
        wide = as_vectors(X)
        with np.errstate(over="ignore"):
            out = np.array(wide, kind, order="C", copy=None if not np.may_share_memory(wide, X) else True)
        if kind == np.float16 and not np.isfinite(out).all():
            raise ShapeError("X has numbers beyond float16 (65504); normalise the vectors or use dtype='float32'.")
    if not out.shape[1]:
        raise ShapeError(f"X must have at least one column, got {out.shape}.")
    if dim is not None and out.shape[1] != dim:
        raise ShapeError(f"X must have {dim} columns, got {out.shape[1]}.")
    return out


def _mapped(X: Any) -> bool:
    """Return whether an array lies in a file; what was computed from such a one does not, though numpy calls it so."""
    while isinstance(X, np.ndarray):
        X = X.base
    return isinstance(X, mmap.mmap)


def fitted_codec(codec: Any, X: NDArray[Any], *, rescore: int, n_fit: int, random_state: int) -> Any:
    """Return a copy of a codec, fitted to at most `n_fit` rows, or say what is wrong with the parameters."""
    if not isinstance(rescore, int | np.integer) or rescore < 0 or n_fit < 1:
        raise ParameterError(
            f"rescore must be a whole number of at least 0 and n_fit at least 1, got {rescore!r}, {n_fit!r}."
        )
    rows = np.arange(len(X))
    if len(X) > n_fit:
        rows = np.sort(np.random.default_rng(random_state).choice(len(X), n_fit, replace=False))
    # Of no vectors nothing can be learned; a row of zeros tells the number of columns.
    return clone(codec).fit(X[rows] if len(X) else np.zeros((1, X.shape[1]), np.float32))


def check_kept(rescore: int, n_kept: int, n: int) -> None:
    """Refuse to compare again by full vectors where `fit` was not told to keep them."""
    if rescore and n_kept < n:
        raise ParameterError(
            f"rescore is {rescore}, but the full vectors were not kept: it was 0 when the index was fitted. Fit it "
            "again, or set rescore to 0."
        )


def queries(Q: ArrayLike, k: int, dim: int) -> tuple[FloatArray, int]:
    """Return the queries as (n, dim) float32 and `k` as an int, or say what is wrong with them."""
    try:
        k = operator.index(k)
    except TypeError as error:
        raise ParameterError(f"k must be a whole number, got {k!r}.") from error
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    return as_vectors(Q, "Q", dim=dim), k


def allowed(where: Where | None, n: int) -> IdArray | None:
    """Return the allowed row numbers in ascending order, each once; None where every row is allowed."""
    if where is None:
        return None
    try:
        given = np.asarray(where)
    except ValueError as error:
        raise ShapeError(f"where must be a mask or row numbers of shape (m,): {error}.") from error
    if given.ndim != 1:
        raise ShapeError(f"where must be a mask or row numbers of shape (m,), got the shape {given.shape}.")
    if given.dtype == bool:
        if len(given) != n:
            raise ShapeError(f"where is a mask of {len(given)} rows, but {n} are stored.")
        rows = np.flatnonzero(given)
    elif not len(given):
        rows = np.empty(0, np.int64)
    elif given.dtype.kind not in "iu":
        raise ShapeError(f"where must be a mask of booleans or whole row numbers, got {given.dtype}.")
    else:
        low, high = int(given.min()), int(given.max())
        if low < 0 or high >= n:
            raise ShapeError(f"where has the row {low if low < 0 else high}, but rows run from 0 to {n - 1}.")
        rows = given.astype(np.int64)
        if (np.diff(rows) <= 0).any():
            rows = np.unique(rows)
    return None if len(rows) == n else rows
