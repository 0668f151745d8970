"""Blocks of inverted lists, compiled: how they are made, and how a query passes over them."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ._lists_kernels import in_order, push


@numba.njit(nogil=True, cache=True)
def room(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return the array, or a longer one with the same start where `size` entries do not fit."""
    if size <= len(array):
        return array
    more = np.empty(max(size, 2 * len(array)), array.dtype)
    for i in range(len(array)):  # a slice takes seconds to compile
        more[i] = array[i]
    return more


@numba.njit(nogil=True, cache=True)
def blocks(
    ends: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[Any],
    starts: NDArray[Any],
    rows: NDArray[Any],
    chosen: NDArray[Any],
    alpha: float,
) -> tuple[NDArray[Any], ...]:
    """Part the rows of each list into blocks of like ones, and sum each block up.

    The rows that are `chosen` are the centroids of their list; the others join that with which their inner product is
    the largest. What numpy can sort is sorted before, for that takes long to compile.
    """
    dim = len(starts) - 1
    list_starts = np.zeros(dim + 1, np.int64)
    block_starts, summary_starts = np.zeros(64, np.int64), np.zeros(64, np.int64)
    lows, steps = np.empty(64, np.float32), np.empty(64, np.float32)
    members = np.empty(len(rows), np.int32)
    summary_columns, codes = np.empty(1024, np.int32), np.empty(1024, np.uint8)
    n_blocks, n_members, n_codes = 0, 0, 0
    head = np.full(dim, -1, np.int64)  # of the entries of the centroids in a column
    peaks = np.zeros(dim, np.float32)
    touched = np.empty(dim, np.int32)
    for j in range(dim):
        first, last = starts[j], starts[j + 1]
        size = last - first
        count, entries = 0, 0
        for i in range(first, last):
            if chosen[i]:
                count += 1
                entries += ends[rows[i] + 1] - ends[rows[i]]
        following, owner, weight = np.empty(entries, np.int64), np.empty(entries, np.int64), np.empty(entries)
        e, c = 0, 0
        for i in range(first, last):
            if not chosen[i]:
                continue
            for p in range(ends[rows[i]], ends[rows[i] + 1]):
                following[e], owner[e], weight[e] = head[columns[p]], c, values[p]
                head[columns[p]] = e
                e += 1
            c += 1
        group, products = np.empty(size, np.int64), np.zeros(count)
        for i in range(size):
            row = rows[first + i]
            for c in range(count):
                products[c] = 0
            for p in range(ends[row], ends[row + 1]):
                e = head[columns[p]]
                while e >= 0:
                    products[owner[e]] += weight[e] * values[p]
                    e = following[e]
            near = 0
            for c in range(1, count):
                if products[c] > products[near]:
                    near = c
            group[i] = near
        for i in range(first, last):
            if chosen[i]:
                for p in range(ends[rows[i]], ends[rows[i] + 1]):
                    head[columns[p]] = -1
        place, order = np.zeros(count + 1, np.int64), np.empty(size, np.int64)
        for i in range(size):
            place[group[i] + 1] += 1
        for c in range(count):
            place[c + 1] += place[c]
        for i in range(size):
            order[place[group[i]]] = i
            place[group[i]] += 1
        at = 0
        while at < size:
            block, m, mass = group[order[at]], 0, 0.0
            while at < size and group[order[at]] == block:
                row = rows[first + order[at]]
                members[n_members] = row
                n_members += 1
                for p in range(ends[row], ends[row + 1]):
                    column = columns[p]
                    if peaks[column] == 0:
                        touched[m] = column
                        m += 1
                    peaks[column] = max(peaks[column], values[p])
                at += 1
            for i in range(m):
                mass += peaks[touched[i]]
            sizes = np.empty(m, np.float32)
            for i in range(m):
                sizes[i] = -peaks[touched[i]]
            by_size = np.argsort(sizes)
            kept, sum_kept = 0, 0.0
            while kept < m and (sum_kept < alpha * mass or alpha >= 1):
                sum_kept += peaks[touched[by_size[kept]]]
                kept += 1
            low, high = peaks[touched[by_size[kept - 1]]], peaks[touched[by_size[0]]]
            step = (high - low) / np.float32(255)
            summary_columns, codes = room(summary_columns, n_codes + kept), room(codes, n_codes + kept)
            for i in range(kept):
                column = touched[by_size[i]]
                summary_columns[n_codes] = column
                # Rounded up, so that a whole summary is never below a row of its block.
                codes[n_codes] = 0 if step == 0 else min(255, int(np.ceil((peaks[column] - low) / step)))
                n_codes += 1
            for i in range(m):
                peaks[touched[i]] = 0
            block_starts, summary_starts = room(block_starts, n_blocks + 2), room(summary_starts, n_blocks + 2)
            lows, steps = room(lows, n_blocks + 1), room(steps, n_blocks + 1)
            lows[n_blocks], steps[n_blocks] = low, step
            n_blocks += 1
            block_starts[n_blocks], summary_starts[n_blocks] = n_members, n_codes
        list_starts[j + 1] = n_blocks
    return (
        list_starts,
        block_starts[: n_blocks + 1].copy(),
        members,
        summary_starts[: n_blocks + 1].copy(),
        summary_columns[:n_codes].copy(),
        codes[:n_codes].copy(),
        lows[:n_blocks].copy(),
        steps[:n_blocks].copy(),
    )


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
    summary_starts: NDArray[Any],
    summary_columns: NDArray[Any],
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
    for q in range(len(q_ends) - 1):
        first, last = q_ends[q], q_ends[q + 1]
        for t in range(first, last):
            query[q_columns[t]] = q_values[t]
        size, n_rows, n_blocks, best, worth = 0, 0, 0, ids[q], scores[q]
        for t in q_order[first : min(last, first + cut)]:
            column = q_columns[t]
            for block in range(list_starts[column], list_starts[column + 1]):
                if size == k:
                    estimate = np.float32(0)
                    for p in range(summary_starts[block], summary_starts[block + 1]):
                        estimate += query[summary_columns[p]] * (lows[block] + steps[block] * codes[p])
                    n_blocks += 1
                    if estimate < heap_factor * worth[0]:
                        continue
                for m in range(block_starts[block], block_starts[block + 1]):
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
        counts[q, 0], counts[q, 1] = n_rows, n_blocks
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
