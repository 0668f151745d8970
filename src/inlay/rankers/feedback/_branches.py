"""Hits of several hops: what was seen before is left out, and each row stands once."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray, Hits, IdArray


def pruned(ids: IdArray, scores: FloatArray, seen: IdArray, width: int) -> tuple[IdArray, FloatArray, IdArray]:
    """Keep the best of each query that were not seen, each once; the third says at which places they stood."""
    m = seen.shape[1]
    old = (_first(np.concatenate([seen, ids], axis=1))[:, m:] < m) | (ids < 0)
    ids, scores = np.where(old, -1, ids), np.where(old, np.float32(-np.inf), scores)
    order = np.lexsort((ids, -scores))
    ids, scores = np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
    again = _repeated(ids)
    kept = np.argsort(again | (ids < 0), axis=1, kind="stable")[:, :width]
    gone = np.take_along_axis(again | (ids < 0), kept, 1)
    ids, scores = np.take_along_axis(ids, kept, 1), np.take_along_axis(scores, kept, 1)
    place: IdArray = np.take_along_axis(order, kept, 1)
    return np.where(gone, -1, ids), np.where(gone, np.float32(-np.inf), scores), place


def in_order(ids: IdArray, scores: FloatArray, k: int) -> Hits:
    """Return the first `k` of each row, each once, in the order that they have, with scores that do not rise."""
    gone = _repeated(ids) | (ids < 0)
    order = np.argsort(gone, axis=1, kind="stable")[:, :k]
    ids, scores = (np.take_along_axis(part, order, 1) for part in (np.where(gone, -1, ids), scores))
    return Hits(ids, np.minimum.accumulate(scores, axis=1))


def _repeated(ids: IdArray) -> NDArray[np.bool_]:
    """Mark what stands in a row a second time."""
    out: NDArray[np.bool_] = (_first(ids) < np.arange(ids.shape[1])) & (ids >= 0)
    return out


def _first(ids: IdArray) -> IdArray:
    """Return for each place of a row the first one with the same id."""
    order = np.argsort(ids, axis=1, kind="stable")
    ordered = np.take_along_axis(ids, order, 1)
    begins = np.ones(ids.shape, bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    begin = np.maximum.accumulate(np.where(begins, np.arange(ids.shape[1]), 0), axis=1)
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.take_along_axis(order, begin, 1), 1)
    return out
