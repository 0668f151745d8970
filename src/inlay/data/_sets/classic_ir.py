"""The classic test collections Cranfield, CISI and MEDLINE, in the files of SMART."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ...core.errors import DataError, MissingData
from ..datasets import Columns, DataSet, lines

_ENCODING = "latin-1"


def _cranfield(folder: Path) -> Columns:
    """Read Cranfield.

    Its judgements number the queries by their order, not by their ``.I``. Their codes go from 1, a complete answer, to
    4, of minimum interest; they become the grades 4 to 1. One document of each query has the code -1, which nobody
    explains, though it tends to be a near one; it is left out, as others do.
    """
    parts = _parts(folder, "cran", "cran.all.1400", "cran.qry", "cranqrel")
    documents = {number: _text(fields) for number, fields in _records(parts[0])}
    queries = {str(place): _text(fields) for place, (_, fields) in enumerate(_records(parts[1]), 1)}
    relevant: dict[str, dict[str, int]] = {}
    for query, document, code in map(str.split, _judged(parts[2])):
        if int(code) > 0:
            relevant.setdefault(query, {})[document] = 5 - int(code)
    return {"documents": documents, "queries": queries, "relevant": relevant}


def _binary(folder: Path, part: str, names: tuple[str, str, str]) -> Columns:
    """Read CISI or MEDLINE; a judgement there says which documents are good, without a grade."""
    parts = _parts(folder, part, *names)
    relevant: dict[str, dict[str, int]] = {}
    for line in _judged(parts[2]):
        # CISI has query and document in front; MEDLINE has, as TREC does, a 0 between them
        query, second, third, *_ = line.split()
        relevant.setdefault(query, {})[third if part == "med" else second] = 1
    return {
        "documents": {number: _text(fields) for number, fields in _records(parts[0])},
        "queries": {number: _text(fields) for number, fields in _records(parts[1])},
        "relevant": relevant,
    }


def _parts(folder: Path, part: str, *names: str) -> list[Path]:
    """Return the files of a collection, whatever the case of their names."""
    if not (folder / part).is_dir():
        raise MissingData(f"{folder} has no folder {part!r}; put the files {', '.join(names)} of SMART there.")
    there = {file.name.lower(): file for file in (folder / part).iterdir()}
    missing = [name for name in names if name.lower() not in there]
    if missing:
        raise MissingData(f"{folder / part} lacks {', '.join(missing)}; it has {', '.join(sorted(there))}.")
    return [there[name.lower()] for name in names]


def _records(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the number of each record, without zeros in front, and its fields by their letter."""
    number, field, fields = "", "", dict[str, list[str]]()
    for line in lines(file, _ENCODING):
        if found := re.match(r"\.I\s+(\d+)", line):
            if number:
                yield number, {key: _joined(text) for key, text in fields.items()}
            number, field, fields = str(int(found[1])), "", {}
        elif found := re.match(r"\.([A-Z])\s*$", line):
            field = found[1]
            fields.setdefault(field, [])
        elif field:
            fields[field].append(line)
        elif line.strip():
            raise DataError(f"{file}: {line[:40]!r} stands in no field of a record.")
    if number:
        yield number, {key: _joined(text) for key, text in fields.items()}


def _joined(text: list[str]) -> str:
    return " ".join(" ".join(text).split())


def _text(fields: dict[str, str]) -> str:
    """Join title and text; Cranfield repeats the title at the beginning of the text."""
    title, text = fields.get("T", ""), fields.get("W", "")
    return text if text.startswith(title) else f"{title} {text}".strip()


def _judged(file: Path) -> Iterator[str]:
    return (line for line in lines(file, _ENCODING) if line.strip())


SETS = (
    DataSet(
        "cranfield",
        "classic_ir",
        _cranfield,
        "Cleverdon (1967), The Cranfield Tests on Index Language Devices",
    ),
    DataSet(
        "cisi",
        "classic_ir",
        partial(_binary, part="cisi", names=("CISI.ALL", "CISI.QRY", "CISI.REL")),
        "Small (1981), The Relationship of Information Science to the Social Sciences",
    ),
    DataSet(
        "medline",
        "classic_ir",
        partial(_binary, part="med", names=("MED.ALL", "MED.QRY", "MED.REL")),
        "Salton, McGill (1983), Introduction to Modern Information Retrieval: the collection MEDLINE of SMART",
    ),
)
