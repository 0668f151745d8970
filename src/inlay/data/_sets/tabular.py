"""Tables of records with two classes: Adult, mammography and phoneme."""

import csv
from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet, lines

# The columns of Adult by the names that come with it; those of numbers are read as numbers.
_ADULT = {
    "age": True,
    "workclass": False,
    "fnlwgt": True,
    "education": False,
    "education-num": True,
    "marital-status": False,
    "occupation": False,
    "relationship": False,
    "race": False,
    "sex": False,
    "capital-gain": True,
    "capital-loss": True,
    "hours-per-week": True,
    "native-country": False,
}


def _adult(folder: Path, part: str) -> Columns:
    """Read one part of Adult; a missing value is "?", and the label is 1 for an income above 50,000."""
    rows = [row for row in csv.reader(lines(folder / f"adult-{part}.csv"), skipinitialspace=True) if len(row) == 15]
    values = zip(*rows, strict=True)
    columns = {
        name: [float(value) for value in column] if numeric else list(column)
        for (name, numeric), column in zip(_ADULT.items(), values, strict=False)
    }
    # The test part ends each label with a full stop.
    return {**columns, "label": [int(row[-1].startswith(">50K")) for row in rows]}


def _numbers(folder: Path, name: str) -> Columns:
    """Read a file of numbers whose last column is the class; the rarer class is 1 in both."""
    rows = [[value.strip("'") for value in row] for row in csv.reader(lines(folder / f"{name}.csv")) if row]
    return {
        "vector": [[float(value) for value in row[:-1]] for row in rows],
        "label": [int(float(row[-1]) > 0) for row in rows],
    }


_KOHAVI = "Kohavi (1996), Scaling Up the Accuracy of Naive-Bayes Classifiers: a Decision-Tree Hybrid, KDD"
_WOODS = (
    "Woods, Doss, Bowyer, Solka, Priebe, Kegelmeyer (1993), Comparative Evaluation of Pattern Recognition Techniques "
    "for Detection of Microcalcifications in Mammography, IJPRAI"
)

SETS = (
    DataSet("adult", "tabular", partial(_adult, part="test"), _KOHAVI),
    DataSet("adult-train", "tabular", partial(_adult, part="train"), _KOHAVI),
    DataSet("mammography", "tabular", partial(_numbers, name="mammography"), _WOODS),
    DataSet(
        "phoneme",
        "tabular",
        partial(_numbers, name="phoneme"),
        "Alinat (1993), Periodic Progress Report 4, ROARS Project ESPRIT II (nasal and oral vowels of French)",
    ),
)
