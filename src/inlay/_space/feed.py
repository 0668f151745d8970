"""Feed: documents to passages that a writer can take, each id once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inlay.core.values import FloatArray
from inlay.data.records import Problem, Record

from .columns import clean, plain
from .keys import KeyTable, keys_of
from .ledger import Ledger
from .writer import Passage, Writer

if TYPE_CHECKING:
    from inlay.data.splitter import Splitter

_CHUNK = 512  # documents that are compared and cut together
_CHUNK_CHARS = 1 << 22

Document = tuple[Record, FloatArray | None]
OnProblem = Callable[[Problem], object]


class Feed:
    """Feeds a writer with documents: each id once, long ones cut, and what was stored of them before dropped.

    Attributes
    ----------
    documents, passages, weight : what was pushed so far.
    doubles : documents and passages left out because their id was taken.
    """

    def __init__(self, writer: Writer, splitter: "Splitter | None", ledger: Ledger, on_problem: OnProblem) -> None:
        self.documents = self.passages = self.weight = self.doubles = 0
        self._writer, self._splitter, self._ledger, self._on_problem = writer, splitter, ledger, on_problem
        self._met = KeyTable()
        self._places: list[str] = []

    def push(self, documents: Iterable[Document], file: str = "", digest: str = "") -> None:
        """Take documents, each with its ready-made vector or None."""
        self._places.append(file or "this input")
        for chunk in _chunks(documents):
            self._push(self._without_doubles(chunk), file, digest)

    def _without_doubles(self, chunk: Sequence[Document]) -> list[Document]:
        ids = [record.id for record, _ in chunk]
        keys = keys_of(ids)
        met = self._met.find(keys)
        stored = self._writer.stored
        which, rows = stored.of_documents(ids)
        held = dict(zip(which[stored.seen[rows]].tolist(), rows[stored.seen[rows]].tolist(), strict=True))
        here: dict[str, str] = {}
        new = []
        for i, (record, vector) in enumerate(chunk):
            if record.id in here:
                self._double(record, here[record.id])
            elif met[i] >= 0:
                self._double(record, self._places[met[i]])
            elif i in held:
                self._double(record, stored.files_of(np.array([held[i]]))[0])
            else:
                here[record.id] = record.source
                new.append((record, vector))
        self._remember(here)
        return new

    def _double(self, record: Record, first: str) -> None:
        self.doubles += 1
        place = record.source or "this input"
        self._on_problem(
            Problem(place, f"the id {record.id!r} is taken by {first or 'an earlier record'}; that one stays")
        )

    def _remember(self, ids: Collection[str]) -> None:
        self._met.add(keys_of(ids), np.full(len(ids), len(self._places) - 1))

    def _push(self, documents: Sequence[Document], file: str, digest: str) -> None:
        ready = [vector is not None for _, vector in documents]
        if self._splitter is None or all(ready):
            passages = [Passage(record, None, file, digest, vector) for record, vector in documents]
        elif any(ready):
            for document in documents:  # one by one, so that the order stays
                self._push([document], file, digest)
            return
        else:
            cut = self._cut(self._splitter, [record for record, _ in documents])
            passages = [Passage(passage, document, file, digest) for passage, document in cut]
        passages = self._without_taken(passages)
        stored = self._writer.stored
        old = stored.of_documents([record.id for record, _ in documents])[1]
        new = stored.find([passage.record.id for passage in passages])
        touched = np.union1d(old, new[new >= 0])
        # A source that loses a row to this one must be read again, should this one give it up.
        self._ledger.forget(name for name in stored.files_of(touched) if name != file)
        stored.seen[new[new >= 0]] = True
        for passage in passages:
            self._writer.push(passage)
            self.weight += passage.weight
        self.documents += len(documents)
        self.passages += len(passages)
        self._writer.drop(np.setdiff1d(old, new))

    @staticmethod
    def _cut(splitter: "Splitter", records: Sequence[Record]) -> Iterator[tuple[Record, str | None]]:
        """Yield passages with the ids of the documents that they were cut from, None for a whole one."""
        remaining = iter(records)
        name, over = "", True
        for passage in splitter.split(records):
            # Passages come in the order of their documents; one that was not cut is over with its only passage.
            while over or not (passage.id == name or passage.id.startswith(f"{name}#")):
                name, over = next(remaining).id, False
            over = passage.id == name
            yield passage, None if over else name

    def _without_taken(self, passages: list[Passage]) -> list[Passage]:
        """Leave out passages whose id, such as ``a#0``, is that of another document."""
        cut = [i for i, passage in enumerate(passages) if passage.document is not None]
        ids = [passages[i].record.id for i in cut]
        rows = self._writer.stored.find(ids)
        taken = (self._met.find(keys_of(ids)) >= 0) | ((rows >= 0) & self._writer.stored.seen[rows])
        self._remember([name for name, bad in zip(ids, taken, strict=True) if not bad])
        out = {cut[j] for j in np.flatnonzero(taken)}
        for i in sorted(out):
            self._double(passages[i].record, "another document")
        return [passage for i, passage in enumerate(passages) if i not in out]


def _chunks(records: Iterable[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    size = 0
    for pair in records:
        chunk.append(pair)
        size += len(pair[0].text)
        if len(chunk) == _CHUNK or size > _CHUNK_CHARS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def tidy(record: Record) -> Record:
    """Return a record whose text and fields a table can hold."""
    fields = {clean(str(name)): plain(value) for name, value in record.fields.items() if value is not None}
    return replace(record, id=clean(record.id), text=clean(record.text), source=clean(record.source), fields=fields)
