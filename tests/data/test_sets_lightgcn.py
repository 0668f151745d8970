"""Gowalla has the users, places and visits that LightGCN counts."""

import numpy as np
import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_gowalla():
    found = load("gowalla")
    assert len(found["train_user"]) == len(found["train_item"]) == 810_128
    assert len(found["user"]) == len(found["item"]) == 217_242
    assert np.array_equal(np.unique(found["train_user"]), np.arange(29_858))
    assert np.array_equal(np.unique(found["train_item"]), np.arange(40_981))
    assert np.bincount(found["train_user"]).min() >= 8
    train, test = (found[f"{part}user"] * 40_981 + found[f"{part}item"] for part in ("train_", ""))
    assert not np.isin(test, train).any()
    assert found["item"][:3].tolist() == [7580, 3730, 5983]
