"""SciFact: scientific claims, and the abstracts that bear on them."""

import ast
import csv
import io
import re
import zipfile
from pathlib import Path

from .._hub import Hub, corpus
from ..datasets import Columns, DataSet

_SENTENCE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def _read(folder: Path) -> Columns:
    """Read the test part as BEIR has it: the claims of the validation file, with the abstracts that they cite."""
    with zipfile.ZipFile(folder / "scifact.zip") as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        corpus, claims = (_rows(archive, names[name]) for name in ("corpus_train.csv", "claims_validation.csv"))
    return {
        "documents": {row["doc_id"]: f"{row['title']} {_abstract(row['abstract'])}" for row in corpus},
        "queries": {row["id"]: row["claim"] for row in claims},
        "relevant": {row["id"]: dict.fromkeys(re.findall(r"\d+", row["cited_doc_ids"]), 1) for row in claims},
    }


def _rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8", newline="")))


def _abstract(text: str) -> str:
    """Join the sentences of an abstract that is stored as a numpy array in print."""
    return " ".join(ast.literal_eval(sentence) for sentence in _SENTENCE.findall(text))


SETS = (
    DataSet(
        "scifact",
        "scifact",
        _read,
        "Wadden, Lin, Lo, Wang et al. (2020), Fact or Fiction, EMNLP",
        Hub("mteb/scifact", "d56462d0e63a25450459c4f213e49ffdb866f7f9", corpus),
    ),
)
