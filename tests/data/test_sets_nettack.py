"""Cora and Polblogs have the nodes and edges that are known of them."""

from collections import Counter

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_cora():
    found = load("cora")
    assert found["node"] == list(range(2708))
    assert len(found["source"]) == len(found["target"]) == 5429
    assert sorted(Counter(found["label"]).values()) == [180, 217, 298, 351, 418, 426, 818]
    assert (found["source"][0], found["target"][0]) == (1, 2399)


def test_polblogs():
    found = load("polblogs")
    assert len(found["node"]) == len(found["label"]) == 1490
    assert Counter(found["label"]) == {0: 758, 1: 732}
    assert len(found["source"]) == 19025
    assert found["target"][:3] == [22, 54, 84]
    assert max(found["source"] + found["target"]) < 1490
