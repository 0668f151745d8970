"""Records of two sources, and which of them are of one thing: the benchmarks of Magellan, as Ditto wrote them down.

A row is a pair. ``record1`` and ``record2`` map the names of fields to their values, of which some are empty, and
``text1`` and ``text2`` are the values that are not, one after another.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

from ...core.errors import DataError
from ..datasets import Columns, DataSet, lines

_PARTS = {"train": "train_", "valid": "valid_", "test": ""}  # file -> what its columns start with
_FIELD = re.compile(r"COL (\S+) VAL ")


def _read(folder: Path, name: str) -> Columns:
    """Read the pairs of all three parts."""
    columns: dict[str, list[Any]] = {}
    for part, prefix in _PARTS.items():
        file = folder / name / f"{part}.txt"
        rows = [_pair(line, f"{file}:{number}") for number, line in enumerate(lines(file), 1)]
        if not rows:
            raise DataError(f"{file} holds no pairs.")
        records1, records2, labels = zip(*rows, strict=True)
        for side, records in ((1, records1), (2, records2)):
            columns[f"{prefix}text{side}"] = [" ".join(filter(None, one.values())) for one in records]
            columns[f"{prefix}record{side}"] = list(records)
        columns[f"{prefix}label"] = list(labels)
    return columns


def _pair(line: str, where: str) -> tuple[dict[str, str], dict[str, str], int]:
    parts = line.split("\t")
    if len(parts) != 3 or parts[2] not in ("0", "1"):
        raise DataError(f"{where}: this line is not two records and a 0 or 1, with tabs between them: {line[:40]!r}.")
    return _record(parts[0], where), _record(parts[1], where), int(parts[2])


def _record(text: str, where: str) -> dict[str, str]:
    before, *rest = _FIELD.split(text)
    fields = dict(zip(rest[::2], map(str.strip, rest[1::2]), strict=True))
    if before or not fields or 2 * len(fields) < len(rest):
        raise DataError(f"{where}: this record is not 'COL name VAL value' for each field: {text[:40]!r}.")
    return fields


_SOURCE = (
    "Köpcke, Thor, Rahm (2010), Evaluation of Entity Resolution Approaches on Real-World Match Problems, PVLDB; parts "
    "of Mudgal, Li, Rekatsinas, Doan et al. (2018), Deep Learning for Entity Matching, SIGMOD"
)
_FOLDERS = {
    "abt-buy": "Textual/Abt-Buy",
    "amazon-google": "Structured/Amazon-Google",
    "dblp-acm": "Structured/DBLP-ACM",
}

SETS = tuple(DataSet(name, "er_ditto", partial(_read, name=inside), _SOURCE) for name, inside in _FOLDERS.items())
