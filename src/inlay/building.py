"""Build a space from files, or bring it up to date."""

import os
from collections.abc import Sequence
from typing import Literal

from ._space import provenance
from ._space.job import Job, Progress, check
from ._space.locks import writing
from ._space.place import Place
from ._space.report import OnError, Options, check_choices
from ._space.sources import Paths
from ._space.table import Table
from .core.contracts import Encoder
from .pipeline import Pipeline, as_pipeline
from .space import Space


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
) -> Space:
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
        meta = None if table is None else table.meta
        pipeline = provenance.bare(given) if meta is None else provenance.load(meta, place.pipeline)
        if meta is not None and encoder is not None:
            pipeline, meta = provenance.adopt(pipeline, given, meta, place.pipeline)
        job = Job(place, table, pipeline, options, dtype=dtype or "float32", once=False, meta=meta, progress=progress)
        table = job.read(paths, vanish=True)
        space = Space(place, table, pipeline)
        space._keeper.settle(progress, whole=job.report.changes > 0)
    space.report = job.report
    check(job.report, on_error)
    return space
