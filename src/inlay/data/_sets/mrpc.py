"""MRPC: pairs of sentences from the news, and whether one says what the other says."""

from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _read(folder: Path, part: str) -> Columns:
    """Read one part; the text has quotation marks that open and do not close, so this is not CSV."""
    rows = [line.split("\t") for line in lines(folder / f"msr-para-{part}.tsv", "utf-8-sig")][1:]
    return {"text1": [r[3] for r in rows], "text2": [r[4] for r in rows], "label": [int(r[0]) for r in rows]}


SETS = tuple(
    DataSet(
        name,
        "mrpc",
        partial(_read, part=part),
        "Dolan, Brockett (2005), Automatically Constructing a Corpus of Sentential Paraphrases, IWP",
    )
    for name, part in (("mrpc", "test"), ("mrpc-dev", "val"), ("mrpc-train", "train"))
)
