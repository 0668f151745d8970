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

from inlay.core.values import FloatArray, IdArray

tools: Any = cgutils
ir: Any = tools.ir  # of llvmlite

LANES = 16  # query vectors side by side
TOKENS = 8  # stored vectors at a time: as many sums run beside each other
LEAST = 1 << 22  # multiply-adds worth a thread

_WIDE = ir.VectorType(ir.FloatType(), LANES)
_LINE = ir.VectorType(ir.IntType(32), LANES)


def data(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return a pointer to the numbers of an array."""
    return context.make_array(kind)(context, builder, value).data


def at(builder: Any, data: Any, place: Any, kind: Any) -> Any:
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
        asked, rows, best = (data(context, builder, signature.args[i], args[i]) for i in (0, 1, 4))
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
                    at(builder, asked, builder.mul(loop.index, ir.Constant(word, LANES)), _WIDE), align=4
                )
                for t in range(TOKENS):
                    number = _spread(builder, builder.load(builder.gep(places[t], [loop.index])))
                    product = builder.fmul(number, line, flags=("contract",))
                    builder.store(builder.fadd(builder.load(sums[t]), product, flags=("contract",)), sums[t])
            for t in range(TOKENS):
                held, fresh = builder.load(most), builder.load(sums[t])
                builder.store(builder.select(builder.fcmp_ordered(">", fresh, held), fresh, held), most)
        builder.store(builder.load(most), at(builder, best, ir.Constant(word, 0), _WIDE), align=4)
        return context.get_dummy_value()

    return signature, generate


best_products: Any = intrinsic(_best_products_of)


def read(kind: Any, ndim: int) -> Any:
    """Return the type of an array that is only read."""
    return types.Array(kind, ndim, "C", readonly=True)


LONGS, FLOATS = read(types.int64, 1), read(types.float32, 2)


@njit(
    types.void(read(types.float32, 3), FLOATS, LONGS, LONGS, types.float32[::1]),
    nogil=True,
    cache=True,
)
def _sums(Q: Any, X: Any, starts: Any, stops: Any, out: Any) -> None:
    best = np.empty(LANES, np.float32)
    for i in range(len(starts)):
        total = np.float32(0)
        for g in range(len(Q)):
            best_products(Q[g], X, starts[i], stops[i], best)
            for j in range(LANES):
                total += best[j]
        out[i] = total if stops[i] > starts[i] else -np.inf


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


def side_by_side(call: Callable[[int], object], n: int, work: int) -> list[Any]:
    """Call with the numbers below `n`, on as many threads as `work`, in multiply-adds, is worth."""
    threads = min(numba.get_num_threads(), n, work // LEAST)
    if threads < 2:
        return [call(i) for i in range(n)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, range(n)))
