"""What the engines share: exactly as many hits as there are, ties by row number, and what was stored, by its hash."""

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Where
from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray, Hits, IdArray

from .._stored import allowed

# The numbers of queries, how many places, rows to choose from (None: all), and whether to miss nothing, to the
# (queries, places) ids and scores in any order; -1 and -inf where an engine found less.
Ask = Callable[[IdArray, int, IdArray | None, bool], tuple[IdArray, FloatArray]]

CHUNK = 20_000  # row numbers that a filter names at a time
WIDE = 2_000  # places asked for without a filter, so that enough allowed rows are among them


def live(where: Where | None, n: int, removed: IdArray) -> IdArray | None:
    """Return the rows that may be hits, in ascending order; None where that is all that the engine holds."""
    rows = allowed(where, n)
    if rows is None or not len(removed):
        return rows
    return np.setdiff1d(rows, removed, assume_unique=True)


def named(rows: Where | None) -> Where:
    """Refuse None, which as a filter allows all rows, and would remove all."""
    if rows is None:
        raise ShapeError("rows must be a mask or row numbers, got None; name the rows to remove.")
    return rows


def removing(rows: Where, n: int, removed: IdArray) -> IdArray:
    """Return those of `rows` that are still there."""
    rows = named(rows)
    found = allowed(rows, n)
    return np.setdiff1d(np.arange(n) if found is None else found, removed, assume_unique=True)


def digest(before: str, what: str, values: NDArray[Any]) -> str:
    """Name what an engine holds after one more change."""
    sha = hashlib.sha256(f"{before} {what} {values.dtype.str} {values.shape}".encode())
    sha.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
    return sha.hexdigest()[:32]


def scratch(name: str) -> Path:
    """Return a folder of this process for examples, which goes when the process ends."""
    folder = Path(tempfile.gettempdir(), f"inlay-{name}-{os.getpid()}")
    if not folder.exists():
        folder.mkdir(mode=0o700)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def answer(ask: Ask, count: int, k: int, *, rows: IdArray | None, held: int) -> Hits:
    """Find the best `k` rows of those allowed for each of `count` queries.

    Where the allowed rows are a good part of all, the engine is asked without a filter for as many more places, and
    what is not allowed is left out here: a filter that names a million rows costs an engine more than the search.
    Queries that find too few that way, and all others, name the allowed rows, in chunks.

    Parameters
    ----------
    rows : the allowed rows, in ascending order; None where all are.
    held : rows that the engine holds.
    """
    ids, scores = np.full((count, k), -1, np.int64), np.full((count, k), -np.inf, np.float32)
    every = np.arange(count)
    available = held if rows is None else len(rows)
    if not count or not available:
        return Hits(ids, scores)
    width = min(k, available)
    if rows is None:
        ids[:, :width], scores[:, :width] = _settled(ask, every, width, None, held)
        return Hits(ids, scores)
    fetch = -(-3 * (width + 8) * held // (2 * available))
    if len(rows) > CHUNK // 10 and fetch <= min(WIDE, held // 2):
        wide, numbers = _settled(ask, every, fetch, None, held)
        numbers = np.where(np.isin(wide, rows), numbers, -np.inf).astype(np.float32)
        fresh, numbers = best(np.where(numbers > -np.inf, wide, -1), numbers, width)
        ids[:, :width], scores[:, :width] = fresh, numbers
        every = np.flatnonzero(fresh[:, -1] < 0)
        ids[every], scores[every] = -1, -np.inf
    for start in range(0, len(rows) if len(every) else 0, CHUNK):
        part = rows[start : start + CHUNK]
        fresh, numbers = _settled(ask, every, min(width, len(part)), part, len(part))
        both = np.concatenate([ids[every], fresh], axis=1), np.concatenate([scores[every], numbers], axis=1)
        ids[every], scores[every] = best(*both, k)
    return Hits(ids, scores)


def _settled(ask: Ask, which: IdArray, width: int, rows: IdArray | None, available: int) -> tuple[IdArray, FloatArray]:
    """Ask for `width` places, and on where rows beyond them may tie with the last, or where the engine lost some."""
    ids, scores = np.full((len(which), width), -1, np.int64), np.full((len(which), width), -np.inf, np.float32)
    limit, open_ = min(available, width + 1), np.arange(len(which))
    while len(open_):
        found, numbers = ask(which[open_], limit, rows, False)
        short = np.flatnonzero((found >= 0).sum(axis=1) < limit)
        if len(short):
            found, numbers = found.copy(), numbers.copy()
            found[short], numbers[short] = ask(which[open_[short]], limit, rows, True)
        found, numbers = best(found, numbers, limit)
        ids[open_], scores[open_] = found[:, :width], numbers[:, :width]
        tied = (numbers[:, width - 1] <= numbers[:, -1]) & (found[:, -1] >= 0)
        open_ = open_[tied] if limit < available else open_[:0]
        limit = min(available, 4 * limit)
    return ids, scores


def best(ids: IdArray, scores: FloatArray, k: int) -> tuple[IdArray, FloatArray]:
    """Put the best first, equal ones by row number, and keep `k` places."""
    order = np.lexsort((ids, -scores))[:, :k]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
