"""Search of codes by tables: the score of a code is the sum of what each of its bytes stands for.

For a query there is a table of 256 numbers for each byte of a code, so that a score costs one look-up a byte and no
vector is made. Queries are taken up to 32 at a time, whose numbers lie side by side, so that a byte of a code is read
once for all of them and their sums are made together. A sum is made in the order of the bytes whatever the number of
queries or threads, so that a score depends on its query and its code alone.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits, IdArray

GROUP = 32  # queries at a time: two lines of the cache for each number of a table
FEW = 8  # fewer queries than this are faster one by one
BLOCK = 128  # rows whose sums stay in the nearest cache
LEAST = 1 << 15  # rows worth a thread


def search(
    tables: Callable[[FloatArray], FloatArray],
    Q: FloatArray,
    C: NDArray[np.uint8],
    k: int,
    *,
    scale: FloatArray | None = None,
) -> Hits:
    """Find the `k` codes with the largest sums for each query; equal ones in the order of their rows.

    Parameters
    ----------
    tables : turns some queries into their (queries, m, 256) tables.
    Q : (n queries, d).
    C : (n, at least m) codes; bytes beyond m are not looked at.
    k : at least 1.
    scale : (n,), what the sum of each row is multiplied with.
    """
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    found = min(k, len(C))
    ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
    if not found:
        return Hits(ids, scores)
    scale = np.empty(0, np.float32) if scale is None else np.ascontiguousarray(scale)
    parts = max(1, min(numba.get_num_threads(), len(C) // LEAST))
    ends = [len(C) * i // parts for i in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        for these in _groups(len(Q)):
            wide = np.ascontiguousarray(tables(Q[these]).transpose(1, 2, 0), np.float32)

            def best(i: int, wide: FloatArray = wide) -> tuple[IdArray, FloatArray]:
                width = min(found, ends[i + 1] - ends[i])
                rows = np.full((wide.shape[2], found + max(found, 512)), -1, np.int64)
                sums = np.full(rows.shape, -np.inf, np.float32)
                scan(wide, C, scale, ends[i], ends[i + 1], width, rows, sums)
                return rows[:, :width], sums[:, :width]

            rows, sums = (np.concatenate(part, axis=1) for part in zip(*pool.map(best, range(parts)), strict=True))
            order = np.lexsort((rows, -sums))[:, :found]
            ids[these, :found] = np.take_along_axis(rows, order, 1)
            scores[these, :found] = np.take_along_axis(sums, order, 1)
    return Hits(ids, scores)


def _groups(n: int) -> list[slice]:
    whole = n - n % GROUP if n % GROUP < FEW else n
    return [slice(i, min(i + GROUP, n)) for i in range(0, whole, GROUP)] + [slice(i, i + 1) for i in range(whole, n)]


def _prune(rows: Any, sums: Any, count: Any, k: Any) -> None:
    """Put the best `k` of the first `count` in front; equal sums keep their order."""
    order = np.argsort(-sums[:count], kind="mergesort")[:k]
    rows[: len(order)] = rows[order]
    sums[: len(order)] = sums[order]


def _scan(T: Any, C: Any, scale: Any, start: Any, stop: Any, k: Any, rows: Any, sums: Any) -> None:
    """Write the best `k` of the rows from `start` to `stop` to the front of `rows` and `sums`, best first."""
    m, queries, room = T.shape[0], T.shape[2], rows.shape[1]
    whole = m - m % 4
    acc = np.zeros((BLOCK, queries), np.float32)
    count = np.zeros(queries, np.int64)
    border = np.full(queries, -np.inf, np.float32)
    for block in range(start, stop, BLOCK):
        n = min(BLOCK, stop - block)
        if queries == 1:
            # One query has nothing to do side by side but rows: four sums at once hide the time an addition takes.
            for i in range(0, n - n % 4, 4):
                a = b = c = d = np.float32(0)
                for j in range(m):
                    a += T[j, C[block + i, j], 0]
                    b += T[j, C[block + i + 1, j], 0]
                    c += T[j, C[block + i + 2, j], 0]
                    d += T[j, C[block + i + 3, j], 0]
                acc[i, 0], acc[i + 1, 0], acc[i + 2, 0], acc[i + 3, 0] = a, b, c, d
            for i in range(n - n % 4, n):
                a = np.float32(0)
                for j in range(m):
                    a += T[j, C[block + i, j], 0]
                acc[i, 0] = a
        else:
            acc[:] = 0
            for j in range(0, whole, 4):
                for i in range(n):
                    row, sum_ = block + i, acc[i]
                    t0, t1 = T[j, C[row, j]], T[j + 1, C[row, j + 1]]
                    t2, t3 = T[j + 2, C[row, j + 2]], T[j + 3, C[row, j + 3]]
                    for q in range(queries):
                        sum_[q] = (((sum_[q] + t0[q]) + t1[q]) + t2[q]) + t3[q]
            for j in range(whole, m):
                for i in range(n):
                    t0, sum_ = T[j, C[block + i, j]], acc[i]
                    for q in range(queries):
                        sum_[q] += t0[q]
        if len(scale):
            for i in range(n):
                for q in range(queries):
                    acc[i, q] *= scale[block + i]
        for i in range(n):
            better = 0
            for q in range(queries):
                better += acc[i, q] > border[q]
            if better:
                for q in range(queries):
                    if acc[i, q] > border[q]:
                        rows[q, count[q]] = block + i
                        sums[q, count[q]] = acc[i, q]
                        count[q] += 1
                        if count[q] == room:
                            prune(rows[q], sums[q], room, k)
                            count[q] = k
                            border[q] = sums[q, k - 1]
    for q in range(queries):
        prune(rows[q], sums[q], count[q], k)


def _read(dtype: Any, ndim: int) -> Any:
    return types.Array(dtype, ndim, "C", readonly=True)


prune = numba.njit(nogil=True, cache=True)(_prune)
scan = numba.njit(
    types.void(
        _read(types.float32, 3),
        _read(types.uint8, 2),
        _read(types.float32, 1),
        types.int64,
        types.int64,
        types.int64,
        types.int64[:, ::1],
        types.float32[:, ::1],
    ),
    nogil=True,
    cache=True,
    error_model="numpy",
)(_scan)
