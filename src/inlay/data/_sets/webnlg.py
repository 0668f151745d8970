"""WebNLG: texts that people wrote for one to seven triples of DBpedia, so that it is known what each text says.

A row is a text. ``subject`` is that of its first triple, and ``properties`` and ``triples`` are lists with one entry
for each triple, as the data was modified for its texts: ``"Aarhus_Airport | cityServed | Aarhus"``.
"""

import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ...core.errors import DataError
from ..datasets import Columns, DataSet

_SPLITS = ("train", "dev", "test")


def _read(folder: Path) -> Columns:
    """Read one row for each text that is not empty: by split, number of triples and category."""
    file = folder / "webnlg_v1.6_en.tar.gz"
    names = ("text", "category", "size", "subject", "properties", "triples", "split")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    with tarfile.open(file, "r:gz") as archive:
        members = [member for member in archive.getmembers() if member.name.endswith(".xml")]
        for member in sorted(members, key=lambda member: (_SPLITS.index(_split(member.name)), member.name)):
            part = archive.extractfile(member)
            root = _root(part.read().decode("utf-8") if part else "", f"{file}: {member.name}")
            for entry in root.iter("entry"):
                triples = [triple.text or "" for triple in entry.iterfind("modifiedtripleset/mtriple")]
                parts = [triple.split(" | ") for triple in triples]
                if not parts or any(len(one) != 3 for one in parts):
                    raise DataError(f"{file}: an entry of {member.name} has the triples {triples}.")
                row = (entry.get("category"), len(triples), parts[0][0], [one[1] for one in parts], triples)
                texts = (lex.findtext("text", "").strip() for lex in entry.iterfind("lex"))
                for text in filter(None, texts):
                    for name, value in zip(names, (text, *row, _split(member.name)), strict=True):
                        columns[name].append(value)
    return columns


def _root(text: str, where: str) -> ElementTree.Element:
    if "<!DOCTYPE" in text:
        raise DataError(f"{where} declares a document type, which no file of WebNLG does.")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - entities that grow are declared in a document type
    except ElementTree.ParseError as error:
        raise DataError(f"{where} is not XML: {error}.") from error


def _split(name: str) -> str:
    return name.split("/")[-3]


SETS = (
    DataSet(
        "webnlg",
        "webnlg",
        _read,
        "Gardent, Shimorina, Narayan, Perez-Beltrachini (2017), Creating Training Corpora for NLG Micro-Planners, ACL; "
        "version 1.6 of Castro Ferreira, Moussallem, Krahmer, Wubben (2018), Enriching the WebNLG Corpus, INLG",
    ),
)
