"""Blocks of products cover every pair once, within their bounds, and half precision is widened exactly."""

import numpy as np
import pytest

from inlay.core import blocks
from inlay.core.blocks import products


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.float64])
@pytest.mark.parametrize("n", [0, 1, 5, 1030])
@pytest.mark.parametrize("share", [None, 0.0, 0.2, 0.8])
def test_every_pair_stands_in_one_block(dtype, n, share, monkeypatch):
    rng = np.random.default_rng(0)
    X, Q = rng.standard_normal((300, 7)).astype(dtype), rng.standard_normal((n, 7)).astype(np.float32)
    mask = np.ones(300, bool) if share is None else rng.random(300) < share
    for name in ("SCORE_BYTES", "VECTOR_BYTES", "COPY_BYTES"):
        monkeypatch.setattr(blocks, name, 4 * 1024 * 17)
    seen = np.full((n, 300), -np.inf)
    times = np.zeros((n, 300), int)
    for numbers, these, S in products(Q, X, None if share is None else np.flatnonzero(mask)):
        assert S.nbytes <= 4 * 1024 * 17 + 4 * 300
        seen[these, numbers] = S
        times[these, numbers] += 1
    want = np.where(mask, Q.astype(np.float64) @ X.astype(np.float64).T, -np.inf)
    np.testing.assert_allclose(seen, want, atol=1e-4)
    assert (times[:, mask] == 1).all()


def test_half_precision_is_widened_exactly():
    half = np.arange(2**16, dtype=np.uint16).view(np.float16)
    half = half[np.isfinite(half)]
    wide = blocks.widen(half, np.empty(half.shape, np.int32))
    assert np.array_equal(wide.view(np.uint32), half.astype(np.float32).view(np.uint32))
