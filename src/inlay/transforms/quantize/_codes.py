"""What codecs share: how codes are packed, and how they are checked."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray

Bytes = NDArray[np.uint8]
ROWS = 128  # of one product with a rotation


def checked(C: ArrayLike, width: int) -> Bytes:
    """Return the codes as a contiguous (n, width) array of bytes, or say what is wrong with them."""
    codes = np.ascontiguousarray(C)
    if codes.ndim != 2 or codes.shape[1] != width or codes.dtype != np.uint8:
        raise ShapeError(f"Codes must be uint8 of shape (n, {width}), got {codes.dtype} of shape {codes.shape}.")
    return codes


def check_bits(bits: int, allowed: tuple[int, ...]) -> None:
    """Refuse a number of bits that cannot be packed."""
    if bits not in allowed:
        raise ParameterError(f"bits must be one of {', '.join(map(str, allowed))}, got {bits!r}.")


def packed(numbers: NDArray[Any], bits: int) -> Bytes:
    """Pack (n, m) numbers below 2**bits, 8 / bits to a byte, the first in the lowest bits; bits is 1, 2, 4 or 8.

    Examples
    --------
    >>> packed(np.array([[1, 2, 3]]), 4).tolist()
    [[33, 3]]
    """
    per = 8 // bits
    numbers = np.asarray(numbers, np.uint8)
    if per == 1:
        return numbers
    numbers = np.pad(numbers, ((0, 0), (0, -numbers.shape[1] % per)))
    out: Bytes = numbers[:, ::per].copy()
    for i in range(1, per):
        out |= numbers[:, i::per] << np.uint8(bits * i)
    return out


def unpacked(codes: Bytes, bits: int, count: int) -> Bytes:
    """Return the (n, count) numbers that `packed` packed.

    Examples
    --------
    >>> unpacked(np.uint8([[33, 3]]), 4, 3).tolist()
    [[1, 2, 3]]
    """
    per = 8 // bits
    if per == 1:
        return codes[:, :count]
    shifts = np.arange(per, dtype=np.uint8) * np.uint8(bits)
    wide = (codes[:, :, None] >> shifts) & np.uint8(2**bits - 1)
    return wide.reshape(len(codes), per * codes.shape[1])[:, :count]


def joined(tables: NDArray[Any], bits: int) -> FloatArray:
    """Turn (n, m, 2**bits) tables of numbers into (n, bytes, 256) tables of the bytes that hold them.

    Examples
    --------
    >>> joined(np.float32([[[0, 1], [0, 2], [0, 4]]]), 1)[0, 0, :8].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    """
    per = 8 // bits
    n, m, size = tables.shape
    tables = np.pad(tables, ((0, 0), (0, -m % per), (0, 2**bits - size))).astype(np.float32)
    tables = tables.reshape(n, -1, per, 2**bits)
    out = tables[:, :, 0]
    for i in range(1, per):  # the number that comes later stands in the higher bits
        out = (tables[:, :, i, :, None] + out[:, :, None, :]).reshape(n, tables.shape[1], -1)
    return np.ascontiguousarray(out)


def with_floats(codes: Bytes, numbers: NDArray[Any]) -> Bytes:
    """Append one float32 to each row of codes, as 4 bytes."""
    tail = np.ascontiguousarray(numbers, "<f4").reshape(-1, 1).view(np.uint8)
    return np.concatenate([codes, tail], axis=1)


def floats(codes: Bytes) -> FloatArray:
    """Return the (n,) float32 in the last 4 bytes of each row."""
    return np.ascontiguousarray(codes[:, -4:]).view("<f4")[:, 0].astype(np.float32, copy=False)


def random_rotation(dim: int, random_state: int) -> FloatArray:
    """Return a (dim, dim) orthogonal matrix, each as likely as any other."""
    gauss = np.random.default_rng(random_state).standard_normal((dim, dim))
    Q, R = np.linalg.qr(gauss)
    return np.asarray(Q * np.where(np.diag(R) < 0, -1, 1), np.float32)


def rotated(X: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return the vectors ``rotation @ x``, each to the last bit the same whatever rows stand beside it.

    BLAS rounds a row otherwise in products of another shape, and codes have to be equal; so all products have one.
    """
    n, d = X.shape
    blocks = np.pad(X, ((0, -n % ROWS), (0, 0))).reshape(-1, ROWS, d)
    turned: FloatArray = np.matmul(blocks, rotation.T)
    return turned.reshape(-1, len(rotation))[:n]
