"""Short texts with topics, as the papers on clustering them use them; texts of AgNews and SearchSnippets lack stops."""

from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _read(folder: Path, file: str) -> Columns:
    rows = [line.split("\t") for line in lines(folder / file)]
    return {"text": [row[1].strip() for row in rows], "label": [int(row[0]) for row in rows]}


SETS = (
    DataSet(
        "agnews-short",
        "shorttext_clustering",
        partial(_read, file="agnewsdataraw-8000"),
        "Rakib, Zeh, Jankowska, Milios (2020), Enhancement of Short Text Clustering by Iterative Classification, NLDB",
    ),
    DataSet(
        "searchsnippets",
        "shorttext_clustering",
        partial(_read, file="search_snippets/search_snippets_true_text"),
        "Phan, Nguyen, Horiguchi (2008), Learning to Classify Short and Sparse Text & Web, WWW",
    ),
    DataSet(
        "stackoverflow-short",
        "shorttext_clustering",
        partial(_read, file="stackoverflow/stackoverflow_true_text"),
        "Xu, Wang, Tian, Xu, Zhao, Wang, Hao (2015), Short Text Clustering via Convolutional Neural Networks, NAACL",
    ),
)
