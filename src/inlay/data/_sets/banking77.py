"""Banking77: questions of customers of a bank, with what they are about."""

import csv
from pathlib import Path

from .._hub import Hub, Table
from ..datasets import Columns, DataSet


def _read(folder: Path) -> Columns:
    (train_text, train_label), (text, label) = (_part(folder / f"{part}.csv") for part in ("train", "test"))
    return {"train_text": train_text, "train_label": train_label, "text": text, "label": label}


def _part(file: Path) -> tuple[list[str], list[str]]:
    with file.open(encoding="utf-8", newline="") as rows:
        found = [(row["text"], row["category"]) for row in csv.DictReader(rows)]
    return [text for text, _ in found], [label for _, label in found]


def _from_hub(table: Table) -> Columns:
    train, test = table(None, "train"), table(None, "test")
    return {
        "train_text": train["text"],
        "train_label": train["label_text"],
        "text": test["text"],
        "label": test["label_text"],
    }


SETS = (
    DataSet(
        "banking77",
        "banking77",
        _read,
        "Casanueva, Temčinas, Gerz, Henderson, Vulić (2020), Efficient Intent Detection with Dual Sentence Encoders",
        Hub("mteb/banking77", "0fd18e25b25c072e09e0d92ab615fda904d66300", _from_hub),
    ),
)
