"""Texts to blocks of a constant number of tokens: those of equal length side by side, laid end to end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from inlay.core.values import IdArray


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Texts of rising length, laid end to end and filled up to a number of rows.

    Parameters
    ----------
    texts : (n,) which texts these are.
    lengths : (n,) tokens of each.
    ids, positions : (rows,) the tokens, and the place of each in its text; zero after the last text.
    """

    texts: IdArray
    lengths: IdArray
    ids: IdArray
    positions: IdArray

    @property
    def used(self) -> int:
        """The number of rows that belong to a text."""
        return int(self.lengths.sum())

    @property
    def starts(self) -> IdArray:
        """The row at which each text begins, (n,)."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def groups(self) -> list[tuple[int, int, int]]:
        """The runs of texts of equal length: first row, number of texts, length."""
        values, first, counts = np.unique(self.lengths, return_index=True, return_counts=True)
        starts = self.starts
        return [(int(starts[i]), int(n), int(v)) for v, i, n in zip(values, first, counts, strict=True)]


def pack(ids: Sequence[Sequence[int]], sizes: Sequence[int], most: int | None = None) -> Iterator[Block]:
    """Sort texts by length and lay them into blocks, the longest first.

    Parameters
    ----------
    ids : the tokens of each text, at least one.
    sizes : the numbers of rows that a block may have, rising. A text that is longer than all of them gets a block
        of the next multiple of the last one.
    most : the most texts of a block; None for no limit.
    """
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    order = np.argsort(lengths, kind="stable")
    ends = np.cumsum(lengths[order])
    stop = len(order)
    while stop:
        first = int(np.searchsorted(ends - lengths[order], ends[stop - 1] - sizes[-1], side="left"))
        first = max(min(first, stop - 1), stop - (most or stop))
        texts = order[first:stop]
        own = lengths[texts]
        used = int(own.sum())
        rows = next((size for size in sizes if size >= used), -(-used // sizes[-1]) * sizes[-1])
        tokens, positions = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        tokens[:used] = np.concatenate([ids[i] for i in texts])
        positions[:used] = np.arange(used) - np.repeat(np.cumsum(own) - own, own)
        yield Block(texts, own, tokens, positions)
        stop = first
