"""Search of lists, compiled: sums by column into one number for each row, and the best of them in a heap.

A sum is made in the order of the columns, whatever the number of queries or threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

LEAST = 64  # queries worth a thread


def in_parts(call: Callable[[int, int], None], n: int) -> None:
    """Call with ranges of `n` queries, on as many threads as Numba has."""
    parts = max(1, min(numba.get_num_threads(), n // LEAST))
    ends = [n * i // parts for i in range(parts + 1)]
    if parts == 1:
        call(0, n)
        return
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(call, ends[:-1], ends[1:]))


@numba.njit(nogil=True, cache=True)
def worse(score: Any, row: int, other_score: Any, other_row: int) -> bool:
    """Whether the first is behind the second: by score, and where that is equal by row number."""
    return score < other_score or (score == other_score and row > other_row)


@numba.njit(nogil=True, cache=True)
def push(ids: NDArray[Any], scores: NDArray[Any], size: int, row: int, score: Any) -> int:
    """Put a row into a heap whose first place holds the worst, or over that where the heap is full."""
    if size < len(ids):
        at = size
        size += 1
        while at > 0:
            above = (at - 1) // 2
            if not worse(score, row, scores[above], ids[above]):
                break
            ids[at], scores[at] = ids[above], scores[above]
            at = above
        ids[at], scores[at] = row, score
        return size
    if worse(score, row, scores[0], ids[0]):
        return size
    sink(ids, scores, size, row, score)
    return size


@numba.njit(nogil=True, cache=True)
def sink(ids: NDArray[Any], scores: NDArray[Any], size: int, row: int, score: Any) -> None:
    """Put a row into the first place of a heap of `size`, and down to where it belongs."""
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and worse(scores[below + 1], ids[below + 1], scores[below], ids[below]):
            below += 1
        if not worse(scores[below], ids[below], score, row):
            break
        ids[at], scores[at] = ids[below], scores[below]
        at = below
    ids[at], scores[at] = row, score


@numba.njit(nogil=True, cache=True)
def in_order(ids: NDArray[Any], scores: NDArray[Any], size: int) -> None:
    """Turn a heap into best first."""
    for last in range(size - 1, 0, -1):
        row, score = ids[last], scores[last]
        ids[last], scores[last] = ids[0], scores[0]
        sink(ids, scores, last, row, score)


@numba.njit(nogil=True, cache=True)
def search(
    ends: NDArray[Any],
    columns: NDArray[Any],
    weights: NDArray[Any],
    starts: NDArray[Any],
    rows: NDArray[Any],
    values: NDArray[Any],
    n: int,
    mask: NDArray[Any],
    ids: NDArray[Any],
    scores: NDArray[Any],
) -> None:
    """Write the best rows of each query into `ids` and `scores`; an empty `mask` allows all rows."""
    k = ids.shape[1]
    sums = np.full(n, np.float32(-1))  # below 0: not reached yet, for no product is
    reached = np.empty(n, np.int32)
    for q in range(len(ends) - 1):
        m, size, best, worth, floor = 0, 0, ids[q], scores[q], np.float32(0)
        entries = 0
        for t in range(ends[q], ends[q + 1]):
            entries += starts[columns[t] + 1] - starts[columns[t]]
        many = 2 * entries > n  # then all rows are looked at afterwards, rather than a list of those reached
        for t in range(ends[q], ends[q + 1]):
            weight, column = weights[t], columns[t]
            first, last = starts[column], starts[column + 1]
            if many:
                for p in range(first, last):
                    row = np.uint32(rows[p])
                    sums[row] = max(sums[row], np.float32(0)) + weight * values[p]
                continue
            for p in range(first, last):
                row = np.uint32(rows[p])
                before = sums[row]
                sums[row] = max(before, np.float32(0)) + weight * values[p]
                if before < 0:
                    reached[m] = row
                    m += 1
        if many:
            for i in range(n):
                # Most rows fail here, which spares them a call; `floor` is above -1, which is no sum.
                if sums[i] >= floor and (len(mask) == 0 or mask[i]):
                    size = push(best, worth, size, i, sums[i])
                    floor = worth[0] if size == k else floor
            sums.fill(-1)
        for j in range(m):
            i = int(reached[j])
            if sums[i] >= floor and (len(mask) == 0 or mask[i]):
                size = push(best, worth, size, i, sums[i])
                floor = worth[0] if size == k else floor
            sums[i] = -1
        in_order(best, worth, size)
