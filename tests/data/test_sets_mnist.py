"""MNIST is read in its own order: the counts of its publisher, and digits known by sight."""

from collections import Counter

import numpy as np
import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_counts_and_first_digits():
    pytest.importorskip("PIL", reason="needs Pillow: pip install 'inlay[eval]'")
    found = load("mnist")
    assert found["image"].shape == found["train_image"].shape == (10000, 784)
    assert found["image"].dtype == np.uint8
    assert (found["image"].min(), found["image"].max()) == (0, 255)
    assert found["label"][:5] == [7, 2, 1, 0, 4]
    assert found["train_label"][:5] == [5, 0, 4, 1, 9]
    assert Counter(found["label"])[1] == 1135
    # a seven: a bar at the top, and nothing at the lower left
    seven = found["image"][0].reshape(28, 28)
    assert seven[8, 8:20].mean() > 100
    assert not seven[20:, :6].any()
