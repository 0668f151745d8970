"""Suites: lists of tasks in TOML files, with a name, a version, a language and a domain.

::

    name = "example"
    version = "1"
    language = "eng-Latn"
    domain = "general"

    [[tasks]]
    name = "STS12"
    task = "STS"                # a class of inlay.tasks
    data = "sts12"              # a known data set, or a file beside the suite
    metric = "cosine_spearman"  # the main score, where it is not the first

    [rows.Human]                # scores of people or of other systems, in points, to stand beside the models
    STS12 = 85.0

Further keys of a task are parameters of its class; ``language`` and ``domain`` may differ from those of the suite.
"""

import inspect
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from inlay.core import catalogue
from inlay.core.contracts import Task
from inlay.core.errors import DataError, ParameterError
from inlay.data.datasets import Columns, known_sets, load

_BUILT_IN = Path(__file__).parent.parent / "tasks" / "suites"
_OF_A_TASK = {"name", "task", "data", "metric", "language", "domain"}


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A task of a suite: a protocol on a data set, under a name.

    Parameters
    ----------
    name : what it is called in tables and results.
    protocol : a class of `inlay.tasks`.
    data : a known data set, a file, or columns.
    parameters : of the class, beside its data.
    metric : the main score; None takes the first reading.
    language, domain : what the texts are of.
    """

    name: str
    protocol: str
    data: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metric: str | None = None
    language: str = ""
    domain: str = ""

    @property
    def kind(self) -> str:
        """The folder of the protocol, such as ``"similarity"``."""
        return _protocols()[self.protocol].path.split(".")[2]

    @property
    def folder(self) -> Path:
        """Where the sources of the protocol lie."""
        return Path(inspect.getfile(_protocols()[self.protocol].load())).parent

    def columns(self) -> Columns:
        """Return the data; `MissingData` says where it was looked for."""
        return load(self.data)

    def task(self, columns: Columns) -> Task:
        """Return the protocol on these columns."""
        cls = _protocols()[self.protocol].load()
        try:
            return cls(data=columns, **self.parameters)  # type: ignore[no-any-return]
        except TypeError as error:
            raise ParameterError(f"{self.name}: {self.protocol} cannot be made: {error}.") from error


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """A named list of tasks, and rows of known scores beside it, in points by task."""

    name: str
    version: str
    language: str
    domain: str
    tasks: tuple[Planned, ...]
    rows: Mapping[str, Mapping[str, float]]


@cache
def built_in() -> tuple[Suite, ...]:
    """Return the suites that come with the package."""
    return tuple(read_suite(file) for file in sorted(_BUILT_IN.glob("*.toml")))


def read_suite(file: Path) -> Suite:
    """Read a suite from a TOML file; what is wrong in it is named.

    Raises
    ------
    DataError
        If it is not TOML, or a task in it lacks its name, its protocol or its data.
    """
    try:
        whole = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{file} cannot be read as a suite: {error}.") from error
    extra = set(whole) - {"name", "version", "language", "domain", "tasks", "rows"}
    if extra or not whole.get("tasks"):
        raise DataError(f"{file} needs [[tasks]], and has no place for {', '.join(sorted(extra)) or 'anything else'}.")
    tasks = tuple(_planned(entry, whole, file) for entry in whole["tasks"])
    names = [task.name for task in tasks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise DataError(f"{file} has two tasks of the name {twice!r}.")
    rows = whole.get("rows", {})
    for row, scores in rows.items():
        unknown = [name for name in scores if name not in names]
        if unknown:
            raise DataError(f"{file}: the row {row!r} has scores of {unknown[0]!r}, which is no task of the suite.")
    return Suite(
        whole.get("name", file.stem),
        str(whole.get("version", "1")),
        whole.get("language", ""),
        whole.get("domain", ""),
        tasks,
        rows,
    )


def _planned(entry: Mapping[str, Any], whole: Mapping[str, Any], file: Path) -> Planned:
    missing = [key for key in ("name", "task", "data") if key not in entry]
    if missing:
        raise DataError(f"{file}: a task lacks {', '.join(missing)}: {dict(entry)}.")
    if entry["task"] not in _protocols():
        raise DataError(f"{file}: there is no protocol {entry['task']!r}; there are {', '.join(sorted(_protocols()))}.")
    data = entry["data"]
    if isinstance(data, str) and data not in known_sets():
        data = file.parent / data
    return Planned(
        entry["name"],
        entry["task"],
        data,
        {key: value for key, value in entry.items() if key not in _OF_A_TASK},
        entry.get("metric"),
        entry.get("language", whole.get("language", "")),
        entry.get("domain", whole.get("domain", "")),
    )


@cache
def _protocols() -> dict[str, catalogue.Entry]:
    return {entry.name: entry for entry in catalogue.methods() if entry.contract == "task"}


# The first of these whose columns are all in a user's file is the protocol that it gets.
_BY_COLUMNS = (
    ("Retrieval", ("documents", "queries", "relevant")),
    ("Reranking", ("query", "positive", "negative")),
    ("STS", ("text1", "text2", "score")),
    ("PairClassification", ("text1", "text2", "label")),
    ("Classification", ("train_text", "train_label", "text", "label")),
    ("BitextMining", ("source", "target")),
    ("Clustering", ("text", "label")),
)


def chosen(names: Sequence[str]) -> list[Suite]:
    """Return the tasks that the user named, as suites.

    Parameters
    ----------
    names : of built-in suites, of tasks in them, paths of ``.toml`` suites, or files of data, whose columns say
        which protocol they are for.

    Raises
    ------
    ParameterError
        If a name is none of these; near ones are named.
    """
    found = list(dict.fromkeys(suite for name in names for suite in _named(name)))
    if not found:
        raise ParameterError(f"Name at least one task or suite: {', '.join(_known())}.")
    return found


def _known() -> list[str]:
    return [suite.name for suite in built_in()] + [task.name for suite in built_in() for task in suite.tasks]


def _named(name: str) -> Iterator[Suite]:
    path = Path(name)
    suites = [suite for suite in built_in() if suite.name == name]
    tasks = [(suite, task) for suite in built_in() for task in suite.tasks if task.name == name]
    if suites:
        yield suites[0]
    elif tasks:
        suite, task = tasks[0]
        rows = {row: {name: scores[name]} for row, scores in suite.rows.items() if name in scores}
        yield Suite(name, suite.version, task.language, task.domain, (task,), rows)
    elif path.suffix == ".toml" and path.is_file():
        yield read_suite(path)
    elif path.is_file():
        yield Suite(path.stem, "1", "", "", (own(path),), {})
    else:
        near = get_close_matches(name, _known(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else f" Suites are {[s.name for s in built_in()]}."
        raise ParameterError(f"There is no task, suite or file {name!r}.{hint}")


def own(path: Path) -> Planned:
    """Return the task that a file of the user is for, known by its columns."""
    columns = load(path)
    for protocol, needed in _BY_COLUMNS:
        if protocol in _protocols() and set(needed) <= set(columns):
            return Planned(path.stem, protocol, columns)
    wanted = "; ".join(f"{', '.join(needed)} for {protocol}" for protocol, needed in _BY_COLUMNS)
    raise DataError(f"{path} has the columns {', '.join(map(str, columns))}; a task takes {wanted}.")
