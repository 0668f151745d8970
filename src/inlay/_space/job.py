"""A job that writes: it holds the lock, feeds a writer, puts the table in order, and reports."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from inlay.core.errors import DataError
from inlay.pipeline import Pipeline

from . import provenance
from .feed import Document, Feed
from .ledger import Ledger
from .memory import TOLD, ceiling, largest_record, sentence
from .place import Place
from .report import Options, Report, splitter_for
from .sources import Paths, Sources
from .table import Table
from .writer import Writer

Progress = Callable[[str, int, int, str], object]
_log = logging.getLogger("inlay")


class Job:
    """One writing into the space at `place`; the caller holds its lock.

    Parameters
    ----------
    table : its newest version; None where it is new.
    pipeline : makes the vectors.
    options : how sources are read and cut.
    dtype : the type of the vectors in a new table.
    once : one commit for all, rather than one for each group.
    meta : what the space says of itself from now on; None is what `table` says.
    progress : told how far it is.
    """

    def __init__(
        self,
        place: Place,
        table: Table | None,
        pipeline: Pipeline,
        options: Options,
        *,
        dtype: str = "float32",
        once: bool,
        meta: Mapping[str, Any] | None = None,
        progress: Progress | None,
    ) -> None:
        self._start = time.perf_counter()
        self._progress = progress or (lambda stage, done, total, unit: None)
        self._options = options
        self._encoded = 0
        self._sources: Sources | None = None
        self._splitter = splitter_for(pipeline.encoder, options.max_tokens)
        meta = dict(meta or (provenance.born() if table is None else table.meta))
        self._ledger = Ledger(place.sources, meta["uid"])
        self._writer = Writer(
            table, place, pipeline, meta, self._ledger, dtype=dtype, once=once, on_encoded=self._on_encoded
        )
        self._links = getattr(pipeline.index, "M", 16)
        self._dim = pipeline.encode([]).shape[1] if table is None else table.dim
        self._largest = 0
        self.report = Report()
        self._feed = Feed(self._writer, self._splitter, self._ledger, self.report.problems.append)

    def read(self, paths: Paths, *, vanish: bool) -> Table:
        """Take what is under `paths`; with `vanish`, what was there before and is no more is deleted."""
        self._sources = Sources(
            paths,
            self._options,
            self._options.digest(self._splitter),
            self.report.problems.append,
            lambda done, total: self._progress("read", done, total, "bytes"),
        )
        self.report.sources = len(self._sources.all)
        self._largest = largest_record(self._sources.all)
        _log.info(sentence(self._told, self._dim, self._largest, self._links))
        self._sources.push(self._feed, self._writer, self._ledger)
        if vanish:
            self._sources.drop_vanished(self._writer)
        return self._close()

    def take(self, documents: Iterable[Document]) -> Table:
        """Take documents that are at hand."""
        self._feed.push(documents)
        return self._close()

    @property
    def _told(self) -> int:
        return max(TOLD, len(self._writer.stored.addresses))

    def _close(self) -> Table:
        table = self._writer.close()
        report, writer = self.report, self._writer
        for name in ("added", "updated", "unchanged", "deleted", "tokens", "tokens_lost"):
            setattr(report, name, getattr(writer, name))
        report.documents, report.passages = self._feed.documents, self._feed.passages
        report.documents_touched = len(writer.touched)
        rows = max(self._told, table.dataset.count_rows())
        report.memory_ceiling_bytes = ceiling(rows, self._dim, self._largest, self._links)
        report.seconds = time.perf_counter() - self._start
        return table

    def _on_encoded(self, share: float) -> None:
        if self._sources is None:
            return
        read = self._sources.done
        done = self._encoded + round(share * (read - self._encoded))
        self._progress("encode", done, self._sources.bytes, "bytes")
        if share >= 1.0:
            self._encoded = read


def check(report: Report, on_error: str) -> Report:
    """Return the report of a job, or raise where it was to fail and something was passed over."""
    if report.problems and on_error == "fail":
        shown = "; ".join(map(str, report.problems[:3]))
        raise DataError(f"{len(report.problems)} pieces of the input were passed over: {shown}. The rest is stored.")
    return report
