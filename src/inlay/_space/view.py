"""View: one version of a space, to be read; and Result, what a search gives."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from inlay.core.errors import DataError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.pipeline import Pipeline

from . import columns
from .finder import Finder
from .place import Place
from .saved import Saved, is_saved, positions_of
from .table import AddressArray, Table, as_float32

Progress = Callable[[str, int, int, str], object]
MISSING = "the index is missing, so that all of them are compared; the next build, add or delete makes it"
_log = logging.getLogger("inlay")


@dataclass(frozen=True, slots=True)
class Result:
    """One hit.

    Parameters
    ----------
    id : of the passage.
    score : the similarity, larger is better.
    text : the passage.
    source : where it came from.
    start, end : where the passage stands in its document, in characters.
    fields : the other columns of the record that have a value.
    document : the id of the document it was cut from; its own id where it is the whole.
    """

    id: str
    score: float
    text: str
    source: str
    start: int
    end: int
    fields: dict[str, Any] = field(default_factory=dict)
    document: str = ""


_SHOWN = ("id", "document", "text", "source", "start", "end", "extra")


class View:
    """What a `Space` sees: one version of its table, and the index that belongs to it."""

    def __init__(self, table: Table, place: Place, pipeline: Pipeline) -> None:
        self.table = table
        self._place, self._pipeline = place, pipeline

    @cached_property
    def addresses(self) -> AddressArray:
        """The addresses of the live rows."""
        return self.table.addresses()

    @property
    def needs_index(self) -> bool:
        """Whether a space of that many rows has a saved index."""
        return is_saved(self._pipeline, len(self.addresses))

    def saved(self) -> Saved | None:
        """Load the saved index; None where it is missing, or where so few rows need none."""
        if not self.needs_index:
            return None
        uid = self.table.meta["uid"]
        return Saved.load(self._place.index(uid), uid, self.addresses, self._pipeline.new_index())

    @cached_property
    def finder(self) -> Finder:
        """What finds rows; nothing is made for it, for that may take minutes."""
        saved = self.saved()
        if saved is None and self.needs_index:
            _log.warning("%s has %s vectors: %s.", self._place.root, f"{len(self.addresses):,}", MISSING)
        return Finder(self.table, self.addresses, saved)

    def prepare(self, progress: Progress | None) -> None:
        """Make the index now, where there is to be one that is missing; without room for it there is none."""
        if not self.needs_index or self.saved() is not None:
            return
        self.__dict__.pop("finder", None)
        tell = progress or (lambda stage, done, total, unit: None)
        folder = self._place.index(self.table.meta["uid"])
        try:
            Saved.make(
                self.table,
                self.addresses,
                self._pipeline,
                folder,
                lambda done, total: tell("index", done, total, "vectors"),
            )
        except DataError as error:
            _log.warning("The index was not made, the space is complete without it: %s", error)

    def search(self, Q: FloatArray, k: int, where: str | None, queries: Sequence[Any] | None) -> Hits:
        """Find positions; the rankers of the pipeline put them into their last order."""
        rows = None
        if where is not None:
            rows = np.sort(positions_of(self.table.addresses(where), self.addresses))
        k = min(k, max(1, len(self.addresses)))
        hits = self.finder.search(Q, k, rows)
        return self._rank(hits, Q, queries) if self._pipeline.rankers else hits

    def _rank(self, hits: Hits, Q: FloatArray, queries: Sequence[Any] | None) -> Hits:
        """Rank among the rows that were found: rankers see their texts and vectors under new, small numbers."""
        found = np.unique(hits.ids[hits.ids >= 0])
        if not len(found):
            return hits
        rows = self.table.take(found, ["text"])["text"].to_pylist()
        X = as_float32(self.table.vectors(found))
        small = np.where(hits.ids >= 0, np.searchsorted(found, hits.ids), -1)
        ranked = self._pipeline.rank(Search(Hits(small, hits.scores), Q=Q, X=X, queries=queries, items=rows)).hits
        return Hits(np.where(ranked.ids >= 0, found[ranked.ids], -1), ranked.scores)

    def results(self, hits: Hits) -> list[list[Result]]:
        """Read the rows of hits, each once."""
        found: IdArray = np.unique(hits.ids[hits.ids >= 0])
        names = [*_SHOWN, *self.table.fields]
        rows = self.table.take(found, names).to_pylist() if len(found) else []
        by_position = dict(zip(found.tolist(), rows, strict=True))
        return [
            [_result(by_position[i], score) for i, score in zip(ids, scores, strict=True) if i >= 0]
            for ids, scores in zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
        ]


def _result(row: dict[str, Any], score: float) -> Result:
    return Result(
        row["id"],
        score,
        row["text"],
        row["source"],
        row["start"],
        row["end"],
        columns.gather(row),
        row["document"] or row["id"],
    )
