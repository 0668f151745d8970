"""Space: records, their vectors and how they were made, on disk, to be searched and brought up to date."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import pyarrow.compute as pc

from ._space import export, facts, labels, provenance
from ._space.job import Progress, check
from ._space.keeper import Keeper, Queries
from ._space.labels import Vote
from ._space.place import Place
from ._space.records import documents
from ._space.report import OnError, Options, Report, check_choices
from ._space.sources import Paths
from ._space.table import Table, as_float32
from ._space.view import Result
from .core.contracts import Index, Ranker
from .core.errors import DataError
from .core.values import FloatArray
from .data.records import Record
from .indexes.filtered import Plan
from .pipeline import Pipeline
from .rankers.label import LabelVote


def open(path: str | os.PathLike[str]) -> "Space":
    """Open a space that `build` made.

    Raises
    ------
    DataError
        If there is none at `path`.
    """
    place = Place.of(path)
    table = Table.open(place.records)
    if table is None:
        raise DataError(f"There is no space at {place.root}; make one with inlay build PATH... -o {place.root}.")
    return Space(place, table, provenance.load(table.meta, place.pipeline))


class Space:
    """Records and their vectors on disk: searched, filtered by SQL, and brought up to date.

    It shows the version that was the newest when it was opened, and moves on with its own changes and with `refresh`.
    Each change is one commit, there whole or not at all. Get one from `inlay.build` or `inlay.open`.

    Attributes
    ----------
    path : where it is.
    pipeline : what makes its vectors.
    report : what the last build or add did; None before there was one.

    Examples
    --------
    >>> import tempfile
    >>> from inlay.building import build
    >>> space = build([], tempfile.mkdtemp(), encoder="hashing")
    >>> report = space.add([{"id": "a", "text": "bees dance", "year": 1973}, {"id": "b", "text": "bees sleep"}])
    >>> report.added, len(space)
    (2, 2)
    >>> [hit.id for hit in space.search("bees", where="year > 1900")]
    ['a']
    >>> space.classify("a bee", "year").label
    1973
    >>> space.delete("id = 'b'"), space.ids()
    (1, ['a'])
    """

    def __init__(self, place: Place, table: Table, pipeline: Pipeline) -> None:
        self.path = place.root
        self.pipeline = pipeline
        self.report: Report | None = None
        self._keeper = Keeper(place, table, pipeline)

    @property
    def _table(self) -> Table:
        return self._keeper.view.table

    def __len__(self) -> int:
        return len(self._keeper.view.addresses)

    def __repr__(self) -> str:
        return f"Space({self.path!r}, {len(self)} passages, {type(self.pipeline.encoder).__name__})"

    def refresh(self) -> "Space":
        """Move on to the newest version, and return this space."""
        self._keeper.refresh()
        return self

    @overload
    def search(  # type: ignore[overload-overlap]
        self,
        queries: str,
        k: int = 10,
        where: str | None = None,
        *,
        hybrid: Ranker | None = None,
        rankers: Sequence[Ranker] = (),
        depth: int | None = None,
    ) -> list[Result]: ...
    @overload
    def search(
        self,
        queries: Queries,
        k: int = 10,
        where: str | None = None,
        *,
        hybrid: Ranker | None = None,
        rankers: Sequence[Ranker] = (),
        depth: int | None = None,
    ) -> list[list[Result]]: ...

    def search(
        self,
        queries: str | Queries,
        k: int = 10,
        where: str | None = None,
        *,
        hybrid: Ranker | None = None,
        rankers: Sequence[Ranker] = (),
        depth: int | None = None,
    ) -> list[Result] | list[list[Result]]:
        """Find the passages nearest to each query.

        Parameters
        ----------
        queries : one text, texts, or (n, d) vectors made by this space's pipeline with the role ``"query"``.
        k : at least 1.
        where : an SQL condition on the columns, such as ``"year >= 2020 AND source LIKE 'docs/%'"``. `k` results come
            back wherever it holds for that many rows.
        hybrid : a ranker that fuses what the vectors find with what the words find (BM25), such as
            `inlay.rankers.fuse.ReciprocalRankFusion`; needs `index_words` once. None searches by vectors alone.
        rankers : applied one after another to what was found, behind those of the pipeline; they see the texts and
            vectors of the rows that were found.
        depth : rows that the rankers choose from, 100 where None.

        Returns
        -------
        list
            Results, best first; for several queries one such list each. An index is never made here: where it is
            missing, all vectors are compared, and the logger ``inlay`` warns.
        """
        with self._keeper.reading:
            view, (Q, asked) = self._keeper.view, self._keeper.encode(queries)
            found = view.results(view.search(Q, k, where, asked, hybrid=hybrid, rankers=rankers, depth=depth))
        return found[0] if isinstance(queries, str) else found

    def plan(self, where: str | None = None, k: int = 10) -> Plan | None:
        """Return how the index finds the best `k` rows for which the SQL condition holds; None where it does not plan.

        The index `inlay.indexes.Filtered` does. Where rankers choose, `k` is the `depth` of the search.
        """
        with self._keeper.reading:
            return self._keeper.view.plan(where, k)

    @overload
    def classify(  # type: ignore[overload-overlap]
        self, queries: str, field: str, *, k: int = 20, where: str | None = None, ranker: LabelVote | None = None
    ) -> Vote: ...
    @overload
    def classify(
        self, queries: Queries, field: str, *, k: int = 20, where: str | None = None, ranker: LabelVote | None = None
    ) -> list[Vote]: ...

    def classify(
        self,
        queries: str | Queries,
        field: str,
        *,
        k: int = 20,
        where: str | None = None,
        ranker: LabelVote | None = None,
    ) -> Vote | list[Vote]:
        """Let the passages nearest to each query vote for its class; what is added or deleted counts at once.

        Parameters
        ----------
        queries, where : as for `search`.
        field : the field of the records that holds their class. Those without a value are passed over.
        k : how many passages vote, at least 1.
        ranker : says how they vote; None is ``LabelVote()``, by which near ones count more.
        """
        with self._keeper.reading:
            among, voter = labels.labelled(self._table, field), labels.voter(ranker)
            view, (Q, asked) = self._keeper.view, self._keeper.encode(queries)
            search = view.search(Q, k, where, asked, among=among)
            found = labels.votes(search, view.results(search), field, voter)
        return found[0] if isinstance(queries, str) else found

    def add(
        self,
        records: Iterable[Record | Mapping[str, Any]],
        *,
        fingerprint: str | None = None,
        max_tokens: int | None = None,
        on_error: OnError = "skip",
        progress: Progress | None = None,
    ) -> Report:
        """Add records, in one commit; those with a known id take the place of the old ones.

        Parameters
        ----------
        records : `Record` objects, or mappings with ``id`` and ``text``, perhaps ``source``, ``start``, ``end`` and
            ``vector``; all else are fields. They may be a generator of any length.
        fingerprint : that of the encoder that made the ready-made vectors; needed where records have a ``vector``.
        max_tokens, on_error, progress : as for `build`.

        Raises
        ------
        FingerprintError
            If ready-made vectors come from another encoder, or this space's encoder has changed.
        DataError
            If a record lacks its id or text, or has a vector that is not finite or of another dimension. Nothing
            is stored then.
        """
        check_choices(on_error)
        meta, dim = self._table.meta, self._table.dim
        self._keeper.check_fingerprint()
        options = Options.of(max_tokens=max_tokens)
        self.report = self._keeper.job(
            options, progress, lambda job: job.take(documents(records, meta, dim, fingerprint))
        )
        return check(self.report, on_error)

    def add_paths(
        self,
        paths: Paths,
        *,
        text: Sequence[str] | None = None,
        id: str | None = None,
        max_tokens: int | None = None,
        on_error: OnError = "skip",
        progress: Progress | None = None,
    ) -> Report:
        """Add what is under `paths`, in one commit; parameters as for `build`. Vanished sources keep their rows."""
        check_choices(on_error)
        self._keeper.check_fingerprint()
        options = Options.of(text, id, max_tokens)
        self.report = self._keeper.job(options, progress, lambda job: job.read(paths, vanish=False))
        return check(self.report, on_error)

    def delete(self, where: str) -> int:
        """Delete the rows for which the SQL condition holds, and return their number; a `build` may bring them back."""
        return self._keeper.delete(where)

    def vectors(self) -> FloatArray:
        """Return the vectors, (n, d) float32, in the order of `ids`."""
        with self._keeper.reading:
            return as_float32(self._table.vectors())

    def ids(self) -> list[str]:
        """Return the ids of all passages."""
        with self._keeper.reading:
            return self._table.read(["id"])["id"].to_pylist()  # type: ignore[no-any-return]

    def documents(self) -> list[str]:
        """Return for each passage the id of the document it was cut from, its own where it is the whole."""
        with self._keeper.reading:
            rows = self._table.read(["id", "document"])
        return pc.coalesce(rows["document"], rows["id"]).to_pylist()  # type: ignore[no-any-return]

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write all records and vectors to a file: ``.parquet``, ``.arrow``, ``.csv`` or ``.jsonl``."""
        with self._keeper.reading:
            export.export(self._table, path)

    def info(self) -> dict[str, Any]:
        """Say what is inside and how it was made, as values that JSON can hold."""
        with self._keeper.reading:
            return facts.facts(self._keeper.view, self._keeper.place, self.pipeline)

    def store_as(self, index: Index, record: Mapping[str, Any] | None = None) -> None:
        """Search by another index from now on, in one commit; `record` says how it was chosen, see `inlay.compress`."""
        self._keeper.store_as(index, record)

    def count(self, where: str) -> int:
        """Return the number of rows for which the SQL condition holds."""
        with self._keeper.reading:
            return len(self._table.addresses(where))

    @property
    def has_words(self) -> bool:
        """Whether the words of the texts are indexed."""
        with self._keeper.reading:
            return self._table.has_words

    def index_words(self) -> None:
        """Index the words of the texts, in one commit, so that searches can be hybrid.

        Rows that come later are found as well, more slowly until the space is compacted, which happens by itself.
        """
        self._keeper.index_words()

    def compact(self) -> None:
        """Put small files together and drop deleted rows and old versions; this happens by itself as well."""
        with self._keeper.changing():
            self._keeper.compact()
            self._keeper.settle()
