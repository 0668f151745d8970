"""Codes of residual quantisers, by a beam search."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray

from ._lloyd import run

ROWS = 128  # rows of a block; all blocks have as many, so that BLAS rounds a row in one way whatever stands beside it


def encode(X: FloatArray, codebooks: FloatArray, beam_size: int) -> NDArray[np.uint8]:
    """Return for each of (n, d) vectors the numbers (n, m) of entries of (m, size, d) codebooks whose sum is near it.

    After each codebook the `beam_size` sums nearest to the vector are kept.
    """
    n, d = X.shape
    half = np.einsum("msd,msd->ms", codebooks, codebooks) / np.float32(2)
    blocks = np.pad(X, ((0, -n % ROWS), (0, 0))).reshape(-1, ROWS, d)
    codes = run(lambda block: _beam(block, codebooks, half, beam_size), list(blocks))
    return np.concatenate(codes)[:n]


def _beam(X: FloatArray, codebooks: FloatArray, half: FloatArray, beam_size: int) -> NDArray[np.uint8]:
    n, d = X.shape
    m, size, _ = codebooks.shape
    rest = X[:, None]
    lost = np.zeros((n, 1), np.float32)  # half the squared distance to the vector, less half its own square
    codes = np.zeros((n, 1, m), np.uint8)
    for j in range(m):
        alive = rest.shape[1]
        products = (rest.reshape(-1, d) @ codebooks[j].T).reshape(n, alive, size)
        far = (lost[:, :, None] + half[j] - products).reshape(n, -1)
        kept = min(beam_size, alive * size)
        best = np.sort(np.argpartition(far, kept - 1, axis=1)[:, :kept], axis=1)
        values = np.take_along_axis(far, best, 1)
        order = np.argsort(values, axis=1, kind="stable")
        best, lost = np.take_along_axis(best, order, 1), np.take_along_axis(values, order, 1)
        which, entry = np.divmod(best, size)
        codes = np.take_along_axis(codes, which[:, :, None], 1)
        codes[:, :, j] = entry
        rest = np.take_along_axis(rest, which[:, :, None], 1) - codebooks[j][entry]
    return codes[:, 0]
