"""The vectors of the parts of some items, laid out for arithmetic."""

from collections.abc import Iterator

import numpy as np

from inlay.core.values import FloatArray, IdArray, Ragged
from inlay.core.vectors import HELD_BYTES


def blocks(items: Ragged, rows: IdArray, width: int) -> Iterator[tuple[slice, IdArray, FloatArray]]:
    """Yield the parts of some items, a few items at a time.

    Parameters
    ----------
    items : the items.
    rows : (m,) row numbers of those that are wanted.
    width : numbers held for each part, beside its vector.

    Yields
    ------
    which : of `rows`.
    lengths : of these items.
    values : (sum of lengths, d), their parts end to end.
    """
    lengths = items.lengths[rows]
    ends = np.cumsum(lengths)
    held = max(1, HELD_BYTES // (4 * (items.values.shape[1] + width)))
    start = 0
    while start < len(rows):
        before = ends[start] - lengths[start]
        stop = max(start + 1, int(np.searchsorted(ends, before + held, side="right")))
        these = lengths[start:stop]
        shift = np.repeat(items.offsets[rows[start:stop]] - (ends[start:stop] - these - before), these)
        yield slice(start, stop), these, items.values[shift + np.arange(len(shift))]
        start = stop
