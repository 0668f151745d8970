"""Series have the lengths, channels and classes of the archive."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "train", "test", "length", "classes"),
    [
        ("gunpoint", 50, 150, 150, 2),
        ("arrowhead", 36, 175, 251, 3),
        ("italypowerdemand", 67, 1029, 24, 2),
        ("basicmotions", 40, 40, 6, 4),
        ("japanesevowels", 270, 370, 12, 9),
        ("japanesevowels-equal", 270, 370, 12, 9),
    ],
)
def test_rows_lengths_and_classes(name, train, test, length, classes):
    found = load(name)
    assert len(found["train_series"]) == len(found["train_label"]) == train
    assert len(found["series"]) == len(found["label"]) == test
    assert {len(series) for series in (*found["train_series"], *found["series"])} == {length}
    assert len(set(found["train_label"])) == classes
    assert set(found["label"]) <= set(found["train_label"])


def test_known_rows():
    found = load("gunpoint")
    assert found["train_series"][0][:2] == (-0.6478854, -0.64199155)
    assert found["train_label"][0] == "2"
    channels = load("basicmotions")["train_series"][0]
    assert {len(channel) for channel in channels} == {100}
    assert channels[0][:2] == (0.079106, 0.079106)
    lengths = {len(channel) for series in load("japanesevowels")["series"] for channel in series}
    assert (min(lengths), max(lengths)) == (7, 29)


def test_speakers():
    found = load("japanesevowels-speakers")
    assert len(found["item"]) == len(found["label"]) == 370
    assert set(found["label"]) == set("123456789")
    assert len({len(channel) for series in found["item"] for channel in series}) == 1
