"""Means over neighbours, and margins, against loops."""

import numpy as np
import pytest

from inlay.core.neighbourhoods import MARGINS, margin, mean_cosine
from inlay.core.vectors import normalize

rng = np.random.default_rng(0)
A, B = normalize(rng.normal(size=(7, 5))), normalize(rng.normal(size=(9, 5)))


@pytest.mark.parametrize("n", [1, 4, 20])
def test_means_are_those_of_loops(n):
    want = [np.mean(sorted((float(a @ b) for b in B), reverse=True)[:n]) for a in A]
    np.testing.assert_allclose(mean_cosine(A, B, n), want, atol=1e-6)


def test_nothing_has_no_neighbours():
    assert mean_cosine(A, B[:0], 3).tolist() == [0.0] * 7
    assert mean_cosine(A[:0], B, 3).shape == (0,)


def test_margins_are_those_of_loops():
    cosines, usual = rng.uniform(-1, 1, (4, 3)), rng.uniform(-1, 1, (4, 3))
    for kind in MARGINS:
        found = margin(cosines, usual, kind)
        for i in range(4):
            for j in range(3):
                a, b = cosines[i, j], usual[i, j]
                want = {"absolute": a, "distance": a - b, "ratio": a / b if b > 0 else -np.inf}[kind]
                assert found[i, j] == pytest.approx(want)
