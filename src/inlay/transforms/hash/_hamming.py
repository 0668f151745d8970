"""What hashes share: signs packed eight to a byte, and search by the number of bits that differ."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import MissingExtra, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray
from inlay.core.vectors import HELD_BYTES, top_k


def packed(Z: NDArray[Any]) -> NDArray[np.uint8]:
    """Pack the signs of (n, bits) numbers, eight to a byte; the last byte is filled with zeros.

    Examples
    --------
    >>> packed(np.float32([[1, -1, 0, 2, -1, -1, -1, 3, 5]])).tolist()
    [[145, 128]]
    """
    return np.packbits(Z > 0, axis=1)


def signs(C: ArrayLike, bits: int) -> FloatArray:
    """Return the (n, bits) signs, -1 and 1, that were packed into (n, m) bytes."""
    return np.unpackbits(_codes(C, -(-bits // 8)), axis=1, count=bits).astype(np.float32) * 2 - 1


def check_bits(bits: int) -> None:
    """Refuse a number of bits below 1."""
    if bits < 1:
        raise ParameterError(f"bits must be at least 1, got {bits}.")


def nearest_codes(Q: NDArray[np.uint8], C: NDArray[Any], k: int, bits: int) -> Hits:
    r"""Find the `k` nearest of (n, m) codes for each of the (n queries, m) codes, by faiss where that is installed.

    The score of a code that differs in h bits is :math:`\cos(\pi h / \mathrm{bits})`, the cosine that as many random
    hyperplanes stand for; equal ones stand in the order of their rows.
    """
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    C = _codes(C, Q.shape[1])
    found = min(k, len(C))
    ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
    if found and len(Q):
        try:
            faiss = load("faiss", extra="quantize")
        except MissingExtra:
            ids[:, :found], distances = by_numpy(Q, C, found)
        else:  # which, too, keeps equal distances in the order of rows
            distances, ids[:, :found] = faiss.knn_hamming(np.ascontiguousarray(Q), C, found)
        scores[:, :found] = np.cos(np.pi / bits * distances.astype(np.float64))
    return Hits(ids, scores)


def by_numpy(Q: NDArray[np.uint8], C: NDArray[np.uint8], k: int) -> tuple[IdArray, FloatArray]:
    """Return rows of the `k` nearest codes and their distances; `k` at most the number of codes."""
    pad = ((0, 0), (0, -Q.shape[1] % 8))
    q, c = (np.pad(part, pad).view(np.uint64) for part in (Q, C))
    step = max(1, HELD_BYTES // (8 * len(c)))
    parts = []
    for first in range(0, len(q), step):
        distances = np.zeros((len(q[first : first + step]), len(c)), np.float32)
        for j in range(q.shape[1]):
            distances -= np.bitwise_count(q[first : first + step, j, None] ^ c[:, j])
        parts.append(top_k(distances, k))
    ids, nearness = (np.concatenate(part) for part in zip(*parts, strict=True))
    return ids, -nearness


def _codes(C: ArrayLike, width: int) -> NDArray[np.uint8]:
    codes = np.ascontiguousarray(C)
    if codes.ndim != 2 or codes.shape[1] != width or codes.dtype != np.uint8:
        raise ShapeError(f"Codes must be uint8 of shape (n, {width}), got {codes.dtype} of shape {codes.shape}.")
    return codes
