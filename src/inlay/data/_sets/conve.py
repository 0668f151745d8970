"""Knowledge graphs as ConvE splits them: FB15k-237, WN18RR, kinship, UMLS and nations."""

import io
import tarfile
from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet

_PARTS = {"train": "train_", "valid": "valid_", "test": ""}  # file -> what its columns start with


def _read(folder: Path, name: str) -> Columns:
    """Read the triples of all three parts; some files end their lines with a carriage return."""
    columns: dict[str, list[str]] = {}
    with tarfile.open(folder / f"{name}.tar.gz") as archive:
        for part, prefix in _PARTS.items():
            content = archive.extractfile(f"{part}.txt")
            if content is not None:
                rows = [line.rstrip("\r\n").split("\t") for line in io.TextIOWrapper(content, "utf-8")]
                for place, column in enumerate(("head", "relation", "tail")):
                    columns[prefix + column] = [row[place] for row in rows]
    return columns


_SOURCES = {
    "FB15k-237": "Toutanova, Chen (2015), Observed versus Latent Features for Knowledge Base and Text Inference",
    "WN18RR": "Dettmers, Minervini, Stenetorp, Riedel (2018), Convolutional 2D Knowledge Graph Embeddings, AAAI",
    "kinship": "Denham (1973), The Detection of Patterns in Alyawara Nonverbal Behavior",
    "umls": "McCray (2003), An Upper-Level Ontology for the Biomedical Domain",
    "nations": "Rummel (1976), Attributes of Nations and Behavior of Nation Dyads",
}

SETS = tuple(DataSet(name.lower(), "conve_kg", partial(_read, name=name), source) for name, source in _SOURCES.items())
