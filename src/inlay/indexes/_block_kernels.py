"""Blocks of inverted lists, compiled: how they are made."""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray


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
def largest(
    ends: NDArray[Any], columns: NDArray[Any], values: NDArray[Any], count: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return rows with the `count` largest numbers of each."""
    n = len(ends) - 1
    starts = np.zeros(n + 1, np.int64)
    for row in range(n):
        starts[row + 1] = starts[row] + min(count, ends[row + 1] - ends[row])
    kept, numbers = np.empty(starts[n], np.int32), np.empty(starts[n], np.float32)
    for row in range(n):
        first, size = starts[row], 0
        for p in range(ends[row], ends[row + 1]):
            if size == count and values[p] <= numbers[first + size - 1]:
                continue
            at = first + (size if size < count else size - 1)
            size = min(count, size + 1)
            while at > first and numbers[at - 1] < values[p]:
                numbers[at], kept[at] = numbers[at - 1], kept[at - 1]
                at -= 1
            numbers[at], kept[at] = values[p], columns[p]
    return starts, kept, numbers


@numba.njit(nogil=True, cache=True)
def draw(order: NDArray[Any], count: int, seed: int) -> None:
    """Bring `count` numbers, drawn evenly, to the front of `order`; the seed alone decides which."""
    state = np.uint64(seed)
    for i in range(count):
        state += np.uint64(0x9E3779B97F4A7C15)  # splitmix64
        z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        other = i + np.int64((z ^ (z >> np.uint64(31))) % np.uint64(len(order) - i))
        order[i], order[other] = order[other], order[i]


@numba.njit(nogil=True, cache=True)
def enough(peaks: NDArray[Any], touched: NDArray[Any], m: int, alpha: float) -> int:
    """Move the largest of the peaks of `touched` that make `alpha` of their sum to its front; return how many."""
    if alpha >= 1:
        return m
    high, mass = np.float32(0), 0.0
    for i in range(m):
        high = max(high, peaks[np.uint32(touched[i])])
    bins = np.zeros(256)
    for i in range(m):
        peak = peaks[np.uint32(touched[i])]
        bins[np.uint32(255 * (peak / high))] += peak
        mass += peak
    border, total = 255, 0.0
    while border > 0 and total + bins[border] < alpha * mass:
        total += bins[border]
        border -= 1
    # Those above the border are kept; of those on it, the largest.
    kept, on = 0, 0
    for i in range(m):
        column = touched[i]
        where = np.int64(255 * (peaks[np.uint32(column)] / high))
        if where < border:
            continue
        touched[i], touched[kept + on] = touched[kept + on], column
        if where > border:
            touched[kept + on], touched[kept] = touched[kept], column
            kept += 1
        else:
            on += 1
    sizes = np.empty(on, np.float32)
    for i in range(on):
        sizes[i] = -peaks[touched[kept + i]]
    by_size, rest = np.argsort(sizes), touched[kept : kept + on].copy()
    for i in range(on):
        if total >= alpha * mass:
            break
        touched[kept] = rest[by_size[i]]
        total -= sizes[by_size[i]]
        kept += 1
    return kept


@numba.njit(nogil=True, cache=True)
def blocks(
    ends: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[Any],
    cut_ends: NDArray[Any],
    cut_columns: NDArray[Any],
    cut_values: NDArray[Any],
    starts: NDArray[Any],
    rows: NDArray[Any],
    low_list: int,
    high_list: int,
    block_size: int,
    alpha: float,
    seed: int,
) -> tuple[NDArray[Any], ...]:
    """Part the rows of some lists into blocks of like ones, and sum each block up.

    Rows drawn from a list are its centroids; each row joins that with which the inner product of its largest numbers
    is the largest. The summaries of a list are stored by column.
    """
    dim = len(starts) - 1
    n_lists = high_list - low_list
    list_starts, column_starts = np.zeros(n_lists + 1, np.int64), np.zeros(n_lists + 1, np.int64)
    block_starts, entry_starts = np.zeros(64, np.int64), np.zeros(64, np.int64)
    lows, steps = np.empty(64, np.float32), np.empty(64, np.float32)
    members = np.empty(starts[high_list] - starts[low_list], np.int32)
    summary_columns = np.empty(64, np.int32)
    owners, codes = np.empty(1024, np.int32), np.empty(1024, np.uint8)
    n_blocks, n_members, n_columns, n_codes = 0, 0, 0, 0
    counts, at = np.zeros(dim, np.int64), np.zeros(dim, np.int64)
    peaks, touched = np.zeros(dim, np.float32), np.empty(dim + 1, np.int32)
    list_columns, list_codes, list_owners = np.empty(64, np.int32), np.empty(64, np.uint8), np.empty(64, np.int32)
    for j in range(low_list, high_list):
        first, size = starts[j], starts[j + 1] - starts[j]
        count = -(-size // block_size)
        order = np.arange(size)
        draw(order, count, seed * 1_000_003 + j)
        centroids = np.sort(order[:count])
        group = assigned(
            ends, columns, values, cut_ends, cut_columns, cut_values, rows[first : first + size], centroids, counts, at
        )
        place = np.zeros(count + 1, np.int64)
        for i in range(size):
            place[group[i] + 1] += 1
        for c in range(count):
            place[c + 1] += place[c]
        for i in range(size):
            order[place[group[i]]] = i
            place[group[i]] += 1
        begin, n_entries, block, distinct = 0, 0, 0, 0
        while begin < size:
            m, end = 0, begin
            while end < size and group[order[end]] == group[order[begin]]:
                row = rows[first + order[end]]
                members[n_members] = row
                n_members += 1
                for p in range(ends[row], ends[row + 1]):
                    column = np.uint32(columns[p])
                    touched[m] = column
                    m += peaks[column] == 0  # without a branch, which would be guessed wrong half of the time
                    peaks[column] = max(peaks[column], values[p])
                end += 1
            every = touched[:m].copy()
            kept = enough(peaks, touched, m, alpha)
            low, high = peaks[touched[0]], peaks[touched[0]]
            for i in range(1, kept):
                low, high = min(low, peaks[touched[i]]), max(high, peaks[touched[i]])
            step = (high - low) / np.float32(255)
            list_columns = room(list_columns, n_entries + kept)
            list_codes, list_owners = room(list_codes, n_entries + kept), room(list_owners, n_entries + kept)
            for i in range(kept):
                # Rounded up, so that a whole summary is never below a row of its block.
                code = 0 if step == 0 else min(255, int(np.ceil((peaks[touched[i]] - low) / step)))
                list_columns[n_entries], list_codes[n_entries], list_owners[n_entries] = touched[i], code, block
                n_entries += 1
            for i in range(m):
                peaks[every[i]] = 0
            block_starts = room(block_starts, n_blocks + 2)
            lows, steps = room(lows, n_blocks + 1), room(steps, n_blocks + 1)
            lows[n_blocks], steps[n_blocks] = low, step
            n_blocks, block, begin = n_blocks + 1, block + 1, end
            block_starts[n_blocks] = n_members
        for e in range(n_entries):
            if counts[list_columns[e]] == 0:
                touched[distinct] = list_columns[e]
                distinct += 1
            counts[list_columns[e]] += 1
        in_turn = np.sort(touched[:distinct])
        summary_columns = room(summary_columns, n_columns + distinct)
        entry_starts = room(entry_starts, n_columns + distinct + 1)
        owners, codes = room(owners, n_codes + n_entries), room(codes, n_codes + n_entries)
        for i in range(distinct):
            column = in_turn[i]
            summary_columns[n_columns] = column
            at[column] = entry_starts[n_columns]
            entry_starts[n_columns + 1] = entry_starts[n_columns] + counts[column]
            counts[column] = 0
            n_columns += 1
        for e in range(n_entries):
            place_of = at[list_columns[e]]
            owners[place_of], codes[place_of] = list_owners[e], list_codes[e]
            at[list_columns[e]] += 1
        n_codes += n_entries
        list_starts[j - low_list + 1], column_starts[j - low_list + 1] = n_blocks, n_columns
    return (
        list_starts,
        block_starts[: n_blocks + 1].copy(),
        members,
        column_starts,
        summary_columns[:n_columns].copy(),
        entry_starts[: n_columns + 1].copy(),
        owners[:n_codes].copy(),
        codes[:n_codes].copy(),
        lows[:n_blocks].copy(),
        steps[:n_blocks].copy(),
    )


@numba.njit(nogil=True, cache=True)
def assigned(
    ends: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[Any],
    cut_ends: NDArray[Any],
    cut_columns: NDArray[Any],
    cut_values: NDArray[Any],
    rows: NDArray[Any],
    centroids: NDArray[Any],
    counts: NDArray[Any],
    at: NDArray[Any],
) -> NDArray[Any]:
    """Return for each of the rows of a list the number of its centroid; `counts` is zero before and after."""
    entries = 0
    for c in range(len(centroids)):
        row = rows[centroids[c]]
        entries += ends[row + 1] - ends[row]
        for p in range(ends[row], ends[row + 1]):
            counts[columns[p]] += 1
    owner, weight, filled = np.empty(entries, np.int32), np.empty(entries, np.float32), 0
    for c in range(len(centroids)):
        row = rows[centroids[c]]
        for p in range(ends[row], ends[row + 1]):
            column = columns[p]
            if counts[column] > 0:  # not placed yet; from here on below 0, and the run ends at `at`
                at[column] = filled
                filled += counts[column]
                counts[column] = -counts[column]
            owner[at[column]], weight[at[column]] = c, values[p]
            at[column] += 1
    group, products = np.empty(len(rows), np.int64), np.empty(len(centroids), np.float32)
    for i in range(len(rows)):
        near = -1
        for whole in range(2):  # by its largest numbers; by all, where none of them is a centroid's
            firsts, numbers, of = (cut_ends, cut_values, cut_columns) if whole == 0 else (ends, values, columns)
            products[:] = 0
            for p in range(firsts[rows[i]], firsts[rows[i] + 1]):
                column = np.uint32(of[p])
                for e in range(at[column] + counts[column], at[column]):
                    products[np.uint32(owner[e])] += weight[e] * numbers[p]
            near = int(np.argmax(products))
            if products[near] > 0:
                break
        group[i] = near
    for c in range(len(centroids)):
        row = rows[centroids[c]]
        for p in range(ends[row], ends[row + 1]):
            counts[columns[p]] = 0
    return group
