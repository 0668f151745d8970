"""MNIST: handwritten digits of 28 x 28 pixels."""

import csv
import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import DataError
from ...core.extras import load
from ..datasets import Columns, DataSet

N_IMAGES = 10000  # of a part that are read: all for the test, the first of the 60000 for training


def _read(folder: Path) -> Columns:
    """Read the test images, and the first of the training part, as rows of 784 grey levels from 0 to 255."""
    labels: dict[str, dict[str, int]] = {}
    images: dict[str, NDArray[np.uint8]] = {}
    with tarfile.open(folder / "mnist_pngs.tar.gz") as archive:
        for member in archive:  # the table of a part stands before its images
            part, content = member.name.split("/")[0], archive.extractfile(member)
            if content is not None and part.endswith(".csv"):
                labels[part.removesuffix(".csv")] = _labels(content.read().decode("utf-8"))
            elif content is not None and member.name in labels.get(part, {}):
                images[member.name] = _pixels(content.read())
    columns: dict[str, Any] = {}
    for part, prefix in (("train", "train_"), ("test", "")):
        if not labels.get(part) or any(name not in images for name in labels[part]):
            raise DataError(f"{folder}: the archive lacks images or labels of the part {part!r}.")
        columns[f"{prefix}image"] = np.stack([images[name] for name in labels[part]])
        columns[f"{prefix}label"] = [*labels[part].values()]
    return columns


def _labels(text: str) -> dict[str, int]:
    """Return the labels of images by name, in the order of MNIST, which their numbers give."""
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: int(Path(row["filepath"]).stem))
    return {row["filepath"]: int(row["label"]) for row in rows[:N_IMAGES]}


def _pixels(png: bytes) -> NDArray[np.uint8]:
    image = load("PIL.Image", extra="eval", purpose="Reading images")
    return np.asarray(image.open(io.BytesIO(png)), np.uint8).reshape(-1)


SETS = (
    DataSet(
        "mnist",
        "mnist_pngs",
        _read,
        "LeCun, Bottou, Bengio, Haffner (1998), Gradient-Based Learning Applied to Document Recognition",
    ),
)
