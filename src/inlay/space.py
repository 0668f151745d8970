"""Space: records, their vectors and how they were made, on disk, to be searched and brought up to date."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, overload

import numpy as np
import pyarrow.compute as pc

from ._space import export, facts, provenance
from ._space.job import Job, Progress, check
from ._space.keeper import Keeper
from ._space.locks import writing
from ._space.place import Place
from ._space.records import documents
from ._space.report import OnError, Options, Report, check_choices
from ._space.sources import Paths
from ._space.table import Table, as_float32
from ._space.view import Result
from .core.contracts import Encoder, Index
from .core.errors import DataError, ParameterError
from .core.values import FloatArray
from .core.vectors import as_vectors
from .data.records import Record
from .pipeline import Pipeline, as_pipeline


def build(
    paths: Paths,
    path: str | os.PathLike[str],
    *,
    encoder: str | Encoder | Pipeline | None = None,
    text: Sequence[str] | None = None,
    id: str | None = None,
    max_tokens: int | None = None,
    on_error: OnError = "skip",
    dtype: Literal["float32", "float16"] | None = None,
    progress: Progress | None = None,
) -> "Space":
    r"""Build a space from files, or bring it up to date.

    Every group of a few thousand passages is committed when it is encoded. A build that was stopped, in whatever
    way, goes on when it is run again, and ends in the same space as one that was never stopped. On a space that
    stands, only passages that are new or have changed are encoded, and those that are gone from `paths` are deleted;
    rows from elsewhere stay. What cannot be read now keeps its rows. The logger ``inlay`` tells a bound on the memory.

    Parameters
    ----------
    paths : files, folders, and ``python:NAME`` for the docstrings of an installed package.
    path : the folder of the space, or an address on object storage (``s3://bucket/my.space``).
    encoder : an encoder, a fitted pipeline, the name of a model, or ``"hashing"``. None is the one that made the
        space, and for a new one the default model.
    text, id : the columns of text and of the id, in tables and JSON; guessed where None.
    max_tokens : the longest passage; longer documents are split. None is what the encoder can see; what it cannot
        see of longer passages is lost, and counted.
    on_error : ``"fail"`` raises at the end where something was passed over; the rest is stored all the same.
    dtype : the type of the stored vectors of a new space, float32 where None.
    progress : called with (stage, done, total, unit); stages are read, encode and index.

    Returns
    -------
    Space
        Its `report` says what was done and what was passed over.

    Raises
    ------
    FingerprintError
        If `encoder` is not the one that made the space.
    ConflictError
        If another process is writing to the space.
    DataError
        If the space cannot be written; what was committed is kept.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> lines = '{"id": "a", "text": "bees dance", "year": 1973}\n{"id": "b", "text": "stocks fell", "year": 2008}\n'
    >>> _ = (folder / "corpus.jsonl").write_text(lines)
    >>> space = build(folder / "corpus.jsonl", folder / "my.space", encoder="hashing")
    >>> [(hit.id, hit.fields) for hit in space.search("dance of the bees", k=1)]
    [('a', {'year': 1973})]
    >>> build(folder / "corpus.jsonl", folder / "my.space").report.unchanged
    2
    """
    check_choices(on_error, dtype)
    options = Options.of(text, id, max_tokens)
    place, given = Place.of(path), as_pipeline(encoder)
    if Table.open(place.records) is None:
        given.fingerprint()  # raises for a model that there is not, before there is a folder
    place.prepare()
    with writing(place.folder):
        table = Table.open(place.records)
        pipeline = provenance.bare(given) if table is None else provenance.load(table.meta, place.pipeline)
        if table is not None and encoder is not None:
            pipeline = provenance.adopt(pipeline, given, table.meta)
        job = Job(place, table, pipeline, options, dtype=dtype or "float32", once=False, progress=progress)
        table = job.read(paths, vanish=True)
        space = Space(place, table, pipeline)
        space._keeper.settle(progress, whole=job.report.changes > 0)
    space.report = job.report
    check(job.report, on_error)
    return space


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
    >>> space = build([], tempfile.mkdtemp(), encoder="hashing")
    >>> report = space.add([{"id": "a", "text": "bees dance", "year": 1973}, {"id": "b", "text": "bees sleep"}])
    >>> report.added, len(space)
    (2, 2)
    >>> [hit.id for hit in space.search("bees", where="year > 1900")]
    ['a']
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
    def search(self, queries: str, k: int = 10, where: str | None = None) -> list[Result]: ...  # type: ignore[overload-overlap]
    @overload
    def search(
        self, queries: Sequence[str] | FloatArray, k: int = 10, where: str | None = None
    ) -> list[list[Result]]: ...

    def search(
        self, queries: str | Sequence[str] | FloatArray, k: int = 10, where: str | None = None
    ) -> list[Result] | list[list[Result]]:
        """Find the passages nearest to each query.

        Parameters
        ----------
        queries : one text, texts, or (n, d) vectors made by this space's pipeline with the role ``"query"``.
        k : at least 1.
        where : an SQL condition on the columns, such as ``"year >= 2020 AND source LIKE 'docs/%'"``. `k` results come
            back wherever it holds for that many rows.

        Returns
        -------
        list
            Results, best first; for several queries one such list each. An index is never made here: where it is
            missing, all vectors are compared, and the logger ``inlay`` warns.
        """
        if k < 1:
            raise ParameterError(f"k must be at least 1, got {k}.")
        texts = [queries] if isinstance(queries, str) else queries
        with self._keeper.reading:
            view = self._keeper.view
            if isinstance(texts, np.ndarray):
                Q, asked = as_vectors(texts, "queries", dim=view.table.dim), None
            else:
                Q, asked = self._encode(texts), texts
            found = view.results(view.search(Q, k, where, asked)) if len(Q) else []
        return found[0] if isinstance(queries, str) else found

    def _encode(self, texts: Sequence[str]) -> FloatArray:
        if not all(isinstance(text, str) for text in texts):
            raise ParameterError("queries must be a text, texts, or an (n, d) array of vectors.")
        self._keeper.check_fingerprint()
        return self.pipeline.encode(list(texts), role="query")

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

    def compact(self) -> None:
        """Put small files together and drop deleted rows and old versions; this happens by itself as well."""
        with self._keeper.changing():
            self._keeper.compact()
            self._keeper.settle()
