"""Data sets with ground truth: known ones by name, the user's own by file, and small ones as they are.

A data set is a mapping of columns. Tasks of pairs take ``text1``, ``text2`` and ``score`` or ``label``; tasks of
classes take ``text`` and ``label``, and ``train_text`` and ``train_label`` where they learn; retrieval takes
``documents`` and ``queries``, which map ids to texts, and ``relevant``, which maps the id of a query to the grades of
documents. Each task says what it takes.
"""

import csv
import hashlib
import importlib
import json
import os
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..core.errors import DataError, MissingData, ParameterError

Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A known data set: where it lies, and how it is read.

    Parameters
    ----------
    name : what a task calls it.
    folder : its folder, below that which ``INLAY_DATA`` names or which a package brings.
    read : takes the folder and returns the columns.
    source : who made it: author, year, title.
    """

    name: str
    folder: str
    read: Callable[[Path], Columns]
    source: str


def load(data: str | os.PathLike[str] | Columns) -> Columns:
    """Return the columns of a data set.

    Parameters
    ----------
    data : the name of a known data set, a file (``.jsonl``, ``.json``, ``.csv``, ``.tsv``), or the columns themselves.

    Raises
    ------
    MissingData
        If a known data set is not on this machine; the message says where it was looked for.
    DataError
        If a file cannot be read; it is named with its line.
    ParameterError
        If there is no data set and no file of this name.

    Examples
    --------
    >>> load({"text": ["a", "b"], "label": [0, 1]})["label"]
    [0, 1]
    """
    if isinstance(data, Mapping):
        return data
    known = known_sets()
    if isinstance(data, str) and data in known:
        return known[data].read(locate(known[data].folder))
    path = Path(data)
    if not path.is_file():
        raise ParameterError(f"There is no data set and no file {str(data)!r}; known are {', '.join(sorted(known))}.")
    return _read(path)


@cache
def known_sets() -> dict[str, DataSet]:
    """Return the known data sets by name; found from the files of ``data/_sets``."""
    from . import _sets

    modules = [importlib.import_module(f"{_sets.__name__}.{m.name}") for m in pkgutil.iter_modules(_sets.__path__)]
    return {one.name: one for module in modules for one in getattr(module, "SETS", ())}


def locate(folder: str) -> Path:
    """Return where the folder of a data set lies: below ``INLAY_DATA``, else in an installed package.

    A package brings data sets under the entry point group ``inlay.data``: the name of the entry is the folder, and
    what it points to is a package whose files are those of the folder.
    """
    places = []
    if home := os.environ.get("INLAY_DATA"):
        places.append(Path(home, folder))
    for point in entry_points(group="inlay.data", name=folder):
        places.append(Path(str(files(point.value))))
    for place in places:
        if place.is_dir():
            return place
    looked = f"it is not in {', '.join(map(str, places))}" if places else "INLAY_DATA is not set"
    raise MissingData(
        f"The data set {folder!r} is not on this machine: {looked}, and no installed package brings it. "
        "Nothing is downloaded by itself; set INLAY_DATA to the folder that holds it."
    )


def lines(file: Path, encoding: str = "utf-8") -> Iterator[str]:
    r"""Yield the lines of a file without their ends; only ``\n`` and ``\r\n`` end a line."""
    with file.open(encoding=encoding, newline="\n") as text:
        yield from (line.rstrip("\r\n") for line in text)


def digest(columns: Columns) -> str:
    """Return 16 hexadecimal digits that name the content of a data set, whatever the order of its columns.

    Examples
    --------
    >>> digest({"a": [1], "b": ["x"]}) == digest({"b": ["x"], "a": [1]}) != digest({"a": [1], "b": ["y"]})
    True
    """
    total = hashlib.sha256()
    encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=_plain)
    for part in encoder.iterencode(columns):
        total.update(part.encode("utf-8", "surrogatepass"))
    return total.hexdigest()[:16]


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a data set holds texts, numbers, lists and mappings, not a {type(value).__name__}")


def _read(path: Path) -> Columns:
    rows = {".jsonl": _lines, ".json": _whole, ".csv": _separated, ".tsv": _separated}.get(path.suffix.lower())
    if rows is None:
        raise DataError(f"{path}: a data set is a .jsonl, .json, .csv or .tsv file.")
    try:
        found = rows(path)
        first = next(found, None)
        if isinstance(first, Mapping) and path.suffix == ".json":
            return first
        columns: dict[str, list[Any]] = {str(key): [] for key in first or ()}
        for number, row in enumerate(_chain(first, found), 1):
            if not isinstance(row, Mapping) or set(row) != set(columns):
                have = sorted(row) if isinstance(row, Mapping) else type(row).__name__
                raise DataError(f"{path}: row {number} has {have}; the first has {sorted(columns)}.")
            for key, value in row.items():
                columns[key].append(value)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not columns or not next(iter(columns.values())):
        raise DataError(f"{path} holds no rows.")
    return columns


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    if first is not None:
        yield first
        yield from rest


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise DataError(f"{path}:{number}: this line is not JSON: {error}") from error


def _whole(path: Path) -> Iterator[Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    yield from content if isinstance(content, list) else [content]


def _separated(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        for row in reader:
            if None in row or None in row.values():
                raise DataError(f"{path}:{reader.line_num}: this line has not the columns of the head.")
            yield {key: _number(value) for key, value in row.items()}


def _number(value: str) -> str | float:
    try:
        return float(value)
    except ValueError:
        return value
