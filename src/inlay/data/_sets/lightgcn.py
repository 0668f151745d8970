"""Gowalla: who was where, as LightGCN splits it."""

from pathlib import Path

import numpy as np

from ..datasets import Columns, DataSet, lines

_USERS = 29858


def _gowalla(folder: Path) -> Columns:
    """Read places that people visited; the train part is a block of the adjacency matrix of people and places."""
    with np.load(folder / "gowalla" / "s_adj_mat.npz", allow_pickle=False) as file:
        indptr, indices = file["indptr"], file["indices"]
    rows = [np.array(line.split(), np.int64) for line in lines(folder / "gowalla" / "test.txt")]
    return {
        "train_user": np.repeat(np.arange(_USERS), np.diff(indptr[: _USERS + 1])),
        "train_item": indices[: indptr[_USERS]].astype(np.int64) - _USERS,
        "user": np.repeat([row[0] for row in rows if len(row)], [len(row) - 1 for row in rows if len(row)]),
        "item": np.concatenate([row[1:] for row in rows]),
    }


SETS = (DataSet("gowalla", "lightgcn", _gowalla, "Cho, Myers, Leskovec (2011), Friendship and Mobility, KDD"),)
