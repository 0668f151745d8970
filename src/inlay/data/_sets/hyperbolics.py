"""Graphs that are trees or nearly so, and social networks beside them, as HazyResearch laid them out."""

from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _read(folder: Path, name: str, columns: tuple[str, str]) -> Columns:
    """Read the edges, whose first two numbers are nodes; a line may hold a weight after them."""
    rows = [line.split() for line in lines(folder / "edges" / f"{name}.edges")]
    return {column: [int(row[place]) for row in rows] for place, column in enumerate(columns)}


def _hierarchy(name: str, file: str, source: str) -> DataSet:
    return DataSet(name, "hyperbolics_edges", partial(_read, name=file, columns=("parent", "child")), source)


def _network(name: str, file: str, source: str) -> DataSet:
    return DataSet(name, "hyperbolics_edges", partial(_read, name=file, columns=("source", "target")), source)


SETS = (
    _hierarchy("phylo-tree", "phylo_tree", "Hofbauer, Forrest, Hollingsworth, Hart (2016), tree of mosses, TreeBASE"),
    _hierarchy("wordnet-tree", "weighted_wordnet", "Fellbaum (1998), WordNet: An Electronic Lexical Database"),
    _hierarchy(
        "ca-csphd", "ca-CSphd", "De Nooy, Mrvar, Batagelj (2011), Exploratory Social Network Analysis with Pajek"
    ),
    _network(
        "ego-facebook", "facebook_combined", "McAuley, Leskovec (2012), Learning to Discover Social Circles, NIPS"
    ),
    _network("ca-grqc", "grqc", "Leskovec, Kleinberg, Faloutsos (2007), Graph Evolution, TKDD"),
)
