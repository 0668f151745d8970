"""Search of sparse vectors: exact lists and Seismic, side by side with the product of scipy.

Run: python benchmarks/speed/lists.py [--rows 200000] [--quick] [--busy]

The vectors are made up to be like learned ones: 120 numbers of 30,000 columns for a row, half of them of columns that
are common everywhere and half, larger ones, of columns of its topic, which 50 rows share; 200 queries have 40 numbers.
They are sent at once, and one at a time. The systems take turns, and the best of several rounds counts, with all cores;
with --busy it is processor time on one. Beside the time of the exact search stands what it has to read, the lists of a
query's columns, over the measured memory bandwidth.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from typing import Any

import index
import numba
import numpy as np
from index import K, machine, recall, seconds, table
from scipy import sparse
from threadpoolctl import threadpool_limits

from inlay.core.vectors import top_k
from inlay.indexes import Inverted, Seismic

COLUMNS, ROW, QUERY, TOPIC = 30_000, 120, 40, 50
PATIENCE = 15.0  # seconds after which one is asked no more
ENTRY = 8  # bytes of a number in a list and of its row


def made_up(topics: Any, numbers: int, rng: Any) -> Any:
    """Return sparse vectors of some topics."""
    n, half = len(topics), numbers // 2
    chance = np.arange(1, COLUMNS + 1) ** -0.8
    common = rng.choice(COLUMNS, size=(n, half), p=chance / chance.sum())
    own = (topics[:, None] * 97 + (8 * rng.pareto(1.0, (n, numbers - half))).astype(np.int64)) % COLUMNS
    values = np.concatenate([rng.gamma(0.6, 0.3, common.shape), rng.gamma(1.5, 0.8, own.shape)], axis=1)
    places = (np.repeat(np.arange(n), numbers), np.concatenate([common, own], axis=1).ravel())
    out = sparse.csr_array((values.ravel().astype(np.float32), places), shape=(n, COLUMNS))
    out.sum_duplicates()
    return out


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int)
    parser.add_argument("--quick", action="store_true", help="2,000 rows, 20 queries, one round")
    parser.add_argument("--busy", action="store_true", help="count processor time on one core")
    args = parser.parse_args()
    threads, rounds = os.cpu_count() or 1, 1 if args.quick else 9
    if args.busy:
        index.clock, threads = time.process_time, 1
    threadpool_limits(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    n, n_queries = args.rows or (2000 if args.quick else 200_000), 20 if args.quick else 200
    rng = np.random.default_rng(0)
    topics = rng.integers(0, max(1, n // TOPIC), n)
    X, Q = made_up(topics, ROW, rng), made_up(topics[rng.integers(0, n, n_queries)], QUERY, rng)
    columns, built = X.tocsc(), []
    ways: list[tuple[str, Callable[[], Callable[[Any], Any]]]] = [
        ("Inverted", lambda: (lambda made: lambda q: made.search(q, K).ids)(Inverted().fit(X))),
        ("scipy product", lambda: (lambda turned: lambda q: top_k((q @ turned).toarray(), K)[0])(X.T.tocsr())),
    ]
    for cut in (10, 5, 3):
        ways.append((f"Seismic, {cut} columns", lambda cut=cut: lambda q: seismic.set_params(cut=cut).search(q, K).ids))
    before = index.clock()
    seismic = Seismic().fit(X)
    took = index.clock() - before
    for name, make in ways:
        before = index.clock()
        call = make()
        built.append((name, took if name.startswith("Seismic") else index.clock() - before, call))
    truth, best = built[0][2](Q), {name: [float("inf")] * 2 for name, _, _ in built}
    spent = dict.fromkeys(best, 0.0)
    single = [Q[[i]] for i in range(n_queries)]
    for seed in range(rounds):
        for place in np.random.default_rng(seed).permutation(len(built)):
            name, _, call = built[place]
            if spent[name] > PATIENCE:
                continue
            many = seconds(lambda call=call: call(Q), 1)
            one = seconds(lambda call=call: [call(q) for q in single], 1)
            spent[name] += many + one
            best[name] = [min(old, new) for old, new in zip(best[name], (many, one), strict=True)]
    lists = float(np.diff(columns.indptr)[Q.indices].sum()) * ENTRY / machine()[0]
    rows: list[list[object]] = []
    for name, build, call in built:
        many, one = (1e3 * seconds_ / n_queries for seconds_ in best[name])
        limit: object = 1e3 * lists / n_queries if name == "Inverted" else ""
        size = (seismic.nbytes if name.startswith("Seismic") else ENTRY * X.nnz) / 1e6
        rows.append([name, build, size, many, one, best["Inverted"][0] / best[name][0], limit, recall(call(Q), truth)])
    how = "processor time on one core" if args.busy else f"{threads} cores"
    print(f"{platform.machine()}, {how}; Python {platform.python_version()}, numba {numba.__version__}")
    head = ["", "build s", "MB", "ms/query at once", "one at a time", "speed / Inverted", "limit ms", f"recall@{K}"]
    table(f"{n:,} sparse vectors of {ROW} numbers, {n_queries} queries of {QUERY}", head, rows)


if __name__ == "__main__":
    main()
