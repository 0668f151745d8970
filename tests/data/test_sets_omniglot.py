"""Omniglot has its drawings, and each run has an example of what is asked."""

import io
import zipfile
from collections import Counter

import numpy as np
import pytest

from inlay.core.errors import DataError, MissingData
from inlay.data._sets.omniglot import N_RUNS, SIDE
from inlay.data.datasets import known_sets, load


@pytest.fixture
def pillow():
    return pytest.importorskip("PIL.Image", reason="needs Pillow: pip install 'inlay[eval]'")


@pytest.mark.data
def test_counts_and_drawings_known_by_sight(pillow):
    found = load("omniglot")
    assert found["train_image"].shape == (2720, SIDE**2)
    assert found["image"].shape == found["example_image"].shape == (400, SIDE**2)
    assert found["image"].dtype == np.uint8
    assert set(np.unique(found["train_image"])) == {0, 255}
    classes = Counter(found["train_label"])
    assert set(classes.values()) == {20}
    assert Counter(name.split("/")[0] for name in classes) == {
        "Balinese": 24,
        "Early_Aramaic": 22,
        "Greek": 24,
        "Korean": 40,
        "Latin": 26,
    }
    assert found["run"] == found["example_run"] == np.repeat(np.arange(1, 21), 20).tolist()
    assert found["label"][:3] == ["run01/class08", "run01/class09", "run01/class02"]
    assert found["example_label"][:2] == ["run01/class01", "run01/class02"]
    assert sorted(found["label"]) == found["example_label"]
    # the ink of an omicron goes around an empty middle
    omicron = found["train_image"][found["train_label"].index("Greek/character15")].reshape(SIDE, SIDE) == 0
    rows, columns = (np.flatnonzero(omicron.any(axis)) for axis in (1, 0))
    assert 0.02 < omicron.mean() < 0.1
    assert not omicron[
        int(rows.mean()) - 3 : int(rows.mean()) + 3, int(columns.mean()) - 3 : int(columns.mean()) + 3
    ].any()


def _png(pillow, level=255, side=SIDE):
    out = io.BytesIO()
    pillow.new("L", (side, side), level).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def write(tmp_path, pillow):
    """Write both archives, whole but for what is given; None leaves a file out."""

    def run(**changed):
        files = {
            f"small1/{name}.png": _png(pillow, 9) for name in ("B/character02/1", "B/character01/2", "A/character01/1")
        }
        for run in (f"run{number:02d}" for number in range(1, N_RUNS + 1)):
            files |= {
                f"{run}/test/item1.png": _png(pillow, 1),
                f"{run}/test/item2.png": _png(pillow, 2),
                f"{run}/training/class1.png": _png(pillow, 11),
                f"{run}/training/class2.png": _png(pillow, 12),
                f"{run}/class_labels.txt": "".join(
                    f"{run}/test/item{i}.png {run}/training/class{i}.png\n" for i in (2, 1)
                ),
            }
        files = {name: content for name, content in {**files, **changed}.items() if content is not None}
        (tmp_path / "one-shot-classification").mkdir()
        for file, own in (("images_background_small1.zip", "small1/"), ("one-shot-classification/all_runs.zip", "run")):
            with zipfile.ZipFile(tmp_path / file, "w") as archive:
                for name, content in files.items():
                    if name.startswith(own):
                        archive.writestr(name, content)
        return tmp_path

    return run


def test_rows_are_in_the_order_of_names_and_runs(write):
    found = known_sets()["omniglot"].read(write())
    assert found["train_label"] == ["A/character01", "B/character01", "B/character02"]
    assert found["image"][:3, 0].tolist() == [2, 1, 2]
    assert found["label"][:3] == ["run01/class2", "run01/class1", "run02/class2"]
    assert found["run"][:3] == [1, 1, 2]
    assert found["example_image"][:3, 0].tolist() == [11, 12, 11]
    assert found["example_label"][:3] == ["run01/class1", "run01/class2", "run02/class1"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("small1/B/character02/1.png", b"no image", r"small1\.zip: small1/B/character02/1\.png is not an image"),
        ("run03/test/item1.png", None, r"all_runs\.zip lacks run03/test/item1\.png"),
        ("run20/class_labels.txt", None, r"all_runs\.zip lacks run20/class_labels\.txt"),
        ("run20/class_labels.txt", "", r"run20/class_labels\.txt names no images"),
        ("run02/class_labels.txt", "a b\na\n", r"run02/class_labels\.txt:2: this line has 1 names of images, not 2"),
    ],
)
def test_what_is_broken_or_lacks_is_named(write, name, content, said):
    with pytest.raises(DataError, match=said):
        known_sets()["omniglot"].read(write(**{name: content}))


def test_an_image_cut_short_or_of_another_size_is_named(write, pillow):
    folder = write(**{"run01/test/item2.png": _png(pillow, side=28)})
    with pytest.raises(DataError, match=r"run01/test/item2\.png has \(28, 28\) pixels, not 105 x 105"):
        known_sets()["omniglot"].read(folder)
    with zipfile.ZipFile(folder / "images_background_small1.zip", "w") as archive:
        archive.writestr("small1/A/character01/1.png", _png(pillow)[:60])
    with pytest.raises(DataError, match=r"small1/A/character01/1\.png is not an image"):
        known_sets()["omniglot"].read(folder)


def test_an_archive_that_lacks_or_is_empty_is_named(tmp_path, monkeypatch, pillow):
    (tmp_path / "omniglot").mkdir()
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    with pytest.raises(MissingData, match=r"'omniglot' is not whole: .*images_background_small1\.zip"):
        load("omniglot")
    with zipfile.ZipFile(tmp_path / "omniglot" / "images_background_small1.zip", "w"):
        pass
    with pytest.raises(DataError, match=r"images_background_small1\.zip holds no images"):
        load("omniglot")
