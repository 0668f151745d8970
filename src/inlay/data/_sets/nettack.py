"""Cora and Polblogs as graphs with one class for each node, from the numpy files of Nettack."""

from functools import partial
from pathlib import Path

import numpy as np

from ..datasets import Columns, DataSet


def _read(folder: Path, name: str) -> Columns:
    """Read nodes by row number, their classes, and the edges; the names of nodes are pickled, and left unread."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        labels, indptr, target = file["labels"], file["adj_indptr"], file["adj_indices"]
    return {
        "node": list(range(len(labels))),
        "label": labels.tolist(),
        "source": np.repeat(np.arange(len(labels)), np.diff(indptr)).tolist(),
        "target": target.tolist(),
    }


SETS = (
    DataSet("cora", "nettack_npz", partial(_read, name="cora"), "McCallum, Nigam, Rennie, Seymore (2000), Cora"),
    DataSet(
        "polblogs", "nettack_npz", partial(_read, name="polblogs"), "Adamic, Glance (2005), The Political Blogosphere"
    ),
)
