"""Kernels of MaxSim: the best inner product of each query vector within an item, and their sum.

Query vectors stand side by side, `LANES` of them, filled with zeros, so that one number of a stored vector is
multiplied with one number of each at once, and nothing has to be added up across a register. A product is summed in
the order of the dimensions whatever stands beside it, so that a score depends on its query and its item alone.

Numba makes scalars of such loops, which LLVM does not always put side by side again; the innermost ones are therefore
written as vectors, which every processor takes in the widths that it has.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from inlay.core.values import FloatArray, IdArray

tools: Any = cgutils
ir: Any = tools.ir  # of llvmlite

LANES = 16  # query vectors side by side
TOKENS = 8  # stored vectors at a time: as many sums run beside each other
BYTES = 32  # query vectors side by side in a table of 8-bit products
DECODED = 64  # vectors that are made of codes at a time: they stay in the nearest cache
LEAST = 1 << 22  # multiply-adds worth a thread

_WIDE, _NARROW = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(ir.IntType(8), BYTES)
_LINE = ir.VectorType(ir.IntType(32), LANES)


def _data(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.make_array(kind)(context, builder, value).data


def _at(builder: Any, data: Any, place: Any, kind: Any) -> Any:
    """Return a pointer to the vector that starts at a place of an array."""
    return builder.bitcast(builder.gep(data, [place]), kind.as_pointer())


def _spread(builder: Any, number: Any) -> Any:
    """Return a vector that has a number in every place."""
    one = builder.insert_element(ir.Constant(_WIDE, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, ir.Constant(_WIDE, ir.Undefined), ir.Constant(_LINE, [0] * LANES))


def _best_products_of(typing_context: Any, Q: Any, X: Any, start: Any, stop: Any, out: Any) -> Any:
    """Write the best inner products of (dim, LANES) query vectors with the rows from `start` to `stop`."""
    signature = types.void(Q, X, types.intp, types.intp, out)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        asked, rows, best = (_data(context, builder, signature.args[i], args[i]) for i in (0, 1, 4))
        dim = builder.extract_value(context.make_array(signature.args[0])(context, builder, args[0]).shape, 0)
        start, stop = args[2], args[3]
        sums = [tools.alloca_once(builder, _WIDE) for _ in range(TOKENS)]
        most = tools.alloca_once(builder, _WIDE)
        builder.store(ir.Constant(_WIDE, [-np.inf] * LANES), most)
        last = builder.sub(stop, ir.Constant(word, 1))
        with tools.for_range_slice(builder, start, stop, ir.Constant(word, TOKENS), inc=True) as (i, _):
            places = []
            for t in range(TOKENS):  # beyond the end the last vector once more, which changes no maximum
                row = builder.add(i, ir.Constant(word, t))
                row = builder.select(builder.icmp_signed("<", row, last), row, last)
                places.append(builder.gep(rows, [builder.mul(row, dim)]))
                builder.store(ir.Constant(_WIDE, [0.0] * LANES), sums[t])
            with tools.for_range(builder, dim) as loop:
                line = builder.load(
                    _at(builder, asked, builder.mul(loop.index, ir.Constant(word, LANES)), _WIDE), align=4
                )
                for t in range(TOKENS):
                    number = _spread(builder, builder.load(builder.gep(places[t], [loop.index])))
                    product = builder.fmul(number, line, flags=("contract",))
                    builder.store(builder.fadd(builder.load(sums[t]), product, flags=("contract",)), sums[t])
            for t in range(TOKENS):
                held, fresh = builder.load(most), builder.load(sums[t])
                builder.store(builder.select(builder.fcmp_ordered(">", fresh, held), fresh, held), most)
        builder.store(builder.load(most), _at(builder, best, ir.Constant(word, 0), _WIDE), align=4)
        return context.get_dummy_value()

    return signature, generate


_best_products: Any = intrinsic(_best_products_of)


def _best_entries_of(typing_context: Any, T: Any, codes: Any, start: Any, stop: Any, out: Any) -> Any:
    """Write the largest entries, column by column, of the rows of a table (n, BYTES) that some codes name."""
    signature = types.void(T, codes, types.intp, types.intp, out)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        table, names, best = (_data(context, builder, signature.args[i], args[i]) for i in (0, 1, 4))
        most = tools.alloca_once(builder, _NARROW)
        builder.store(ir.Constant(_NARROW, [0] * BYTES), most)
        with tools.for_range_slice(builder, args[2], args[3], ir.Constant(word, 1), inc=True) as (i, _):
            row = builder.mul(builder.zext(builder.load(builder.gep(names, [i])), word), ir.Constant(word, BYTES))
            held, fresh = builder.load(most), builder.load(_at(builder, table, row, _NARROW), align=1)
            builder.store(builder.select(builder.icmp_unsigned(">", fresh, held), fresh, held), most)
        builder.store(builder.load(most), _at(builder, best, ir.Constant(word, 0), _NARROW), align=1)
        return context.get_dummy_value()

    return signature, generate


_best_entries: Any = intrinsic(_best_entries_of)


def _read(kind: Any, ndim: int) -> Any:
    return types.Array(kind, ndim, "C", readonly=True)


_LONGS, _FLOATS = _read(types.int64, 1), _read(types.float32, 2)


@njit(
    types.void(_read(types.float32, 3), _FLOATS, _LONGS, _LONGS, types.float32[::1]),
    nogil=True,
    cache=True,
)
def _sums(Q: Any, X: Any, starts: Any, stops: Any, out: Any) -> None:
    best = np.empty(LANES, np.float32)
    for i in range(len(starts)):
        total = np.float32(0)
        for g in range(len(Q)):
            _best_products(Q[g], X, starts[i], stops[i], best)
            for j in range(LANES):
                total += best[j]
        out[i] = total if stops[i] > starts[i] else -np.inf


@njit(
    types.void(_read(types.uint8, 3), _read(types.uint16, 1), _LONGS, _LONGS, types.int64[::1]),
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
    types.void(
        _read(types.float32, 3),
        _FLOATS,
        _FLOATS,
        _read(types.uint16, 1),
        _read(types.uint8, 2),
        _LONGS,
        _LONGS,
        types.float32[::1],
    ),
    nogil=True,
    cache=True,
)
def _decoded_sums(
    Q: Any, centroids: Any, levels: Any, codes: Any, residuals: Any, starts: Any, stops: Any, out: Any
) -> None:
    best, sums, dim, per = np.empty(LANES, np.float32), np.empty(1, np.float32), centroids.shape[1], levels.shape[1]
    space = np.empty(residuals.shape[1] * per, np.float32)
    narrow = np.empty((DECODED, dim), np.float32)
    most = np.empty((len(Q), LANES), np.float32)
    for i in range(len(starts)):
        most[:] = -np.inf
        for first in range(starts[i], stops[i], DECODED):
            n = min(DECODED, stops[i] - first)
            for r in range(n):
                packed, centroid, whole = residuals[first + r], centroids[codes[first + r]], narrow[r]
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
                _best_products(Q[g], narrow, 0, n, best)
                for j in range(LANES):
                    most[g, j] = max(most[g, j], best[j])
        sums[0] = 0
        for g in range(len(Q)):
            for j in range(LANES):
                sums[0] += most[g, j]
        out[i] = sums[0]


def laid(query: FloatArray) -> FloatArray:
    """Lay (m, dim) query vectors side by side, (groups, dim, LANES); a place without a vector is zero."""
    out = np.zeros((-(-len(query) // LANES), LANES, query.shape[1]), np.float32)
    out.reshape(-1, query.shape[1])[: len(query)] = query
    return np.ascontiguousarray(out.transpose(0, 2, 1))


def item_scores(asked: list[FloatArray], values: FloatArray, starts: IdArray, stops: IdArray) -> FloatArray:
    """Score the vectors from each start to its stop with each query as `laid`; -inf where there are none."""
    out = np.empty((len(asked), len(starts)), np.float32)
    for query, row in zip(asked, out, strict=True):
        _sums(query, values, starts, stops, row)
    return out


def entry_sums(
    tables: NDArray[np.uint8], codes: NDArray[np.uint16], starts: IdArray, stops: IdArray
) -> NDArray[np.int64]:
    """Sum over columns the largest entry of a table (groups, n, BYTES) that codes from a start to a stop name."""
    out = np.empty(len(starts), np.int64)
    _entry_sums(tables, codes, starts, stops, out)
    return out


def decoded_scores(
    query: FloatArray,
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
    levels : (256, numbers of a byte), what the bytes of `residuals` stand for.
    """
    out = np.empty(len(starts), np.float32)
    _decoded_sums(query, centroids, levels, codes, residuals, starts, stops, out)
    return out


def side_by_side(call: Callable[[int], object], n: int, work: int) -> list[Any]:
    """Call with the numbers below `n`, on as many threads as `work`, in multiply-adds, is worth."""
    threads = min(numba.get_num_threads(), n, work // LEAST)
    if threads < 2:
        return [call(i) for i in range(n)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(n)))
