"""WikiTableQuestions: tables of Wikipedia, and questions that people asked with one of them before their eyes.

``tables`` maps the name of each table to its rows, of which the first names the columns; a row is a list of cells.
Its document is the same rows as lines. ``queries`` and ``relevant`` are those of the test part, about tables that no
question of the training part is about, which ``train_queries`` and ``train_relevant`` hold.
"""

import csv
import io
import tarfile
from pathlib import Path

from ...core.errors import DataError
from ..datasets import Columns, DataSet

_PARTS = {"data/training.tsv": "train_", "data/pristine-unseen-tables.tsv": ""}  # file -> what its columns start with
_NAMES = ["id", "utterance", "context", "targetValue"]


def _read(folder: Path) -> Columns:
    """Read the archive once, as it lies; what is no plain file in it, such as a link, is left alone."""
    file = folder / "wikitablequestions.tar.gz"
    tables: dict[str, list[list[str]]] = {}
    parts: dict[str, str] = {}
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            is_table = member.name.endswith(".csv")
            content = archive.extractfile(member) if member.isreg() and (is_table or member.name in _PARTS) else None
            if content is not None:
                text = _decoded(content.read(), f"{file}: {member.name}")
                if is_table:
                    tables[member.name] = _table(text, f"{file}: {member.name}")
                else:
                    parts[member.name] = text
    if missing := [name for name in _PARTS if name not in parts]:
        raise DataError(f"{file} lacks {' and '.join(missing)}.")
    columns: dict[str, dict[str, object]] = {
        "documents": {name: "\n".join(" ".join(" ".join(row).split()) for row in rows) for name, rows in tables.items()}
    }
    for name, prefix in _PARTS.items():
        rows = _questions(parts[name], tables, f"{file}: {name}")
        columns[f"{prefix}queries"] = {id_: question for id_, question, *_ in rows}
        columns[f"{prefix}relevant"] = {id_: {table: 1} for id_, _, table, _ in rows}
    return {**columns, "tables": tables}


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where} is not UTF-8: {error}.") from error


def _table(text: str, where: str) -> list[list[str]]:
    """Return the rows of a table, where a backslash stands before a quotation mark that ends nothing."""
    reader = csv.reader(io.StringIO(text), escapechar="\\", strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            rows.append(row)
            if len(row) != len(rows[0]):
                raise DataError(f"{where}:{reader.line_num}: this row has {len(row)} cells, the first {len(rows[0])}.")
    except csv.Error as error:
        raise DataError(f"{where}:{reader.line_num}: this line cannot be read: {error}.") from error
    if not rows:
        raise DataError(f"{where} holds no rows.")
    return rows


def _questions(text: str, tables: dict[str, list[list[str]]], where: str) -> list[list[str]]:
    names, *rows = (line.split("\t") for line in text.removesuffix("\n").split("\n"))
    if names != _NAMES:
        raise DataError(f"{where}:1: the first line names {names}, not {_NAMES}.")
    for number, row in enumerate(rows, 2):
        if len(row) != len(_NAMES):
            raise DataError(f"{where}:{number}: this line has {len(row)} values, and there are {len(_NAMES)} columns.")
        if row[2] not in tables:
            raise DataError(f"{where}:{number}: this is about the table {row[2]!r}, which is not there.")
    return rows


SETS = (
    DataSet(
        "wikitablequestions",
        "wikitablequestions",
        _read,
        "Pasupat, Liang (2015), Compositional Semantic Parsing on Semi-Structured Tables, ACL",
    ),
)
