"""What the indexes of several vectors an item share: how items are stored, what a search accepts, and MaxSim."""

from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.blocks import widen
from inlay.core.contracts import Where
from inlay.core.errors import ShapeError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray, Ragged
from inlay.core.vectors import BEYOND, top_k

from ._stored import allowed, queries, stored

BLOCK_BYTES = 1 << 22  # stored vectors that a thread compares at a time; with fewer, Python between them costs as much
SCORE_BYTES = 16 << 20  # scores at once


def kernels() -> ModuleType:
    """Return the compiled kernels, which need Numba."""
    load("numba", extra="quantize", purpose="A search by MaxSim")
    from . import _multi_kernels

    return _multi_kernels


def code_kernels() -> ModuleType:
    """Return the compiled kernels of codes, which stand on the others."""
    kernels()
    from . import _code_kernels

    return _code_kernels


def stored_items(X: object, dtype: str = "float32") -> tuple[NDArray[Any], IdArray]:
    """Return the vectors of items as `dtype` that nobody else changes, and where each item starts and the last ends."""
    if not isinstance(X, Ragged):
        raise ShapeError(
            f"X must be a Ragged, got {type(X).__name__}; Ragged.stack makes one of a list of (any, d) arrays."
        )
    return np.ascontiguousarray(stored(X.values, dtype)), np.array(X.offsets)


def asked_items(Q: object, k: int, dim: int) -> tuple[Ragged, int]:
    """Return the queries and `k` as an int, or say what is wrong with them."""
    if not isinstance(Q, Ragged):
        raise ShapeError(
            f"Q must be a Ragged, got {type(Q).__name__}; Ragged.stack makes one of a list of (any, d) arrays."
        )
    values, k = queries(Q.values, k, dim)
    return Ragged(values, Q.offsets), k


def joined(values: NDArray[Any], offsets: IdArray, X: object) -> tuple[NDArray[Any], IdArray]:
    """Return stored items with those of `X` behind them."""
    more, ends = stored_items(X, str(values.dtype))
    if more.shape[1] != values.shape[1]:
        raise ShapeError(f"X must have {values.shape[1]} columns, got {more.shape[1]}.")
    return np.concatenate([values, more]), np.concatenate([offsets, offsets[-1] + ends[1:]])


def choices(where: Where | None, offsets: IdArray) -> IdArray:
    """Return the row numbers that may be hits: what is allowed and has a vector."""
    rows, lengths = allowed(where, len(offsets) - 1), np.diff(offsets)
    return np.flatnonzero(lengths) if rows is None else rows[lengths[rows] > 0]


