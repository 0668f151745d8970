"""Exact arithmetic on many vectors: normalise, the best k of a row, the best k of a product.

Products are made block by block, so that memory stays bounded whatever the number of vectors, and stored
vectors may be memory-mapped and of half precision. BLAS rounds the same pair differently from one shape of
block to the next; it therefore only proposes candidates, and the score that counts is made pair by pair
(`pair_scores`). Equal scores stand in the order of their row numbers. So an answer does not depend on the
size of a block, the number of queries or the number of threads.
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .blocks import gather, products
from .errors import ParameterError, ShapeError
from .values import FloatArray, Hits, IdArray

HELD_BYTES = 16 << 20  # what one step holds at once beside the blocks of scores
BEYOND = "The vectors hold numbers whose products exceed float32; normalise them."


def as_vectors(X: ArrayLike, name: str = "X", *, dim: int | None = None) -> FloatArray:
    """Return `X` as a (n, d) float32 array, or say what is wrong with it.

    Raises
    ------
    ShapeError
        If `X` is not two-dimensional, is not numeric, holds NaN, infinity or a number beyond float32 (the row is
        named), or does not have `dim` columns.

    Examples
    --------
    >>> as_vectors([[1, 2], [3, 4]]).dtype
    dtype('float32')
    >>> as_vectors([[1.0, float("nan")]])
    Traceback (most recent call last):
    inlay.core.errors.ShapeError: X has a value that is not finite in row 0; remove or repair that vector.
    """
    try:
        out = np.asarray(X)
        if out.dtype.kind not in "biufO":
            raise TypeError(f"they are of the type {out.dtype}")
        with np.errstate(over="ignore"):
            out = out.astype(np.float32, copy=False)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{name} must be numbers of shape (n, d): {error}.") from error
    if out.ndim != 2:
        raise ShapeError(f"{name} must have the shape (n, d), got {out.shape}; one vector is {name}[None, :].")
    if dim is not None and out.shape[1] != dim:
        raise ShapeError(f"{name} must have {dim} columns, got {out.shape[1]}.")
    check_finite(out, name)
    return out


def check_finite(X: NDArray[Any], name: str = "X") -> None:
    """Raise a ShapeError that names the first row of `X` with NaN or infinity; reads block by block."""
    step = max(1, HELD_BYTES // max(1, X.itemsize * X.shape[1]))
    for start in range(0, len(X), step):
        finite = np.isfinite(X[start : start + step])
        if not finite.all():
            row = start + int(finite.all(axis=1).argmin())
            raise ShapeError(f"{name} has a value that is not finite in row {row}; remove or repair that vector.")


def found_rows(X: NDArray[Any], ids: IdArray, *, dim: int | None = None) -> FloatArray:
    """Return the vectors of rows, (len(ids), d), or name the row that is not there or has a value that is not finite.

    Of `X`, which may be a file, nothing else is read.
    """
    if ids.max(initial=-1) >= len(X):
        raise ShapeError(f"Row {ids.max()} was found, but X has {len(X)} rows.")
    as_vectors(X[:0] if X.ndim == 2 else X, dim=dim)  # for what it says of the shape
    with np.errstate(over="ignore"):
        rows = np.asarray(X[ids], np.float32)
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        row = int(ids[finite.argmin()])
        raise ShapeError(f"X has a value that is not finite in row {row}; remove or repair that vector.")
    return rows


def normalize(X: ArrayLike) -> FloatArray:
    """Scale each row to length one; a zero row stays zero.

    Examples
    --------
    >>> normalize([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    out = as_vectors(X)
    # Rows are first divided by their largest entry: the square of a large float32 overflows, of a small one vanishes.
    # They are laid one after another, so that each is summed in one order however it came.
    scale = np.abs(out).max(axis=1, keepdims=True, initial=0.0)
    out = np.divide(out, scale, out=np.zeros_like(out, order="C"), where=scale > 0)
    length = np.sqrt(np.einsum("ij,ij->i", out, out))[:, None]
    scaled: FloatArray = np.divide(out, length, out=out, where=length > 0)
    return scaled


def top_k(S: NDArray[Any], k: int) -> tuple[IdArray, FloatArray]:
    """Find the `k` largest entries of each row, best first; equal entries in the order of their columns.

    Parameters
    ----------
    S : (n, m) scores.
    k : at least 1; rows shorter than `k` give all they have.

    Returns
    -------
    columns : (n, min(k, m)) int64.
    values : (n, min(k, m)) float32.

    Raises
    ------
    ParameterError
        If `k` is less than 1.
    ShapeError
        If `S` is not two-dimensional or a score is not a number.

    Examples
    --------
    >>> top_k(np.array([[1.0, 3.0, 3.0, 2.0]]), 3)
    (array([[1, 2, 3]]), array([[3., 3., 2.]], dtype=float32))
    """
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    if S.ndim != 2:
        raise ShapeError(f"S must have the shape (n queries, m), got {S.shape}.")
    if S.dtype.kind != "f":
        S = S.astype(np.float64)  # the negative of an unsigned number is not its opposite
    n, m = S.shape
    if 4 * k >= m:
        columns = np.broadcast_to(np.arange(m), S.shape)
        best = S
    else:
        # Numbers that are none come last in a partition, among the best.
        best = np.partition(S, m - k, axis=1)[:, m - k :]
        border = best[:, :1]
        if not np.isnan(best).any():
            row, column = np.divmod(np.flatnonzero(border <= S), m)
            values = S[row, column]
            equal = values == border[row, 0]
            room = k - np.bincount(row[~equal], minlength=n)  # for those equal to the k-th best, by column
            before = np.cumsum(equal) - equal
            first = np.searchsorted(row, np.arange(n))
            keep = ~equal | (before - before[first][row] < room[row])
            columns, best = column[keep].reshape(n, k), values[keep].reshape(n, k)
    if np.isnan(best).any():
        raise ShapeError(
            f"A score of query {int(np.isnan(best).any(axis=1).argmax())} is not a number; the vectors hold NaN, or "
            "numbers whose products exceed float32: normalise them."
        )
    order = np.argsort(-best, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(best, order, 1).astype(np.float32, copy=False)
    return np.take_along_axis(columns, order, 1).astype(np.int64, copy=False), values


def pair_scores(Q: FloatArray, X: NDArray[Any], ids: IdArray) -> FloatArray:
    """Return the inner product of each query with rows of its own; -inf where the id is -1.

    A score depends on its two vectors alone, to the last bit, not on what else is computed with it.

    Parameters
    ----------
    Q : (n queries, d) float32.
    X : (n rows, d) float32 or float16.
    ids : (n queries, c) row numbers.

    Examples
    --------
    >>> pair_scores(np.float32([[1, 2]]), np.float32([[3, 4], [5, 6]]), np.array([[1, -1]]))
    array([[ 17., -inf]], dtype=float32)
    """
    Q, (n, width) = np.ascontiguousarray(Q, np.float32), ids.shape
    out = np.full((n, width), -np.inf, np.float32)
    if not len(X):
        return out
    step = max(1, HELD_BYTES // (4 * max(1, Q.shape[1])))
    for row in range(0, n, max(1, step // max(1, width))):
        rows = slice(row, row + max(1, step // max(1, width)))
        for first in range(0, width, step):
            part = slice(first, first + step)
            vectors = np.asarray(gather(X, np.maximum(ids[rows, part], 0)), np.float32)
            out[rows, part] = np.vecdot(vectors, Q[rows, None])
    out[ids < 0] = -np.inf
    return out


def rescore(Q: FloatArray, X: NDArray[Any], ids: IdArray, k: int) -> Hits:
    """Order candidate rows by their `pair_scores`, equal ones by row number, and keep `k` places."""
    scores = pair_scores(Q, X, ids)
    order = np.lexsort((ids.astype(np.uint64), -scores))[:, :k]  # -1 is the largest of these: behind any row
    ids, scores = np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
    if not np.isfinite(scores[ids >= 0]).all():
        raise ShapeError(BEYOND)
    pad = ((0, 0), (0, k - order.shape[1]))
    return Hits(np.pad(ids, pad, constant_values=-1), np.pad(scores, pad, constant_values=-np.inf))


def product_top_k(Q: FloatArray, X: NDArray[Any], k: int, *, rows: IdArray | None = None) -> Hits:
    """Find the `k` rows of `X` with the largest inner product with each query, exactly.

    Parameters
    ----------
    Q : (n queries, d) float32.
    X : (n rows, d) float32 or float16, in memory or memory-mapped.
    k : at least 1.
    rows : row numbers to choose from, in ascending order; all where None.

    Returns
    -------
    Hits
        ``min(k, available)`` real hits for each query, padded to `k` places. Scores are those of `pair_scores`.

    Examples
    --------
    >>> product_top_k(np.eye(2, dtype=np.float32), np.float32([[1, 0], [0, 1], [1, 1]]), 2).ids.tolist()
    [[0, 2], [1, 2]]
    """
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    Q = np.ascontiguousarray(Q, np.float32)
    n = len(Q)
    available = len(X) if rows is None else len(rows)
    # Some more than asked for, so that what BLAS rounds away at the border is still among the candidates.
    width = min(available, k + max(8, k // 8))
    ids, rough = np.full((n, width), -1, np.int64), np.full((n, width), -np.inf, np.float32)
    if not width:
        return rescore(Q, X, ids, k)
    for numbers, these, S in products(Q, X, rows):
        # The first block is taken in growing parts, so that most of it has a border to fail at.
        ends = [len(numbers)]
        while rough[these.start, -1] == -np.inf and ends[0] > 16 * width:
            ends.insert(0, ends[0] // 8)
        for start, stop in itertools.pairwise([0, *ends]):
            ids[these], rough[these] = _merge(S[:, start:stop], numbers[start:stop], ids[these], rough[these])
    hits = rescore(Q, X, ids, k)
    if (hits.counts < min(k, available)).any():
        raise ShapeError(BEYOND)
    if width < available:
        border = rough[:, -1]
        slack = _rounding(Q, X, ids[:, -1])
        unsure = np.flatnonzero(hits.scores[:, -1] <= border + slack)
        if len(unsure):
            best, scores = hits.ids.copy(), hits.scores.copy()
            best[unsure], scores[unsure] = _settle(Q[unsure], X, k, rows, scores[unsure, -1] - slack[unsure])
            return Hits(best, scores)
    return hits


def _rounding(Q: FloatArray, X: NDArray[Any], ids: IdArray) -> FloatArray:
    """Bound how far two orders of summation differ for rows as long as those given."""
    length = np.linalg.norm(np.asarray(X[np.maximum(ids, 0)], np.float32), axis=1)
    out: FloatArray = 2.0**-23 * np.sqrt(Q.shape[1]) * np.linalg.norm(Q, axis=1) * length
    return out


def _settle(
    Q: FloatArray, X: NDArray[Any], k: int, rows: IdArray | None, floor: FloatArray
) -> tuple[IdArray, FloatArray]:
    """Search again where more rows than were kept tie at the border, with all that reach `floor`."""
    ids, scores = np.empty((len(Q), k), np.int64), np.empty((len(Q), k), np.float32)
    step = max(1, HELD_BYTES // (8 * len(X)))
    for first in range(0, len(Q), step):
        part = slice(first, first + step)
        found: list[tuple[IdArray, IdArray]] = []
        for numbers, these, S in products(Q[part], X, rows):
            row, column = np.nonzero(floor[part][these, None] <= S)
            found.append((row + these.start, numbers[column]))
        query, reached = (np.concatenate(parts) for parts in zip(*found, strict=True))
        for i in range(len(Q[part])):
            best = rescore(Q[part][i : i + 1], X, reached[query == i][None], k)
            ids[first + i], scores[first + i] = best.ids[0], best.scores[0]
    return ids, scores


def _merge(S: FloatArray, numbers: IdArray, ids: IdArray, rough: FloatArray) -> tuple[IdArray, FloatArray]:
    """Take the best of the rows kept so far, best first, and of a block's scores `S`."""
    n, width = ids.shape
    # Only what beats the worst row kept is looked at; written so that what is not a number is looked at, too.
    flat = np.flatnonzero(np.logical_not(rough[:, -1:] >= S))
    if not len(flat):
        return ids, rough
    query, column = np.divmod(flat, S.shape[1])
    counts = np.bincount(query, minlength=n)
    longest = int(counts.max())
    if longest > 16 * width:
        column, values = top_k(S, width)
        fresh = np.where(values > -np.inf, numbers[column], -1)
    else:
        place = np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
        fresh, values = np.full((n, longest), -1, np.int64), np.full((n, longest), -np.inf, np.float32)
        fresh[query, place], values[query, place] = numbers[column], S[query, column]
    best, rough = top_k(np.concatenate([rough, values], axis=1), width)
    return np.take_along_axis(np.concatenate([ids, fresh], axis=1), best, 1), rough
