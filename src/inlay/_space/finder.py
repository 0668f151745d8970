"""Finder: from query vectors to positions in one version of a table, whatever happened to it since it was indexed."""

import numpy as np

from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import product_top_k, top_k
from inlay.indexes import Filtered
from inlay.indexes.filtered import Plan

from .saved import Saved, is_large, positions_of
from .table import AddressArray, Table, as_float32, as_matrix


class Finder:
    """Searches the rows of `table`: those that `saved` has by its index, the others exactly.

    Parameters
    ----------
    table : one version.
    addresses : of its live rows.
    saved : the index; None where there is none.
    """

    def __init__(self, table: Table, addresses: AddressArray, saved: Saved | None) -> None:
        self._index = None if saved is None else saved.index
        self._table: Table | None = None
        if saved is None:
            self._tail = np.arange(len(addresses))
            if is_large(len(addresses), table.dim):
                self._table = table
            else:
                self._tail_vectors = table.vectors()
            return
        self._positions = positions_of(saved.addresses, addresses)
        missing = np.ones(len(addresses), bool)
        missing[self._positions[self._positions >= 0]] = False
        self._tail = np.flatnonzero(missing)
        self._tail_vectors = table.vectors(self._tail)

    def search(self, Q: FloatArray, k: int, where: IdArray | None) -> Hits:
        """Find the best `k` of the rows at the positions `where`, ascending, or of all rows."""
        rows = None if where is None else np.flatnonzero(np.isin(self._tail, where, assume_unique=True))
        if self._table is not None:
            return _read(self._table, Q, k, rows)
        tail = product_top_k(Q, self._tail_vectors, k, rows=rows)
        tail = Hits(_through(self._tail, tail.ids), tail.scores)
        if self._index is None:
            return tail
        allowed = self._allowed(where)
        if allowed is not None and not len(allowed):
            return tail
        found = self._index.search(Q, k, where=allowed)
        ids = np.concatenate([_through(self._positions, found.ids), tail.ids], axis=1)
        best, scores = top_k(np.concatenate([found.scores, tail.scores], axis=1), k)
        return Hits(np.take_along_axis(ids, best, 1), scores)

    def plan(self, k: int, where: IdArray | None) -> Plan | None:
        """Return how the index finds `k` rows at the positions `where`; None where it does not plan."""
        return self._index.plan(self._allowed(where), k) if isinstance(self._index, Filtered) else None

    def _allowed(self, where: IdArray | None) -> IdArray | None:
        """Return the rows of the index that are live and at the positions `where`; None where these are all."""
        allowed = self._positions >= 0
        if where is not None:
            allowed &= np.isin(self._positions, where)
        return None if allowed.all() else np.flatnonzero(allowed)


def _read(table: Table, Q: FloatArray, k: int, rows: IdArray | None) -> Hits:
    """Find the best `k` among vectors that are compared as they are read, and not kept."""
    if rows is not None and not is_large(len(rows), table.dim):
        found = product_top_k(Q, as_float32(table.vectors(rows)), k)
        return Hits(_through(rows, found.ids), found.scores)
    ids, scores, start = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32), 0
    for batch in table.batches(["vector"]):
        X = as_matrix(batch["vector"], table.dim)
        stop = start + len(X)
        some = None if rows is None else rows[slice(*np.searchsorted(rows, (start, stop)))] - start
        found = product_top_k(Q, X, k, rows=some)
        both = np.concatenate([ids, np.where(found.ids >= 0, found.ids + start, -1)], axis=1)
        best, scores = top_k(np.concatenate([scores, found.scores], axis=1), k)
        ids, start = np.take_along_axis(both, best, 1), stop
    return Hits(ids, scores)


def _through(positions: IdArray, ids: IdArray) -> IdArray:
    if not len(positions):
        return ids
    return np.where(ids >= 0, positions[ids], -1)
