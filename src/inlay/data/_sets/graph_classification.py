"""Graphs with a class each, MUTAG and PROTEINS, in the text format of DGCNN, with its ten folds."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..datasets import Columns, DataSet, lines


def _read(folder: Path, name: str) -> Columns:
    """Read graphs as (labels of nodes, edges), each edge once, with the fold in which each is tested; some in none."""
    rows = (list(map(int, line.split())) for line in lines(folder / name / f"{name}.txt"))
    graphs, labels = [], []
    for _ in range(next(rows)[0]):
        size, label = next(rows)
        labels.append(label)
        graphs.append(_graph(rows, size))
    folds = [-1] * len(graphs)
    for fold in range(10):
        for line in lines(folder / name / "10fold_idx" / f"test_idx-{fold + 1}.txt"):
            folds[int(line)] = fold
    return {"graph": graphs, "label": labels, "fold": folds}


def _graph(rows: Iterator[list[int]], size: int) -> tuple[Any, Any]:
    """Read one line for each node: its label, how many neighbours it has, and which."""
    nodes = [next(rows) for _ in range(size)]
    edges = {(min(i, other), max(i, other)) for i, node in enumerate(nodes) for other in node[2:]}
    return tuple(node[0] for node in nodes), tuple(sorted(edges))


SETS = (
    DataSet(
        "mutag",
        "graph_classification",
        partial(_read, name="MUTAG"),
        "Debnath, Lopez de Compadre, Debnath, Shusterman, Hansch (1991), Structure-Activity Relationship",
    ),
    DataSet(
        "proteins",
        "graph_classification",
        partial(_read, name="PROTEINS"),
        "Borgwardt, Ong, Schönauer, Vishwanathan, Smola, Kriegel (2005), Protein Function Prediction via Graph Kernels",
    ),
)
