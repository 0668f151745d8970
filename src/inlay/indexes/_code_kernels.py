"""Kernels of codes: the best entries of tables that name centroids, and the products of vectors made of residuals."""

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from inlay.core.values import FloatArray, IdArray

from ._multi_kernels import FLOATS, LANES, LONGS, at, best_products, data, ir, read, tools

BYTES = 32  # query vectors side by side in a table of 8-bit products
DECODED = 64  # vectors that are made of codes at a time: they stay in the nearest cache

_NARROW = ir.VectorType(ir.IntType(8), BYTES)


def _best_entries_of(typing_context: Any, T: Any, codes: Any, start: Any, stop: Any, out: Any) -> Any:
    """Write the largest entries, column by column, of the rows of a table (n, BYTES) that some codes name."""
    signature = types.void(T, codes, types.intp, types.intp, out)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        table, names, best = (data(context, builder, signature.args[i], args[i]) for i in (0, 1, 4))
        most = tools.alloca_once(builder, _NARROW)
        builder.store(ir.Constant(_NARROW, [0] * BYTES), most)
        with tools.for_range_slice(builder, args[2], args[3], ir.Constant(word, 1), inc=True) as (i, _):
            row = builder.mul(builder.zext(builder.load(builder.gep(names, [i])), word), ir.Constant(word, BYTES))
            held, fresh = builder.load(most), builder.load(at(builder, table, row, _NARROW), align=1)
            builder.store(builder.select(builder.icmp_unsigned(">", fresh, held), fresh, held), most)
        builder.store(builder.load(most), at(builder, best, ir.Constant(word, 0), _NARROW), align=1)
        return context.get_dummy_value()

    return signature, generate


_best_entries: Any = intrinsic(_best_entries_of)


def _comes_up_to_of(typing_context: Any, T: Any, row: Any, least: Any) -> Any:
    """Say whether an entry in a row of a table (n, BYTES) is at least what its column asks for."""
    signature = types.boolean(T, types.intp, least)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        table, asked = (data(context, builder, signature.args[i], args[i]) for i in (0, 2))
        row = builder.mul(args[1], ir.Constant(ir.IntType(64), BYTES))
        held = builder.load(at(builder, table, row, _NARROW), align=1)
        wanted = builder.load(at(builder, asked, ir.Constant(ir.IntType(64), 0), _NARROW), align=1)
        bits = builder.bitcast(builder.icmp_unsigned(">=", held, wanted), ir.IntType(BYTES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(BYTES), 0))

    return signature, generate


_comes_up_to: Any = intrinsic(_comes_up_to_of)


@njit(
    types.void(read(types.uint8, 3), read(types.uint16, 1), LONGS, LONGS, types.int64[::1]),
    nogil=True,
    cache=True,
)
def _entry_sums(T: Any, codes: Any, starts: Any, stops: Any, out: Any) -> None:
    best = np.empty(BYTES, np.uint8)
    for i in range(len(starts)):
        total = np.int64(0)
        for g in range(len(T)):
            _best_entries(T[g], codes, starts[i], stops[i], best)
            for j in range(BYTES):
                total += best[j]
        out[i] = total


@njit(
    types.intp(
        read(types.uint8, 3),
        types.intp,
        read(types.uint16, 1),
        types.intp,
        types.intp,
        types.uint8[:, ::1],
        types.int64[::1],
    ),
    nogil=True,
    cache=True,
)
def _near(T: Any, slack: Any, codes: Any, start: Any, stop: Any, least: Any, out: Any) -> Any:
    """Write the places of vectors whose entries come near the best of a column, and return how many there are."""
    n = 0
    for g in range(len(T)):
        _best_entries(T[g], codes, start, stop, least[g])
        for j in range(BYTES):
            # At least 1, for a column that stands for no vector is 0 throughout.
            least[g, j] = np.uint8(max(np.int64(least[g, j]) - slack, 1))
    for i in range(start, stop if slack < 255 else start):
        for g in range(len(T)):
            if _comes_up_to(T[g], codes[i], least[g]):
                out[n] = i
                n += 1
                break
    if n:
        return n
    for i in range(start, stop):  # nothing stands out, or everything is asked for
        out[i - start] = i
    return stop - start


@njit(
    types.void(
        read(types.float32, 3),
        read(types.uint8, 3),
        types.intp,
        FLOATS,
        FLOATS,
        read(types.uint16, 1),
        read(types.uint8, 2),
        LONGS,
        LONGS,
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
)
def _decoded_sums(
    Q: Any,
    T: Any,
    slack: Any,
    centroids: Any,
    levels: Any,
    codes: Any,
    residuals: Any,
    starts: Any,
    stops: Any,
    out: Any,
) -> None:
    best, sums, dim, per = np.empty(LANES, np.float32), np.empty(1, np.float32), centroids.shape[1], levels.shape[1]
    space = np.empty(residuals.shape[1] * per, np.float32)
    narrow = np.empty((DECODED, dim), np.float32)
    most = np.empty((len(Q), LANES), np.float32)
    least = np.empty((len(T), BYTES), np.uint8)
    places = np.empty(max(1, np.max(stops - starts)) if len(starts) else 1, np.int64)
    for i in range(len(starts)):
        most[:] = -np.inf
        count = _near(T, slack, codes, starts[i], stops[i], least, places)
        for first in range(0, count, DECODED):
            n = min(DECODED, count - first)
            for r in range(n):
                place = places[first + r]
                packed, centroid, whole = residuals[place], centroids[codes[place]], narrow[r]
                if per == 2:  # the usual case, where two numbers are copied as one
                    pairs, double = levels.view(np.uint64), space.view(np.uint64)
                    for b in range(len(packed)):
                        double[b] = pairs[packed[b], 0]
                elif per == 1:
                    for b in range(len(packed)):
                        space[b] = levels[packed[b], 0]
                else:
                    for b in range(len(packed)):
                        for c in range(per):
                            space[b * per + c] = levels[packed[b], c]
                for c in range(dim):
                    whole[c] = centroid[c] + space[c]
            for g in range(len(Q)):
                best_products(Q[g], narrow, 0, n, best)
                for j in range(LANES):
                    most[g, j] = max(most[g, j], best[j])
        sums[0] = 0
        for g in range(len(Q)):
            for j in range(LANES):
                sums[0] += most[g, j]
        out[i] = sums[0]


def entry_sums(
    tables: NDArray[np.uint8], codes: NDArray[np.uint16], starts: IdArray, stops: IdArray
) -> NDArray[np.int64]:
    """Sum over columns the largest entry of a table (groups, n, BYTES) that codes from a start to a stop name."""
    out = np.empty(len(starts), np.int64)
    _entry_sums(tables, codes, starts, stops, out)
    return out


def decoded_scores(
    query: FloatArray,
    tables: NDArray[np.uint8],
    slack: int,
    centroids: FloatArray,
    levels: FloatArray,
    codes: NDArray[np.uint16],
    residuals: NDArray[np.uint8],
    starts: IdArray,
    stops: IdArray,
) -> FloatArray:
    """Score vectors that are the centroids of their codes, each number with what its residual's bits stand for.

    Parameters
    ----------
    query : as `laid`.
    tables : as in `entry_sums`; a vector is scored whose entry, in some column, is at most `slack` below the best of
        its item.
    levels : (256, numbers of a byte), what the bytes of `residuals` stand for.
    """
    out = np.empty(len(starts), np.float32)
    _decoded_sums(query, tables, slack, centroids, levels, codes, residuals, starts, stops, out)
    return out
