"""Texts of WebNLG of one triple each, and what two of them may share."""

import numpy as np
from _vectors import encoded

from inlay.data.datasets import load


def texts():
    """Return the vectors of one text for each triple that stands alone, and their labels under each aspect."""
    data = load("webnlg")
    first = {}
    for row, (size, triples) in enumerate(zip(data["size"], data["triples"], strict=True)):
        if size == 1:
            first.setdefault(triples[0], row)
    rows = list(first.values())
    labels = {
        "category": [data["category"][row] for row in rows],
        "property": [data["properties"][row][0] for row in rows],
        "subject": [data["subject"][row] for row in rows],
    }
    return encoded([data["text"][row] for row in rows]), {name: np.array(one) for name, one in labels.items()}


def half(subjects):
    """Return which rows are of the half of the subjects that is learned from."""
    names = np.random.default_rng(99).permutation(np.unique(subjects))
    return np.isin(subjects, names[: len(names) // 2])
