"""WiC has its pairs, the training part beside the development part."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_counts_and_a_known_pair():
    dev, train = load("wic-dev"), load("wic-train")
    names = ("word", "text1", "text2", "label")
    assert [len(dev[name]) for name in names] == [638] * 4
    assert [len(train[name]) for name in names] == [5428] * 4
    assert {name: dev[f"train_{name}"] for name in names} == train
    assert [dev[name][0] for name in names] == ["board", "Room and board .", "He nailed boards across the windows .", 0]
    assert sum(dev["label"]) == 319
    assert sum(train["label"]) == 2714
