"""Keeper: the version that a `Space` sees, and how it moves on to the next."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from inlay.core.contracts import Index
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import as_vectors
from inlay.pipeline import Pipeline

from . import provenance
from .job import Job, Progress
from .ledger import Ledger
from .locks import Reading, writing
from .place import Place
from .report import Options, Report
from .saved import Saved, is_large, mapped
from .table import Table, as_float32
from .view import View

Queries = Sequence[str] | FloatArray


class Keeper:
    """Holds the view of a space, and changes the space under its lock.

    Attributes
    ----------
    view : what is seen now; it is replaced, never changed.
    reading : to be entered by whoever reads, so that no files are removed under them.
    """

    def __init__(self, place: Place, table: Table, pipeline: Pipeline) -> None:
        self.place, self.pipeline = place, pipeline
        self.reading = Reading(place.folder)
        self.view = View(table, place, pipeline)
        self._checked = False

    def see(self, table: Table) -> None:
        """Move to another version."""
        before = self.view.table
        if table is before:
            return
        # Another process may have named another index, or other rankers.
        if any(table.meta.get(part) != before.meta.get(part) for part in ("pipeline", "arrays")):
            stored = provenance.load(table.meta, self.place.pipeline)
            self.pipeline.index, self.pipeline.rankers = stored.index, stored.rankers
        self.view = View(table, self.place, self.pipeline)

    def refresh(self) -> None:
        """Move to the newest version."""
        self.see(self.view.table.newest())

    def check_fingerprint(self) -> None:
        """Make sure that the pipeline makes the vectors it made when the space was new."""
        if not self._checked:
            meta, present = self.view.table.meta, self.pipeline.fingerprint()
            if present != meta["fingerprint"]:
                raise provenance.mismatch(meta, present, f"this machine's {type(self.pipeline.encoder).__name__}")
            self._checked = True

    def encode(self, queries: str | Queries) -> tuple[FloatArray, Sequence[str] | None]:
        """Return the vectors of queries, and their texts where they are texts."""
        if isinstance(queries, np.ndarray):
            return as_vectors(queries, "queries", dim=self.view.table.dim), None
        texts = [queries] if isinstance(queries, str) else list(queries)
        if not all(isinstance(text, str) for text in texts):
            raise ParameterError("queries must be a text, texts, or an (n, d) array of vectors.")
        self.check_fingerprint()
        return self.pipeline.encode(texts, role="query"), texts

    def vectors(self, rows: IdArray) -> FloatArray:
        """Return the vectors at some positions, ascending; mapped where those of the space are too large for memory."""
        table, folder = self.view.table, self.place.folder
        with self.reading:
            if is_large(len(self.view.addresses), table.dim):
                with TemporaryFile(dir=folder if folder and os.access(folder, os.W_OK) else None) as file:
                    return mapped(table, file, rows)
            return as_float32(table.vectors())[rows]

    @contextmanager
    def changing(self) -> Iterator[Table]:
        """Be the only writer, with the newest version; what a failed change has written is removed."""
        with writing(self.place.folder):
            self.refresh()
            try:
                yield self.view.table
            except BaseException:
                with suppress(DataError):
                    if self.place.folder is not None:
                        self.view.table.clean(alone=False, locked=True)
                raise

    def job(self, options: Options, progress: Progress | None, run: Callable[[Job], Table]) -> Report:
        """Let a job write, in one commit."""
        with self.changing() as table:
            job = Job(self.place, table, self.pipeline, options, once=True, progress=progress)
            self.see(run(job))
            self.settle(progress)
        return job.report

    def settle(self, progress: Progress | None = None, *, whole: bool = False) -> None:
        """Put in order what a change has left; the change stands, whether that succeeds or not."""
        with suppress(DataError):
            if whole or self.view.table.is_untidy():
                self.compact()
        self.view.prepare(progress)
        with suppress(DataError):
            self.clean()

    def delete(self, where: str) -> int:
        """Delete the rows for which a condition holds, and forget their sources."""
        with self.changing() as table:
            dead = table.addresses(where)
            if len(dead):
                files = table.read(["source_file"], where)["source_file"].unique().to_pylist()
                Ledger(self.place.sources, table.meta["uid"]).forget(files)
                self.see(table.commit([], dead, table.schema, table.meta))
                self.settle()
        return len(dead)

    def store_as(self, index: Index | None, record: Mapping[str, Any] | None) -> None:
        """Name another index in the space, with how it was chosen; it is made at once."""
        with self.changing() as table:
            pipeline = copy(self.pipeline)
            pipeline.index = index
            meta = provenance.pinned({**table.meta, "compression": record}, pipeline, self.place.pipeline)
            fresh = table.commit([], np.empty(0, np.uint64), table.schema, meta)
            self.pipeline.index = index  # the pipeline that the user sees
            self.view = View(fresh, self.place, self.pipeline)
            self.settle()

    def index_words(self) -> None:
        """Index the words of the texts."""
        with self.changing() as table:
            self.see(table.index_words())
            self.settle()

    def compact(self) -> None:
        """Compact the table, tell the saved index where its rows are now, and take new rows into that of words."""
        table, addresses = self.view.table, self.view.addresses
        self.see(table.compact())
        if self.view.table is not table:
            Saved.move(self.place.index(table.meta["uid"]), table.meta["uid"], addresses, self.view.addresses)
        if self.view.table.has_words:
            self.see(self.view.table.index_words())

    def clean(self) -> None:
        """Remove what no reader needs."""
        self.view.table.clean(alone=self.reading.alone(), locked=self.place.folder is not None)
