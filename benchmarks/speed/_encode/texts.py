"""The texts that encoding is measured on."""

import ast
import csv
import io
import os
import re
import sysconfig
import zipfile
from pathlib import Path

import numpy as np

_SENTENCE = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


def _data() -> Path | None:
    folder = os.environ.get("INLAY_DATA")
    return Path(folder) if folder else None


def _chosen(texts: list[str], n: int) -> list[str]:
    order = np.random.default_rng(0).permutation(len(texts))[:n]
    return [texts[i] for i in order]


def _docstrings() -> list[str]:
    base, found = Path(sysconfig.get_paths()["purelib"]), []
    for package in ("scipy", "sklearn", "numpy"):
        for file in sorted((base / package).rglob("*.py")):
            if "tests" in file.parts:
                continue
            try:
                tree = ast.parse(file.read_text("utf-8"))
            except (SyntaxError, ValueError):
                continue
            nodes = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Module))
            found += filter(None, map(ast.get_docstring, nodes))
    return found


def short_texts(n: int) -> list[str]:
    """Return questions, headlines, titles and sentences."""
    data = _data()
    if data is None:
        found = [text.partition("\n")[0] for text in _docstrings()]
        found = (found * (n // len(found) + 1))[:n]
    else:
        with (data / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
            found = [row["text"] for row in csv.DictReader(file)]
        for name, separator in (
            ("shorttext_clustering/stackoverflow/stackoverflow_true_text", "\t"),
            ("shorttext_clustering/agnewsdataraw-8000", "\t"),
            ("sentconv/rt-polarity.all", " "),
            ("sentconv/subj.all", " "),
            ("sentconv/TREC.train.all", " "),
        ):
            lines = (data / name).read_text("latin-1").splitlines()
            found += [line.partition(separator)[2] for line in lines]
        for line in (data / "stsbenchmark/sts-train.csv").read_text("utf-8").splitlines():
            found += line.split("\t")[5:7]
    return _chosen(found, n)


def long_texts(n: int) -> list[str]:
    """Return abstracts and docstrings, about as many of each."""
    data, documents = _data(), [text for text in _docstrings() if len(text) > 800]
    if data is None:
        return _chosen(documents, n)
    csv.field_size_limit(10**8)
    with zipfile.ZipFile(data / "scifact/scifact.zip") as archive:
        name = next(name for name in archive.namelist() if "corpus" in name)
        rows = csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8", newline=""))
        abstracts = [" ".join([row["title"], *(a or b for a, b in _SENTENCE.findall(row["abstract"]))]) for row in rows]
    return _chosen(_chosen(abstracts, n // 2) + _chosen(documents, n - n // 2), n)


def sts_pairs() -> tuple[list[str], list[str], list[float]]:
    """Return the test part of STS-B; empty without INLAY_DATA."""
    data = _data()
    if data is None:
        return [], [], []
    rows = [line.split("\t") for line in (data / "stsbenchmark/sts-test.csv").read_text("utf-8").splitlines()]
    return [row[5] for row in rows], [row[6] for row in rows], [float(row[4]) for row in rows]
