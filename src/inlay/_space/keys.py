"""Ids as 128-bit keys: which of millions of ids are known, in 24 bytes each and without a Python object for any."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import IdArray

KeyArray = NDArray[np.uint64]


def keys_of(ids: Iterable[str]) -> KeyArray:
    """Hash texts to (n, 2) uint64; two different ones get the same key with a chance of n² / 2¹²⁹."""
    joined = b"".join(blake2b(text.encode(), digest_size=16).digest() for text in ids)
    return np.frombuffer(joined, "<u8").reshape(-1, 2)


class KeyTable:
    """Keys with a number each; a key may stand there more than once.

    Sorted runs that double in length, so that adding n keys one group at a time costs n log n.

    Examples
    --------
    >>> table = KeyTable()
    >>> table.add(keys_of(["a", "b"]), np.array([10, 20]))
    >>> table.find(keys_of(["b", "x"])).tolist()
    [20, -1]
    """

    def __init__(self) -> None:
        self._runs: list[tuple[KeyArray, IdArray]] = []

    def add(self, keys: KeyArray, values: IdArray) -> None:
        """Add (n, 2) keys with n numbers."""
        if not len(keys):
            return
        self._runs.append(_sorted(keys, values))
        while len(self._runs) > 1 and len(self._runs[-2][0]) <= 2 * len(self._runs[-1][0]):
            (a, x), (b, y) = self._runs.pop(), self._runs.pop()
            self._runs.append(_sorted(np.concatenate([a, b]), np.concatenate([x, y])))

    def pairs(self, keys: KeyArray) -> tuple[IdArray, IdArray]:
        """Return every match as (which of `keys`, its number)."""
        which, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for run, values in self._runs:
            first = np.searchsorted(run[:, 0], keys[:, 0], "left")
            count = np.searchsorted(run[:, 0], keys[:, 0], "right") - first
            query = np.repeat(np.arange(len(keys)), count)
            at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
            same = run[at, 1] == keys[query, 1]
            which.append(query[same])
            found.append(values[at[same]])
        return np.concatenate(which), np.concatenate(found)

    def find(self, keys: KeyArray) -> IdArray:
        """Return a number for each of `keys`, -1 where there is none."""
        out = np.full(len(keys), -1, np.int64)
        which, found = self.pairs(keys)
        out[which] = found
        return out


def _sorted(keys: KeyArray, values: IdArray) -> tuple[KeyArray, IdArray]:
    order = np.argsort(keys[:, 0], kind="stable")
    return keys[order], np.asarray(values, np.int64)[order]
