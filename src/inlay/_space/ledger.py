"""The ledger: which sources the table holds whole, so that a build need not read them again.

A second, small Lance dataset to which lines are appended; the last line of a source counts. It is written
after the rows that it speaks of, and may be lost: then sources are read once more, and nothing is encoded twice.
"""

import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

import lance
import pyarrow as pa

from .table import told

_MOST_FILES = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One source, as it was when all of it was in the table.

    Parameters
    ----------
    name : as the user calls it.
    digest : SHA-256 of its content; empty where the source counts as unread.
    options : how it was read.
    documents, passages : how many were read.
    weight : by how much it moves the borders of groups.
    version : the version of the table that held it first.
    """

    name: str
    digest: str
    options: str = ""
    documents: int = 0
    passages: int = 0
    weight: int = 0
    version: int = 0


_KINDS: dict[Any, pa.DataType] = {str: pa.string(), int: pa.int64()}
_SCHEMA = pa.schema([(field.name, _KINDS[field.type]) for field in fields(Entry)])


class Ledger:
    """The ledger at `uri` of the space that is called `space`."""

    def __init__(self, uri: str, space: str) -> None:
        self.uri = uri
        self._space = space
        self._entries: dict[str, Entry] = {}
        self._absent = self._damaged = False
        self._dataset: lance.LanceDataset | None = None
        try:
            found = lance.dataset(self.uri)
            # A ledger that was left by another space at the same place says nothing about this one.
            if (found.schema.metadata or {}).get(b"space") == self._space.encode():
                self._entries = {row["name"]: Entry(**row) for part in found.to_batches() for row in part.to_pylist()}
                self._dataset = found
        except (ValueError, OSError) as error:  # a piece is missing or cut short: what it says is lost
            self._absent = str(error).startswith("Dataset at path")
            self._damaged = not self._absent

    def get(self, name: str, version: int) -> Entry | None:
        """Return what is known of a source in `version` of the table."""
        entry = self._entries.get(name)
        return entry if entry is not None and entry.digest and entry.version <= version else None

    def names(self) -> list[str]:
        """List the sources that are held whole."""
        return [name for name, entry in self._entries.items() if entry.digest]

    def write(self, entries: Iterable[Entry]) -> None:
        """Append entries, and write all anew where the appends have become many."""
        entries = list(entries)
        if not entries and not self._damaged:
            return
        self._entries.update((entry.name, entry) for entry in entries)
        many = self._dataset is None or len(self._dataset.get_fragments()) >= _MOST_FILES
        rows = [entry for entry in self._entries.values() if entry.digest] if many else entries
        table = pa.Table.from_pylist([asdict(entry) for entry in rows], _SCHEMA)
        with told(self.uri):
            if self._damaged and "://" not in self.uri:
                shutil.rmtree(self.uri)
                self._absent = True
            self._dataset = lance.write_dataset(
                table.replace_schema_metadata({"space": self._space}),
                self.uri,
                mode="create" if self._absent else "overwrite" if many else "append",
            )
            self._absent = self._damaged = False
            if many:
                # Nobody reads it but the one writer.
                self._dataset.cleanup_old_versions(retain_versions=1)

    def forget(self, names: Iterable[str]) -> None:
        """Let sources count as unread, so that the next build reads them again."""
        self.write([Entry(name, "") for name in names if name in self._entries and self._entries[name].digest])
