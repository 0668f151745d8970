"""Sources into a writer: what has not changed is passed over, what cannot be read keeps its rows."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from inlay.core.errors import InlayError
from inlay.data.find import find
from inlay.data.read import read
from inlay.data.records import Problem
from inlay.data.source import Source

from .feed import Document, Feed, OnProblem, tidy
from .ledger import Entry, Ledger
from .report import Options
from .writer import Writer

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class Sources:
    """The sources under `paths`, in the order in which they are read.

    Parameters
    ----------
    paths : as the user gave them.
    options : how they are read.
    options_digest : what tells whether they would be read otherwise now.
    on_problem : told of what is passed over.
    on_read : called with the bytes that were read so far, and the bytes of all.
    """

    def __init__(
        self,
        paths: Paths,
        options: Options,
        options_digest: str,
        on_problem: OnProblem,
        on_read: Callable[[int, int], object],
    ) -> None:
        paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        self._unread: set[str] = set()
        self._paths = [_shown(os.fspath(path)) for path in paths]
        self._options, self._digest, self._on_problem, self._on_read = options, options_digest, on_problem, on_read
        self.all = find(paths, on_problem=self._problem)
        self.bytes = sum(source.size for source in self.all)
        self.done = 0

    def _problem(self, problem: Problem) -> None:
        self._unread.add(problem.source)
        self._on_problem(problem)

    def push(self, feed: Feed, writer: Writer, ledger: Ledger) -> None:
        """Read all that is new or has changed."""
        for source in self.all:
            end = self.done + source.size
            self._push(source, feed, writer, ledger)
            self._tell(end - self.done)

    def _push(self, source: Source, feed: Feed, writer: Writer, ledger: Ledger) -> None:
        try:
            digest = source.digest()
        except OSError as error:
            self._keep(source, writer, f"this cannot be read: {error.strerror or error}")
            return
        entry = ledger.get(source.name, writer.base.version if writer.base else 0)
        if entry and (entry.digest, entry.options) == (digest, self._digest):
            writer.skip(entry)
            feed.documents += entry.documents
            feed.passages += entry.passages
            return
        before = (feed.documents, feed.passages, feed.weight, feed.doubles)
        problems: list[Problem] = []
        feed.push(self._documents(source, problems.append), source.name, digest)
        for problem in problems:
            self._on_problem(problem)
        if problems:
            self._keep(source, writer)
            return
        now = (feed.documents, feed.passages, feed.weight, feed.doubles)
        documents, passages, weight, doubles = (b - a for a, b in zip(before, now, strict=True))
        writer.drop(writer.stored.of_file(source.name))
        if not doubles:
            writer.finish_source(Entry(source.name, digest, self._digest, documents, passages, weight))

    def _documents(self, source: Source, on_problem: OnProblem) -> Iterator[Document]:
        options = self._options
        records = read(source, text=options.text, id=options.id, on_problem=on_problem, progress=self._tell)
        try:
            for record in records:
                yield tidy(record), None
        except (InlayError, OSError) as error:
            on_problem(Problem(source.name, str(error)))

    def _tell(self, more: int) -> None:
        self.done += more
        self._on_read(self.done, self.bytes)

    def _keep(self, source: Source, writer: Writer, why: str = "") -> None:
        """Keep what is stored of a source that could not be read whole."""
        left = writer.keep(writer.stored.of_file(source.name))
        if why or left:
            self._on_problem(Problem(source.name, "; ".join(filter(None, [why, _kept(left)]))))

    def drop_vanished(self, writer: Writer) -> None:
        """Delete the rows of sources that were under these paths and are there no more."""
        present = {source.name for source in self.all}
        for name in writer.stored.files:
            if not name or name in present or not any(_is_under(name, path) for path in self._paths):
                continue
            rows = writer.stored.of_file(name)
            if any(_is_under(name, path) for path in self._unread):
                if left := writer.keep(rows):
                    self._on_problem(Problem(name, _kept(left)))
            else:
                writer.drop(rows)


def _kept(rows: int) -> str:
    return f"{rows} passages of an earlier reading are kept" if rows else ""


def _shown(path: str) -> str:
    return path if path.startswith("python:") else Path(os.path.normpath(Path(path).expanduser())).as_posix()


def _is_under(name: str, path: str) -> bool:
    if path == ".":
        return not name.startswith(("/", "../", "python:"))
    folder = path.rstrip("/") + ("." if path.startswith("python:") else "/")
    # What lies above ".." has a name that begins with "../" as well.
    return name == path or (name.startswith(folder) and not name.removeprefix(folder).startswith("../"))
