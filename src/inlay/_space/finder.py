"""Finder: from query vectors to positions in one version of a table, whatever happened to it since it was indexed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from inlay.core import storage
from inlay.core.contracts import Index
from inlay.core.description import describe, restore
from inlay.core.errors import DataError
from inlay.core.method import Method
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, top_k
from inlay.pipeline import Pipeline

from .table import AddressArray, Table, as_float32

SMALL = 100_000  # rows up to which `Auto` searches exactly, so that nothing has to be saved
STALE = 0.2  # the part of an index that may be dead or missing


class Finder:
    """Searches the rows of `table`.

    A saved index keeps the addresses of its rows. An address names one row until the table is compacted, so that
    comparing the addresses of the index with the live ones tells which of its rows are dead, and which rows it
    lacks: those are searched exactly. Nothing else has to be written down, and the index may be deleted.

    Parameters
    ----------
    table : one version.
    addresses : of its live rows.
    pipeline : says which index is made.
    folder : where the index is kept.
    on_index : called when an index has to be made.
    """

    def __init__(
        self,
        table: Table,
        addresses: AddressArray,
        pipeline: Pipeline,
        folder: Path,
        on_index: Callable[[int, int], object] = lambda done, total: None,
    ) -> None:
        self._table, self._dim = table, table.dim
        self._index: Index | None = None
        if not is_saved(pipeline, len(addresses)):
            self._tail = np.arange(len(addresses))
            self._tail_vectors = table.vectors()
            return
        found = _load(folder, table.meta["uid"])
        if found is None or _is_stale(found[1], addresses):
            on_index(0, len(addresses))
            index = pipeline.new_index().fit(as_float32(table.vectors()))
            found = index, addresses
            _save(folder, table.meta["uid"], index, addresses)
            on_index(len(addresses), len(addresses))
        self._index = found[0]
        self._positions = positions_of(found[1], addresses)
        missing = np.ones(len(addresses), bool)
        missing[self._positions[self._positions >= 0]] = False
        self._tail = np.flatnonzero(missing)
        self._tail_vectors = table.vectors(self._tail)

    def search(self, Q: FloatArray, k: int, where: IdArray | None) -> Hits:
        """Find the best `k` of the rows at the positions `where`, ascending, or of all rows."""
        rows = None if where is None else np.flatnonzero(np.isin(self._tail, where, assume_unique=True))
        tail = product_top_k(Q, self._tail_vectors, k, rows=rows)
        tail = Hits(_through(self._tail, tail.ids), tail.scores)
        if self._index is None:
            return tail
        allowed = self._positions >= 0
        if where is not None:
            allowed &= np.isin(self._positions, where)
        if not allowed.any():
            return tail
        found = self._index.search(Q, k, where=None if allowed.all() else np.flatnonzero(allowed))
        ids = np.concatenate([_through(self._positions, found.ids), tail.ids], axis=1)
        best, scores = top_k(np.concatenate([found.scores, tail.scores], axis=1), k)
        return Hits(np.take_along_axis(ids, best, 1), scores)


def is_saved(pipeline: Pipeline, rows: int) -> bool:
    """Tell whether a space of that many rows has an index beside its table."""
    return rows > (SMALL if pipeline.index is None else 0)


def positions_of(wanted: AddressArray, addresses: AddressArray) -> IdArray:
    """Return where the `wanted` stand among `addresses`, -1 for those that do not."""
    if not len(addresses):
        return np.full(len(wanted), -1)
    order = np.argsort(addresses)
    at = np.searchsorted(addresses, wanted, sorter=order).clip(max=len(addresses) - 1)
    return np.where(addresses[order[at]] == wanted, order[at], -1)


def move(folder: Path, uid: str, before: AddressArray, after: AddressArray) -> None:
    """Tell a saved index that its rows were moved; compaction keeps their order."""
    found = _load(folder, uid)
    if found is None or len(before) != len(after):
        return
    at = positions_of(found[1], before)
    _save(folder, uid, found[0], np.where(at >= 0, after[at], np.uint64(2**64 - 1)))


def _is_stale(indexed: AddressArray, addresses: AddressArray) -> bool:
    live = int((positions_of(indexed, addresses) >= 0).sum())
    return len(indexed) - live + len(addresses) - live > STALE * max(len(indexed), 1)


def _through(positions: IdArray, ids: IdArray) -> IdArray:
    if not len(positions):
        return ids
    return np.where(ids >= 0, positions[ids], -1)


def _load(folder: Path, uid: str) -> tuple[Index, AddressArray] | None:
    try:
        saved: Any = restore(storage.read(folder, mmap=True), Method, where=str(folder))
        return (saved["index"], saved["addresses"]) if saved["space"] == uid else None
    except (DataError, KeyError, TypeError):
        return None  # it is made again


def _save(folder: Path, uid: str, index: Index, addresses: AddressArray) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock", timeout=0):
            storage.write(folder, describe({"space": uid, "index": index, "addresses": addresses}))
    except (Timeout, OSError, DataError):
        return  # another process saves one, or there is no room: this one serves from memory
