"""WiC: a word in two sentences, and whether it means the same in both. The gold of the test part is kept secret."""

from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _part(folder: Path, part: str) -> dict[str, list[object]]:
    rows = [line.split("\t") for line in lines(folder / part / f"{part}.data.txt")]
    gold = list(lines(folder / part / f"{part}.gold.txt"))
    word, _, _, text1, text2 = map(list, zip(*rows, strict=True))
    return {"word": word, "text1": text1, "text2": text2, "label": [int(one.strip() == "T") for one in gold]}


def _train(folder: Path) -> Columns:
    return _part(folder, "train")


def _dev(folder: Path) -> Columns:
    """Read the development part, with the training part beside it, on which a threshold is chosen."""
    return {**_part(folder, "dev"), **{f"train_{name}": column for name, column in _part(folder, "train").items()}}


_SOURCE = "Pilehvar, Camacho-Collados (2019), WiC: the Word-in-Context Dataset, NAACL"

SETS = (DataSet("wic-dev", "wic", _dev, _SOURCE), DataSet("wic-train", "wic", _train, _SOURCE))
