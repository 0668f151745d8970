"""Time series of the UCR and UEA archives, in the .ts format of aeon."""

from functools import partial
from pathlib import Path
from typing import Any

from ..datasets import Columns, DataSet, lines


def _read(folder: Path, name: str) -> Columns:
    """Read both parts of a data set, as the archive splits them."""
    train, test = (_series(folder / name.removesuffix("_eq") / f"{name}_{part}.ts") for part in ("TRAIN", "TEST"))
    return {"train_series": train[0], "train_label": train[1], "series": test[0], "label": test[1]}


def _speakers(folder: Path) -> Columns:
    """Read the test part as items and who said them."""
    items, labels = _series(folder / "JapaneseVowels" / "JapaneseVowels_eq_TEST.ts")
    return {"item": items, "label": labels}


def _series(file: Path) -> tuple[list[Any], list[str]]:
    """Read series and classes: a tuple of numbers, or of such tuples where a series has several channels."""
    items: list[Any] = []
    labels = []
    for line in lines(file):
        if line and line[0] not in "@#%":  # what stands before the data
            *channels, label = line.split(":")
            numbers = tuple(tuple(float(x) for x in channel.split(",")) for channel in channels)
            items.append(numbers if len(numbers) > 1 else numbers[0])
            labels.append(label.strip())
    return items, labels


_FILES = {
    "arrowhead": "ArrowHead",
    "basicmotions": "BasicMotions",
    "gunpoint": "GunPoint",
    "italypowerdemand": "ItalyPowerDemand",
    "japanesevowels": "JapaneseVowels",  # of unequal length
    "japanesevowels-equal": "JapaneseVowels_eq",  # stretched to one
}
_SOURCE = "Dau, Bagnall, Kamgar, Yeh et al. (2019), The UCR Time Series Archive"

SETS = (
    *(DataSet(name, "timeseries_aeon", partial(_read, name=file), _SOURCE) for name, file in _FILES.items()),
    DataSet("japanesevowels-speakers", "timeseries_aeon", _speakers, "Kudo, Toyama, Shimbo (1999), Japanese Vowels"),
)
