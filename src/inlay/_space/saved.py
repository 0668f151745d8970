"""Saved: the index of a space, as it lies beside the table."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout
from sklearn.base import clone

from inlay.core import storage
from inlay.core.contracts import Index
from inlay.core.description import describe, restore
from inlay.core.errors import DataError
from inlay.core.fingerprint import fingerprint
from inlay.core.method import Method
from inlay.core.values import FloatArray, IdArray
from inlay.pipeline import Pipeline

from .place import cache
from .table import AddressArray, Table, as_float32, as_matrix

SMALL = 100_000  # rows up to which `Auto` searches exactly, so that nothing has to be saved
HELD = 1 << 30  # bytes of vectors that a space without a saved index keeps in memory
STALE = 0.2  # the part of an index that may be dead or missing
_NOWHERE = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """An index, and the addresses of its rows.

    An address names one row until the table is compacted, so that comparing the addresses of the index with the
    live ones tells which of its rows are dead, and which rows it lacks. Nothing else has to be written down, and the
    index may be deleted.
    """

    index: Index
    addresses: AddressArray

    @classmethod
    def load(cls, folder: Path, uid: str, live: AddressArray, wanted: Index) -> Self | None:
        """Read the index that the space called `uid` has in `folder`; None where it has none that is of use.

        One that was made before the space was told to have the index `wanted` is of no use.
        """
        found = cls._read(folder, uid)
        if found is None or found._is_stale(live) or fingerprint(clone(found.index)) != fingerprint(wanted):
            return None
        return found

    @classmethod
    def make(
        cls,
        table: Table,
        addresses: AddressArray,
        pipeline: Pipeline,
        folder: Path,
        on_rows: Callable[[int, int], object],
    ) -> None:
        """Make the index of all rows and save it; `on_rows` is told how many of how many are done.

        The vectors go to a file without a name first, from which the index is made: of memory it takes what the graph
        takes, and of that file what the system can spare.

        Raises
        ------
        DataError
            If it cannot be saved, as on a full disk.
        """
        uid, done = table.meta["uid"], 0
        if folder.exists() and not os.access(folder.parent, os.W_OK):
            folder = cache() / uid  # what lies in the folder can be read alone

        def tell(rows: int) -> None:
            nonlocal done
            done += rows
            on_rows(done, len(addresses))

        index = pipeline.new_index()
        tell(0)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder), TemporaryFile(dir=folder) as file:
                X = mapped(table, file)
                if fit := getattr(index, "fit_with_progress", None):
                    fit(X, tell)
                else:
                    index.fit(X)
                    tell(len(X))
                cls(index, addresses)._write(folder, uid)
        except Timeout:
            return  # another process is making it
        except OSError as error:
            raise DataError(f"{folder} cannot be written: {error.strerror or error}.") from error

    @classmethod
    def move(cls, folder: Path, uid: str, before: AddressArray, after: AddressArray) -> None:
        """Tell a saved index that its rows were moved; compaction keeps their order."""
        found = cls._read(folder, uid)
        if found is None or len(before) != len(after):
            return
        at = positions_of(found.addresses, before)
        try:
            with _locked(folder):
                cls(found.index, np.where(at >= 0, after[at], _NOWHERE))._write(folder, uid)
        except (Timeout, OSError, DataError):
            return  # its rows are not found any more, so that it is made again

    @classmethod
    def _read(cls, folder: Path, uid: str) -> Self | None:
        try:
            saved: Any = restore(storage.read(folder, mmap=True), Method, where=str(folder))
            return cls(saved["index"], saved["addresses"]) if saved["space"] == uid else None
        except (DataError, KeyError, TypeError):
            return None  # it is made again

    def _write(self, folder: Path, uid: str) -> None:
        storage.write(folder, describe({"space": uid, "index": self.index, "addresses": self.addresses}))

    def _is_stale(self, live: AddressArray) -> bool:
        both = int((positions_of(self.addresses, live) >= 0).sum())
        return len(self.addresses) - both + len(live) - both > STALE * max(len(self.addresses), 1)


def is_saved(pipeline: Pipeline, rows: int, dim: int) -> bool:
    """Tell whether a space of that many rows and columns has an index beside its table."""
    return rows > (SMALL if pipeline.index is None else 0) or is_large(rows, dim)


def is_large(rows: int, dim: int) -> bool:
    """Tell whether that many vectors are not to be kept in memory, but to be mapped or read."""
    return 4 * rows * dim > HELD


def positions_of(wanted: AddressArray, addresses: AddressArray) -> IdArray:
    """Return where the `wanted` stand among `addresses`, -1 for those that do not."""
    if not len(addresses):
        return np.full(len(wanted), -1)
    order = np.argsort(addresses)
    at = np.searchsorted(addresses, wanted, sorter=order).clip(max=len(addresses) - 1)
    return np.where(addresses[order[at]] == wanted, order[at], -1)


def _locked(folder: Path) -> FileLock:
    return FileLock(folder.parent / f".{folder.name}.lock", timeout=0)


def mapped(table: Table, file: Any, rows: IdArray | None = None) -> FloatArray:
    """Write all vectors, or those at the positions `rows`, ascending, to `file` as float32 by blocks, and map it."""
    start = 0
    for batch in table.batches(["vector"]):
        X = as_matrix(batch["vector"], table.dim)
        stop = start + len(X)
        if rows is not None:
            X = X[rows[slice(*np.searchsorted(rows, (start, stop)))] - start]
        file.write(np.ascontiguousarray(as_float32(X)))
        start = stop
    file.flush()
    if not file.tell():
        return np.empty((0, table.dim), np.float32)
    # Written and then mapped: a map that is written to kills the process where the disk is full.
    return np.memmap(file, np.float32, "r").reshape(-1, table.dim)
