"""The graphs that DeepWalk brings: BlogCatalog with the groups of its people, and Zachary's karate club."""

from pathlib import Path

import numpy as np

from ..datasets import Columns, DataSet, lines


def _blogcatalog(folder: Path) -> Columns:
    """Read people by row number, all the groups that each is in, and each friendship once."""
    from scipy.io import loadmat

    content = loadmat(str(folder / "blogcatalog.mat"), variable_names=("network", "group"))
    group, network = content["group"].tocsr(), content["network"].tocoo()
    once = network.row < network.col
    return {
        "node": list(range(group.shape[0])),
        "label": [part.tolist() for part in np.split(group.indices, group.indptr[1:-1])],
        "source": network.row[once].tolist(),
        "target": network.col[once].tolist(),
    }


def _karate(folder: Path) -> Columns:
    """Read each friendship once; the file has the neighbours of each member, both ways."""
    rows = [[int(number) for number in line.split()] for line in lines(folder / "karate.adjlist")]
    edges = sorted({(min(row[0], other), max(row[0], other)) for row in rows for other in row[1:]})
    return {"source": [edge[0] for edge in edges], "target": [edge[1] for edge in edges]}


SETS = (
    DataSet(
        "blogcatalog", "deepwalk_graphs", _blogcatalog, "Tang, Liu (2009), Relational Learning via Latent Dimensions"
    ),
    DataSet("karate", "deepwalk_graphs", _karate, "Zachary (1977), An Information Flow Model for Conflict and Fission"),
)
