"""Google's analogies: 19,544 questions of the form "a is to b as c is to d", in 14 sections."""

from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _read(folder: Path) -> Columns:
    """Read the questions; a line with a colon opens a section."""
    columns: dict[str, list[str]] = {name: [] for name in ("a", "b", "c", "d", "section")}
    section = ""
    for line in lines(folder / "questions-words.txt"):
        if line.startswith(":"):
            section = line[1:].strip()
        elif line.strip():
            for name, value in zip(columns, (*line.split(), section), strict=True):
                columns[name].append(value)
    return columns


SETS = (
    DataSet(
        "google_analogies",
        "google_analogies",
        _read,
        "Mikolov, Chen, Corrado, Dean (2013), Efficient Estimation of Word Representations in Vector Space",
    ),
)