def max_sim_top_k(Q: Ragged, values: NDArray[Any], offsets: IdArray, k: int, rows: IdArray) -> Hits:
    """Find the `k` of some items with the best MaxSim for each query, exactly; a query without vectors has no hits."""
    ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
    there, found = np.flatnonzero(Q.lengths), min(k, len(rows))
    step = max(1, SCORE_BYTES // (4 * max(1, len(rows))))
    for start in range(0, len(there) if found else 0, step):
        some = there[start : start + step]
        best, scores[some, :found] = top_k(_all_pairs([Q[int(i)] for i in some], values, offsets, rows), found)
        ids[some, :found] = rows[best]
    return Hits(ids, scores)


def max_sim_pairs(Q: Ragged, values: NDArray[Any], offsets: IdArray, ids: IdArray) -> FloatArray:
    """Return the MaxSim of each query with items of its own; -inf where the id is -1 or one has no vectors.

    A score depends on its two items alone, to the last bit, not on what else is computed with it.

    Parameters
    ----------
    values, offsets : the stored items.
    ids : (n queries, c) row numbers.
    """
    out = np.full(ids.shape, -np.inf, np.float32)
    for i in np.flatnonzero(Q.lengths):
        real = ids[i] >= 0
        out[i, real] = _all_pairs([Q[int(i)]], values, offsets, ids[i][real])[0]
    return out


def max_sim_rescore(Q: Ragged, values: NDArray[Any], offsets: IdArray, ids: IdArray, k: int) -> Hits:
    """Order candidate items by their `max_sim_pairs`, equal ones by row number, and keep `k` places."""
    return ordered(ids, max_sim_pairs(Q, values, offsets, ids), k)


def ordered(ids: IdArray, scores: FloatArray, k: int) -> Hits:
    """Return the best `k` of candidates, equal ones by row number."""
    ids = np.where(scores > -np.inf, ids, -1)
    order = np.lexsort((ids, -scores))[:, :k]
    pad = ((0, 0), (0, k - order.shape[1]))
    return Hits(
        np.pad(np.take_along_axis(ids, order, 1), pad, constant_values=-1),
        np.pad(np.take_along_axis(scores, order, 1), pad, constant_values=-np.inf),
    )


def places(offsets: IdArray, rows: IdArray) -> IdArray:
    """Return the places of the vectors of some items, one item after another.

    Examples
    --------
    >>> places(np.array([0, 2, 5]), np.array([1, 0])).tolist()
    [2, 3, 4, 0, 1]
    """
    lengths = offsets[rows + 1] - offsets[rows]
    before = np.cumsum(lengths) - lengths
    return np.repeat(offsets[rows] - before, lengths) + np.arange(lengths.sum())


def k_means(X: FloatArray, count: int, n_iterations: int, rng: np.random.Generator) -> FloatArray:
    """Return centroids of (n, d) vectors: rows that are drawn, and some passes of Lloyd's algorithm from there."""
    out = X[np.sort(rng.permutation(len(X))[:count])]
    for _ in range(n_iterations):
        numbers = nearest(X, out)
        pick = sparse.csr_array((np.ones(len(X), np.float32), (numbers, np.arange(len(X)))), (len(out), len(X)))
        held = np.flatnonzero(np.bincount(numbers, minlength=len(out)))
        out[held] = (pick @ X)[held] / np.bincount(numbers, minlength=len(out))[held, None]
    return np.asarray(out, np.float32)


def nearest(X: FloatArray, centroids: FloatArray) -> IdArray:
    """Return the number of the centroid nearest to each vector."""
    half = 0.5 * np.vecdot(centroids, centroids)
    step = max(1, (4 << 20) // len(centroids))
    parts = [np.argmax(X[i : i + step] @ centroids.T - half, axis=1) for i in range(0, len(X), step)]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _all_pairs(asked: list[FloatArray], values: NDArray[Any], offsets: IdArray, rows: IdArray) -> FloatArray:
    """Return the MaxSim of every query with every one of some items, (queries, rows), block by block of items."""
    library = kernels()
    laid = [library.laid(query) for query in asked]
    starts, stops, dim = offsets[rows], offsets[rows + 1], values.shape[1]
    cuts = np.flatnonzero(np.diff(np.cumsum(stops - starts) // max(1, BLOCK_BYTES // (4 * dim)))) + 1
    ends = [0, *cuts.tolist(), len(rows)]
    out = np.empty((len(asked), len(rows)), np.float32)

    def block(i: int) -> None:
        part = slice(ends[i], ends[i + 1])
        first, last = starts[part], stops[part]
        if values.dtype == np.float32:
            out[:, part] = library.item_scores(laid, np.asarray(values), first, last)
        else:
            half = np.take(values, places(offsets, rows[part]), axis=0)
            ends_here = np.cumsum(last - first)
            wide = widen(half, np.empty(half.shape, np.int32))
            out[:, part] = library.item_scores(laid, wide, ends_here - (last - first), ends_here)

    library.side_by_side(block, len(ends) - 1, int((stops - starts).sum()) * dim * sum(map(len, asked)))
    return finite(out)


def finite(scores: FloatArray) -> FloatArray:
    """Return scores of items that have vectors if float32 can hold them: what it cannot would stand at any place."""
    if not np.isfinite(scores).all():
        raise ShapeError(BEYOND)
    return scores
