"""View: one version of a space, to be read; and Result, what a search gives."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.indexes.filtered import Plan
from inlay.pipeline import DEPTH, Pipeline

from . import columns
from .finder import Finder
from .place import Place
from .ranked import ranked
from .saved import Saved, is_saved, positions_of
from .table import AddressArray, Table, as_float32

Progress = Callable[[str, int, int, str], object]
MISSING = "the index is missing, so that all of them are compared; the next build, add or delete makes it"
LEGS = ("vectors", "words")
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
    legs : of a hybrid search, the scores that it has by its vector and by its words, as far as each found it.
    """

    id: str
    score: float
    text: str
    source: str
    start: int
    end: int
    fields: dict[str, Any] = field(default_factory=dict)
    document: str = ""
    legs: dict[str, float] = field(default_factory=dict)


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
        """Whether a space of that many vectors has a saved index."""
        return is_saved(self._pipeline, len(self.addresses), self.table.dim)

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

    def search(
        self,
        Q: FloatArray,
        k: int,
        where: str | None,
        queries: Sequence[Any] | None,
        *,
        hybrid: Ranker | None = None,
        rankers: Sequence[Ranker] = (),
        depth: int | None = None,
        among: str | None = None,
    ) -> Search:
        """Find positions; `hybrid`, the rankers of the pipeline and those that are given put them in order.

        Only rows count for which `where` holds, and `among` as well, which no user has written.
        """
        if k < 1:
            raise ParameterError(f"k must be at least 1, got {k}.")
        if not len(Q):
            return Search(Hits(np.empty((0, k), np.int64), np.empty((0, k), np.float32)))
        last = [*(() if hybrid is None else (hybrid,)), *self._pipeline.rankers, *rankers]
        for ranker in last:
            if ranker.by_row:
                raise ParameterError(
                    f"{type(ranker).__name__} knows rows by their numbers, which a space does not keep; rank with a "
                    "Pipeline, or classify by Space.classify."
                )
        most = max(1, len(self.addresses))
        k = min(k, most)
        deep = min(most, max(k, DEPTH if depth is None else depth)) if last else k
        search = Search(self.finder.search(Q, deep, self._rows(where, among)), Q=Q, queries=queries)
        if hybrid is not None:
            search = replace(search, others=(self._words(queries, deep, where),))
        return search if not last else self._rank(search, last, k)

    def plan(self, where: str | None, k: int) -> Plan | None:
        """Return how the index searches for `k` rows, where it is one that plans."""
        return self.finder.plan(k, self._rows(where))

    def _rows(self, *conditions: str | None) -> IdArray | None:
        """Return the positions of the rows for which all conditions hold, ascending; None where these are all rows."""
        n_met = np.zeros(len(self.addresses), np.int64)
        given = [where for where in conditions if where is not None]
        for where in given:
            n_met[positions_of(self.table.addresses(where), self.addresses)] += 1
        rows = np.flatnonzero(n_met == len(given))
        return None if len(rows) == len(n_met) else rows

    def _words(self, queries: Sequence[Any] | None, k: int, where: str | None) -> Hits:
        """Find the positions of the rows that share words with each query."""
        if queries is None:
            raise ParameterError("A hybrid search needs queries that are texts, for it compares words as well.")
        if not self.table.has_words:
            raise ParameterError(
                f"The words of {self._place.root} are not indexed; inlay index {self._place.root} --words does that, "
                "or index_words()."
            )
        ids, scores = np.full((len(queries), k), -1, np.int64), np.full((len(queries), k), -np.inf, np.float32)
        answers = [self.table.search_words(query, k, where) for query in queries]
        rows = positions_of(np.concatenate([addresses for addresses, _ in answers]), self.addresses)
        start = 0
        for i, (_, found) in enumerate(answers):
            end = start + len(found)
            ids[i, : len(found)], scores[i, : len(found)] = rows[start:end], found
            start = end
        return Hits(ids, scores)

    def _rank(self, search: Search, rankers: Sequence[Ranker], k: int) -> Search:
        """Rank among the rows that were found."""
        lists = (search.hits, *search.others)
        found = np.unique(np.concatenate([hits.ids[hits.ids >= 0] for hits in lists]))
        if not len(found):
            return replace(search, others=(), hits=search.hits.top(k))
        texts = self.table.take(found, ["text"])["text"].to_pylist()
        return ranked(search, rankers, k, found, texts, as_float32(self.table.vectors(found)))

    def results(self, search: Search) -> list[list[Result]]:
        """Read the rows of hits, each once."""
        hits = search.hits
        found: IdArray = np.unique(hits.ids[hits.ids >= 0])
        names = [*_SHOWN, *self.table.fields]
        rows = self.table.take(found, names).to_pylist() if len(found) else []
        by_position = dict(zip(found.tolist(), rows, strict=True))
        legs = np.empty((*hits.ids.shape, 0)) if search.legs is None else search.legs
        return [
            [_result(by_position[i], score, leg) for i, score, leg in zip(ids, scores, leg, strict=True) if i >= 0]
            for ids, scores, leg in zip(hits.ids.tolist(), hits.scores.tolist(), legs.tolist(), strict=True)
        ]


def _result(row: dict[str, Any], score: float, legs: Sequence[float]) -> Result:
    return Result(
        row["id"],
        score,
        row["text"],
        row["source"],
        row["start"],
        row["end"],
        columns.gather(row),
        row["document"] or row["id"],
        {name: leg for name, leg in zip(LEGS, legs, strict=False) if not math.isnan(leg)},
    )
