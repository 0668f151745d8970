"""What the indexes of sparse vectors and of texts share: what they accept, and lists of the rows in a column."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import BEYOND, as_vectors


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """For each column the rows that have a number there, in ascending order, and the numbers.

    Parameters
    ----------
    starts : (columns + 1,) int64; column j owns ``rows[starts[j]:starts[j + 1]]``.
    rows : (entries,) int32.
    values : (entries,) float32.
    n_rows : rows that there are.
    """

    starts: IdArray
    rows: NDArray[np.int32]
    values: FloatArray
    n_rows: int

    @classmethod
    def of(cls, X: Any) -> "Lists":
        """Turn (n, columns) CSR rows into lists."""
        columns = X.tocsc()
        columns.sort_indices()
        return cls(columns.indptr.astype(np.int64), columns.indices.astype(np.int32), columns.data, X.shape[0])


def places(k: int) -> int:
    """Return `k` as an int, or say what is wrong with it."""
    try:
        k = operator.index(k)
    except TypeError as error:
        raise ParameterError(f"k must be a whole number, got {k!r}.") from error
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    return k


def sparse_rows(X: Any, name: str = "X", *, dim: int | None = None) -> Any:
    """Return `X` as (n, dim) CSR rows of float32 above 0, columns in order; a copy."""
    if not sparse.issparse(X):
        X = as_vectors(X, name)
    if X.ndim != 2 or not X.shape[1]:
        raise ShapeError(f"{name} must have the shape (n, columns), got {X.shape}.")
    if dim is not None and X.shape[1] != dim:
        raise ShapeError(f"{name} must have {dim} columns, got {X.shape[1]}.")
    out = sparse.csr_array(X, dtype=np.float32, copy=True)
    out.sum_duplicates()
    out.eliminate_zeros()
    good = np.isfinite(out.data) & (out.data > 0)
    if not good.all():
        row = int(np.searchsorted(out.indptr, good.argmin(), side="right")) - 1
        raise ShapeError(f"{name} must hold finite numbers of at least 0, got {out.data[good.argmin()]} in row {row}.")
    return out


def texts(X: Any, name: str = "X") -> list[str]:
    """Return `X` as a list of texts, or say what is wrong with it."""
    if isinstance(X, str) or not isinstance(X, Sequence | np.ndarray):
        raise DataError(f"{name} must be a list of texts, got a {type(X).__name__}; one text is [text].")
    for i, item in enumerate(X):
        if not isinstance(item, str):
            raise DataError(f"{name} must be a list of texts, got a {type(item).__name__} at place {i}.")
    return list(X)


def lists_top_k(Q: Any, lists: Lists, k: int, *, rows: IdArray | None, purpose: str) -> Hits:
    """Find the `k` rows with the largest inner product with each of the (n, columns) CSR queries.

    Only rows that share a column with the query are hits; equal ones stand in the order of their numbers.
    """
    load("numba", extra="quantize", purpose=purpose)
    from ._lists_kernels import in_parts, search

    width = min(k, lists.n_rows)
    ids, scores = np.full((Q.shape[0], width), -1, np.int64), np.full((Q.shape[0], width), -np.inf, np.float32)
    mask = np.zeros(0 if rows is None else lists.n_rows, np.bool_)
    if rows is not None:
        mask[rows] = True
    starts, members, values = read_only(lists.starts), read_only(lists.rows), read_only(lists.values)
    ends, columns = Q.indptr.astype(np.int64), Q.indices.astype(np.int32)

    def part(first: int, last: int) -> None:
        asked = ends[first : last + 1]
        found = ids[first:last], scores[first:last]
        search(asked, columns, Q.data, starts, members, values, lists.n_rows, mask, found[0], found[1])

    in_parts(part, Q.shape[0])
    if np.isposinf(scores).any():
        raise ShapeError(BEYOND)
    pad = ((0, 0), (0, k - width))
    return Hits(np.pad(ids, pad, constant_values=-1), np.pad(scores, pad, constant_values=-np.inf))


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written, as mapped arrays are, so that a kernel is compiled once for both."""
    view = array.view()
    view.flags.writeable = False
    return view
