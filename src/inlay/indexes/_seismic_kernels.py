"""Blocks of inverted lists, compiled: how a query passes over them."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ._lists_kernels import in_order, push

ROUNDING = np.float32(1 + 1e-5)  # of the sums of a summary


@numba.njit(nogil=True, cache=True)
def search(
    q_ends: NDArray[Any],
    q_columns: NDArray[Any],
    q_values: NDArray[Any],
    q_order: NDArray[Any],
    ends: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[Any],
    list_starts: NDArray[Any],
    block_starts: NDArray[Any],
    members: NDArray[Any],
    column_starts: NDArray[Any],
    summary_columns: NDArray[Any],
    entry_starts: NDArray[Any],
    owners: NDArray[Any],
    codes: NDArray[Any],
    lows: NDArray[Any],
    steps: NDArray[Any],
    mask: NDArray[Any],
    cut: int,
    heap_factor: float,
    ids: NDArray[Any],
    scores: NDArray[Any],
    counts: NDArray[Any],
) -> None:
    """Write the best rows of each query into `ids` and `scores`, and what was looked at into `counts`.

    `q_order` has the places of each query's numbers, the largest first.
    """
    k = ids.shape[1]
    query = np.zeros(len(list_starts) - 1, np.float32)
    seen = np.full(len(ends) - 1, -1, np.int32)
    most = 0
    for column in range(len(list_starts) - 1):
        most = max(most, list_starts[column + 1] - list_starts[column])
    weights, sums = np.empty(most, np.float32), np.empty(most, np.float32)
    for q in range(len(q_ends) - 1):
        first, last = q_ends[q], q_ends[q + 1]
        for t in range(first, last):
            query[q_columns[t]] = q_values[t]
        size, n_rows, n_numbers, best, worth = 0, 0, 0, ids[q], scores[q]
        for t in q_order[first : min(last, first + cut)]:
            low_block, n_blocks = list_starts[q_columns[t]], list_starts[q_columns[t] + 1] - list_starts[q_columns[t]]
            for b in range(n_blocks):
                weights[b], sums[b] = 0, 0
            at, end = column_starts[q_columns[t]], column_starts[q_columns[t] + 1]
            for u in range(first, last):
                high = end
                while at < high:  # both columns and these stand in order
                    middle = (at + high) // 2
                    if summary_columns[middle] < q_columns[u]:
                        at = middle + 1
                    else:
                        high = middle
                if at == end:
                    break
                if summary_columns[at] == q_columns[u]:
                    value = q_values[u]
                    n_numbers += entry_starts[at + 1] - entry_starts[at]
                    for e in range(entry_starts[at], entry_starts[at + 1]):
                        weights[owners[e]] += value
                        sums[owners[e]] += value * codes[e]
            for b in range(n_blocks):
                if size == k:
                    estimate = lows[low_block + b] * weights[b] + steps[low_block + b] * sums[b]
                    if estimate * ROUNDING < heap_factor * worth[0]:
                        continue
                for m in range(block_starts[low_block + b], block_starts[low_block + b + 1]):
                    row = members[m]
                    if seen[row] == q or (len(mask) and not mask[row]):
                        continue
                    seen[row] = q
                    score = np.float32(0)
                    for p in range(ends[row], ends[row + 1]):
                        score += query[columns[p]] * values[p]
                    n_rows += 1
                    size = push(best, worth, size, row, score)
        in_order(best, worth, size)
        counts[q, 0], counts[q, 1] = n_rows, n_numbers
        for t in range(first, last):
            query[q_columns[t]] = 0


@numba.njit(nogil=True, cache=True)
def scan(
    q_columns: NDArray[Any],
    q_values: NDArray[Any],
    ends: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[Any],
    dim: int,
    rows: NDArray[Any],
    ids: NDArray[Any],
    scores: NDArray[Any],
) -> int:
    """Write the best of some rows into `ids` and `scores`, exactly; return how many share a column with the query."""
    query = np.zeros(dim, np.float32)
    for t in range(len(q_columns)):
        query[q_columns[t]] = q_values[t]
    size, shared = 0, 0
    for row in rows:
        score, meets = np.float32(0), False
        for p in range(ends[row], ends[row + 1]):
            weight = query[columns[p]]
            meets = meets or weight > 0
            score += weight * values[p]
        if meets:
            shared += 1
            size = push(ids, scores, size, row, score)
    in_order(ids, scores, size)
    return shared
