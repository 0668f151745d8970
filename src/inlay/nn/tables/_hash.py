"""Seeded hashing of numbers: the same on every platform, and strongly universal.

A key of 64 bits is first mixed, so that keys in a row are hashed like any others (the finaliser of SplitMix; Steele,
Lea, Flood 2014). Its low and high half are then hashed together by multiply-shift,
``((a x_low + b x_high + c) mod 2^64) >> 32`` (Dietzfelbinger 1996; Thorup 2015, arXiv:1504.06804), and the 32 bits that
come out are brought into the range by a product and a second shift.
"""

import hashlib

import numpy as np
import torch
from torch import Tensor

_LOW = 0xFFFFFFFF
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def coefficients(n: int, *seed: int) -> Tensor:
    """Return the numbers a, b and c of `n` hash functions, (n, 3) int64; all of them follow from the seed."""
    bits = np.random.PCG64(list(seed)).random_raw(3 * n).astype(np.uint64)
    return torch.from_numpy(bits.view(np.int64).reshape(n, 3))


def hashed(ids: Tensor, n_rows: int, numbers: Tensor) -> Tensor:
    """Return a row below `n_rows`, itself below 2^31, for each id.

    `numbers` are `coefficients`, of a shape (..., 3) that goes with that of the ids.
    """
    a, b, c = numbers.unbind(-1)
    keys = _mixed(ids.long())
    found = a * (keys & _LOW) + b * ((keys >> 32) & _LOW) + c  # wraps at 2^64
    return (((found >> 32) & _LOW) * n_rows) >> 32


def _mixed(keys: Tensor) -> Tensor:
    # Shifts of signed numbers draw the sign in; what they draw in is cut off.
    keys = (keys ^ ((keys >> 30) & (1 << 34) - 1)) * _FIRST
    keys = (keys ^ ((keys >> 27) & (1 << 37) - 1)) * _SECOND
    return keys ^ ((keys >> 31) & (1 << 33) - 1)


def text_id(text: str) -> int:
    """Return a 64-bit number that stands for a text.

    Examples
    --------
    >>> text_id("cat")
    3429664268601861939
    """
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True
    )
