"""Omniglot: characters of many alphabets, each drawn by twenty people.

``train_image`` has the characters of five alphabets, the first of its two small parts, and ``train_label`` which one it
is: ``"Greek/character01"``. Beside them stand twenty runs with characters of other alphabets. In each, twenty are to be
told apart from one example: ``image``, ``label`` and ``run`` are what is asked, ``example_image``, ``example_label``
and ``example_run`` the examples.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import DataError
from ...core.extras import load
from ..datasets import Columns, DataSet

SIDE = 105  # pixels
N_RUNS = 20


def _read(folder: Path) -> Columns:
    """Read images as rows of 11025 grey levels, 0 for ink and 255 for paper; the training part by name."""
    with zipfile.ZipFile(folder / "images_background_small1.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        train = _images(archive, names)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("image", "label", "run", "example_image", "example_label", "example_run")
    }
    with zipfile.ZipFile(folder / "one-shot-classification" / "all_runs.zip") as archive:
        for run in range(1, N_RUNS + 1):
            asked, of = zip(*_pairs(archive, run), strict=True)
            examples = sorted(set(of))
            for prefix, images, classes in (("", asked, of), ("example_", examples, examples)):
                columns[f"{prefix}image"].append(_images(archive, images))
                columns[f"{prefix}label"] += [f"run{run:02d}/{Path(name).stem}" for name in classes]
                columns[f"{prefix}run"] += [run] * len(images)
    return {
        "train_image": train,
        "train_label": ["/".join(name.split("/")[-3:-1]) for name in names],
        **{name: np.concatenate(column) if name.endswith("image") else column for name, column in columns.items()},
    }


def _pairs(archive: zipfile.ZipFile, run: int) -> list[list[str]]:
    """Return for each image of a run that is asked its name, and that of the example that it is told by."""
    name = f"run{run:02d}/class_labels.txt"
    pairs = [line.split() for line in _content(archive, name).decode("utf-8").splitlines()]
    for number, pair in enumerate(pairs, 1):
        if len(pair) != 2:
            raise DataError(f"{archive.filename}: {name}:{number}: this line has {len(pair)} names of images, not 2.")
    if not pairs:
        raise DataError(f"{archive.filename}: {name} names no images.")
    return pairs


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError as error:
        raise DataError(f"{archive.filename} lacks {name}.") from error


def _images(archive: zipfile.ZipFile, names: Sequence[str]) -> NDArray[np.uint8]:
    image = load("PIL.Image", extra="eval", purpose="Reading images")
    if not names:
        raise DataError(f"{archive.filename} holds no images.")
    rows = []
    for name in names:
        content = _content(archive, name)
        try:
            opened = image.open(io.BytesIO(content))
            pixels = np.asarray(opened.convert("L"), np.uint8) if opened.size == (SIDE, SIDE) else None
        except (OSError, SyntaxError) as error:  # a broken PNG is both, after what is broken
            raise DataError(f"{archive.filename}: {name} is not an image that can be read.") from error
        if pixels is None:
            raise DataError(f"{archive.filename}: {name} has {opened.size} pixels, not {SIDE} x {SIDE}.")
        rows.append(pixels.reshape(-1))
    return np.stack(rows)


SETS = (
    DataSet(
        "omniglot",
        "omniglot",
        _read,
        "Lake, Salakhutdinov, Tenenbaum (2015), Human-Level Concept Learning through Probabilistic Program Induction, "
        "Science",
    ),
)
