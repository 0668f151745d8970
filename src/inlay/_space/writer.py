"""Writer: passages to rows, group by group; each group a commit, or all of them one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from inlay.core.errors import DataError
from inlay.core.values import FloatArray, IdArray
from inlay.data.records import Record
from inlay.pipeline import Pipeline

from . import columns, provenance
from .ledger import Entry, Ledger
from .place import Place
from .stored import Stored
from .table import Table, as_matrix

GROUP = 4096
LONG = 4096  # characters from which a passage counts for more than one, so that a group has a bounded size
Progress = Callable[[str, int, int, str], object]


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """A record that is ready to be encoded.

    Parameters
    ----------
    record : with its final id and text.
    document : the id of the document it was cut from; None where it is the whole.
    file : the name of its source, empty for records that came from no file.
    digest : the SHA-256 of that source.
    vector : a ready-made vector.
    """

    record: Record
    document: str | None = None
    file: str = ""
    digest: str = ""
    vector: FloatArray | None = None

    @property
    def weight(self) -> int:
        """How far it fills a group."""
        return 1 + len(self.record.text) // LONG

    def content_hash(self) -> bytes:
        """Return what tells whether a stored row is still right."""
        r = self.record
        ready = "" if self.vector is None else self.vector.tobytes().hex()
        return columns.content_hash(r.id, r.text, r.source, r.start, r.end, self.document, self.file, ready, r.fields)


class Writer:
    """Brings a table in line with the passages that are pushed.

    The borders of groups depend on the input alone, not on what is stored already, so that a build that goes on
    encodes the same groups as one that was never stopped.

    Parameters
    ----------
    table : the newest version; None where there is none yet.
    place : where the space is.
    once : commit all at the end, rather than every group.
    on_encoded : called with the share of the present group that is encoded.
    """

    def __init__(
        self,
        table: Table | None,
        place: Place,
        pipeline: Pipeline,
        meta: dict[str, Any],
        ledger: Ledger,
        *,
        dtype: str,
        once: bool,
        on_encoded: Callable[[float], object],
    ) -> None:
        self.table, self.base = table, table
        self.stored = Stored(table)
        self.meta = meta
        self.added = self.updated = self.unchanged = self.deleted = self.tokens = self.tokens_lost = 0
        self.touched: set[str] = set()
        self._place, self._pipeline, self._ledger, self._dtype = place, pipeline, ledger, dtype
        self._once, self._on_encoded = once, on_encoded
        self._position = 0
        self._buffer: list[Passage] = []
        self._dead: list[IdArray] = []
        self._fresh: list[Any] = []
        self._finished: list[Entry] = []
        self._schema: pa.Schema | None = None if table is None else table.schema

    def push(self, passage: Passage) -> None:
        """Take one more passage of the input."""
        self._buffer.append(passage)
        self._advance(passage.weight)

    def skip(self, entry: Entry) -> None:
        """Pass over a source that is stored as it is."""
        rows = self.stored.of_file(entry.name)
        self.stored.seen[rows] = True
        self.unchanged += len(rows)
        self._advance(entry.weight)

    def finish_source(self, entry: Entry) -> None:
        """Note a source as read to its end; the ledger learns of it when its last passage is committed."""
        self._finished.append(entry)

    def drop(self, positions: IdArray) -> None:
        """Delete stored rows, with the next commit; those that are dropped or met already are left out."""
        positions = positions[~(self.stored.seen | self.stored.gone)[positions]]
        self.stored.gone[positions] = True
        self._dead.append(positions)
        self.deleted += len(positions)

    def keep(self, positions: IdArray) -> int:
        """Keep stored rows that this run has not met, and return how many there are."""
        left = int((~self.stored.seen[positions]).sum())
        self.stored.seen[positions] = True
        return left

    def _advance(self, weight: int) -> None:
        before, self._position = self._position, self._position + weight
        if before // GROUP != self._position // GROUP:
            self._flush()

    def close(self) -> Table:
        """Commit what is left, and return the newest version."""
        self._flush()
        if self._once:
            self._commit()
        if self.table is None:
            self._create(self._empty())
            return self.close()
        return self.table

    def _flush(self) -> None:
        buffer, self._buffer = self._buffer, []
        if buffer:
            self._write(buffer)
        self._on_encoded(1.0)
        if not self._once:
            self._commit()

    def _write(self, buffer: Sequence[Passage]) -> None:
        hashes = [passage.content_hash() for passage in buffer]
        rows = self.stored.find([passage.record.id for passage in buffer])
        content = np.frombuffer(b"".join(hashes), "<u8").reshape(-1, 2)
        known = (rows >= 0) & ~self.stored.gone[rows]
        rows = np.where(known, rows, -1)
        same = np.zeros(len(rows), bool)
        same[known] = (self.stored.content[rows[known]] == content[known]).all(axis=1)
        self.unchanged += int(same.sum())
        changed = known & ~same
        if changed.any():
            self._dead.append(rows[changed])
        self.updated += int(changed.sum())
        self.added += int((~known).sum())
        todo = np.flatnonzero(~same).tolist()
        if todo:
            self._stage([buffer[i] for i in todo], [hashes[i] for i in todo], rows[todo])

    def _stage(self, passages: list[Passage], hashes: list[bytes], rows: IdArray) -> None:
        old = self._old_vectors(passages, rows)
        vectors, tokens, lost = self._encode(passages, old)
        table = self._rows(passages, hashes, vectors, tokens, lost)
        if self.table is None:
            self._create(table)
        else:
            self._fresh += self.table.stage(table)

    def _old_vectors(self, passages: Sequence[Passage], rows: IdArray) -> dict[int, tuple[FloatArray, int, int]]:
        """Return what is stored for passages whose text has not changed, though something else has."""
        which = np.flatnonzero((rows >= 0) & np.array([passage.vector is None for passage in passages]))
        if self.base is None or not len(which):
            return {}
        found = self.base.take(rows[which], ["text", "vector", "tokens", "tokens_lost"])
        vectors = as_matrix(found["vector"], self.base.dim)
        texts, tokens, lost = (found[name].to_pylist() for name in ("text", "tokens", "tokens_lost"))
        return {
            i: (vectors[j], tokens[j], lost[j])
            for j, i in enumerate(which.tolist())
            if texts[j] == passages[i].record.text
        }

    def _encode(
        self, passages: Sequence[Passage], old: dict[int, tuple[FloatArray, int, int]]
    ) -> tuple[FloatArray, IdArray, IdArray]:
        tokens, lost = np.zeros((2, len(passages)), np.int64)
        new = [i for i, p in enumerate(passages) if p.vector is None and i not in old]
        done = 0

        def progress(n: int) -> None:
            nonlocal done
            done += n
            self._on_encoded(done / len(new))

        vectors: Any = None
        if new:
            encoded = self._pipeline.encode_counted([passages[i].record.text for i in new], progress=progress)
            found = encoded.vectors
            vectors = np.empty((len(passages), found.shape[1]), np.float32)
            vectors[new], tokens[new], lost[new] = found, encoded.tokens, encoded.lost
            self.tokens += int(encoded.tokens.sum())
            self.tokens_lost += int(encoded.lost.sum())
            cut = (passages[new[j]] for j in np.flatnonzero(encoded.lost).tolist())
            self.touched.update(passage.document or passage.record.id for passage in cut)
            if self.table is not None and provenance.has_settled(self.meta, self._pipeline):
                self.meta = provenance.pinned(self.meta, self._pipeline, self._place.pipeline)
        if vectors is None:
            vectors = np.empty((len(passages), self.base.dim if self.base else 0), np.float32)
        for i, (vector, n, cut_off) in old.items():
            vectors[i], tokens[i], lost[i] = vector, n, cut_off
        for i, passage in enumerate(passages):
            if passage.vector is not None:
                vectors[i] = passage.vector
        return vectors, tokens, lost

    def _rows(
        self, passages: Sequence[Passage], hashes: list[bytes], vectors: FloatArray, tokens: IdArray, lost: IdArray
    ) -> pa.Table:
        dim = vectors.shape[1]
        if self._schema is None:
            self._schema = self._own(dim)
        elif (stored := self._schema.field("vector").type.list_size) != dim:
            raise DataError(f"{self._place.root} holds vectors of {stored} columns, but the encoder gave {dim}.")
        fields = [p.record.fields for p in passages]
        known = {field.name: field.type for field in self._schema if field.name not in columns.OWN}
        for name, kind in columns.new_columns(fields, known).items():
            known[name] = kind
            self._schema = self._schema.append(pa.field(name, kind))
        records = [p.record for p in passages]
        stored = vectors.astype(_numpy_type(self._schema), copy=False)
        flat = pa.array(stored.reshape(-1))
        arrays: dict[str, Any] = {
            **{name: [getattr(r, name) for r in records] for name in ("id", "text", "source", "start", "end")},
            "document": [p.document for p in passages],
            "tokens": tokens,
            "tokens_lost": lost,
            "content_hash": hashes,
            "source_hash": [p.digest for p in passages],
            "source_file": [p.file for p in passages],
            **columns.spread(fields, known),
            "vector": pa.FixedSizeListArray.from_arrays(flat, dim),
        }
        return pa.table({field.name: pa.array(arrays[field.name], field.type) for field in self._schema})

    def _create(self, rows: pa.Table) -> None:
        self.meta = provenance.pinned(self.meta, self._pipeline, self._place.pipeline)
        self.table = Table.create(self._place.records, rows, self.meta)

    def _own(self, dim: int) -> pa.Schema:
        return pa.schema({**columns.OWN, "vector": columns.vector_type(dim, self._dtype)})

    def _empty(self) -> pa.Table:
        dim = self._pipeline.encode([]).shape[1]
        return self._own(dim).empty_table()

    def _commit(self) -> None:
        dead = np.unique(np.concatenate([np.empty(0, np.int64), *self._dead]))
        meta_changed = self.table is not None and self.meta != self.table.meta
        if self.table is not None and (self._fresh or len(dead) or meta_changed):
            addresses = self.stored.addresses[dead]
            assert self._schema is not None  # noqa: S101 - there is a table, hence a schema
            self.table = self.table.commit(self._fresh, addresses, self._schema, self.meta)
        self._dead, self._fresh = [], []
        if self.table is not None and self._finished:
            version = self.table.version
            self._ledger.write(_at(self._finished, version))
            self._finished = []


def _at(entries: Iterable[Entry], version: int) -> list[Entry]:
    return [replace(entry, version=version) for entry in entries]


def _numpy_type(schema: pa.Schema) -> type:
    return np.float16 if schema.field("vector").type.value_type == pa.float16() else np.float32
