"""Inner products of codes that are stored as planes of bits, by counting the bits that differ; on all cores."""

from typing import Any

import numpy as np
from numba import njit, prange, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import top_k

HELD_BYTES = 32 << 20  # of scores at once


def _count_bits(typing_context: Any, word: Any) -> Any:
    """Count the bits of a word by one instruction."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), generate


_count: Any = intrinsic(_count_bits)


@njit(inline="always")
def _product(a: Any, b: Any, dim: int) -> int:
    """Return the inner product of two codes, times 4 ** (planes - 1)."""
    planes, words = a.shape
    total = 0
    for i in range(planes):
        for j in range(planes):
            different = np.uint64(0)
            for w in range(words):
                different += _count(a[i, w] ^ b[j, w])
            total += (dim - 2 * np.int64(different)) << (2 * (planes - 1) - i - j)
    return total


@njit(parallel=True, cache=True)
def cosines(Q: Any, C: Any, dim: int) -> FloatArray:
    """Return the cosines of (n queries, planes, words) codes with (n, planes, words) codes; float32."""
    out = np.empty((len(Q), len(C)), np.float32)
    lengths = np.empty(len(Q), np.float64)
    for q in range(len(Q)):
        lengths[q] = np.sqrt(_product(Q[q], Q[q], dim))
    for d in prange(len(C)):
        length = np.sqrt(_product(C[d], C[d], dim))
        for q in range(len(Q)):
            out[q, d] = _product(Q[q], C[d], dim) / (lengths[q] * length)
    return out


def search(Q: NDArray[np.uint8], C: NDArray[np.uint8], planes: int, dim: int, k: int) -> Hits:
    """Find the `k` of (n, planes * bytes) codes most like each of the codes `Q`, by cosine; ties in row order."""
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
    asked, stored, found = words(Q, planes), words(C, planes), min(k, len(C))
    step = max(1, HELD_BYTES // (4 * max(1, len(C))))
    for start in range(0, len(Q) if found else 0, step):
        part = slice(start, start + step)
        ids[part, :found], scores[part, :found] = top_k(cosines(asked[part], stored, dim), k)
    return Hits(ids, scores)


def words(codes: NDArray[np.uint8], planes: int) -> NDArray[np.uint64]:
    """Return packed planes (n, planes * bytes) as (n, planes, words) of 64 bits, the last word filled with zeros.

    Examples
    --------
    >>> words(np.uint8([[1, 2]]), 2).tolist()
    [[[1], [2]]]
    """
    split = codes.reshape(len(codes), planes, codes.shape[1] // planes)
    spare = -split.shape[2] % 8
    if spare:
        split = np.pad(split, ((0, 0), (0, 0), (0, spare)))
    return np.ascontiguousarray(split).view(np.uint64)
