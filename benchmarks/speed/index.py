"""Search and build of the indexes, side by side with faiss, usearch and plain numpy.

Run: python benchmarks/speed/index.py [--rows 20000] [--dim 384] [--vectors file.npy] [--only ...] [--busy]

Without --vectors, the vectors are made up: points near ten 32-dimensional sheets in `dim` dimensions, of length one,
which are about as hard for a graph as those of a small sentence encoder. 1,000 rows are kept out as queries. Every
number is the best of several runs with all cores; with --busy it is processor time on one core, which other programs
disturb less. Beside the exact searches stands what the machine allows: the bytes of the vectors over the measured
memory bandwidth, and the multiply-adds over the measured peak of BLAS; the larger of the two is the limit.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from inlay.core.vectors import normalize
from inlay.indexes import HNSW, Exact

K = 10
clock = time.perf_counter
threads = os.cpu_count() or 1


def made_up(n: int, dim: int) -> Any:
    """Return vectors of length one near a few sheets."""
    rng = np.random.default_rng(0)
    sheets, width = 10, 32
    bases = rng.standard_normal((sheets, width, dim), np.float32) / np.sqrt(width)
    centres = rng.standard_normal((sheets, dim), np.float32)
    out = np.empty((n, dim), np.float32)
    for i, rows in enumerate(np.array_split(rng.permutation(n), sheets)):
        out[rows] = centres[i] + rng.standard_normal((len(rows), width), np.float32) @ bases[i]
    return normalize(out + 0.6 * rng.standard_normal((n, dim), np.float32))


def seconds(call: Callable[[], object], runs: int = 5, limit: float = 8.0) -> float:
    """Return the best time of some runs."""
    best, start = float("inf"), clock()
    for _ in range(runs):
        before = clock()
        call()
        best = min(best, clock() - before)
        if clock() - start > limit:
            break
    return best


def table(title: str, head: list[str], rows: list[list[object]]) -> None:
    """Print a Markdown table."""
    text = [[f"{c:,.3f}" if isinstance(c, float) else str(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    print(f"\n{title}\n")
    for i, row in enumerate(text):
        print(
            "| "
            + " | ".join(c.ljust(w) if j == 0 else c.rjust(w) for j, (c, w) in enumerate(zip(row, widths, strict=True)))
            + " |"
        )
        if not i:
            print("|" + "|".join("-" * (w + 2) if j == 0 else "-" * (w + 1) + ":" for j, w in enumerate(widths)) + "|")
    sys.stdout.flush()


def machine() -> tuple[float, float]:
    """Measure bytes a second of reading memory, and multiply-adds a second of BLAS."""
    big = np.ones(100_000_000, np.float32)
    ones = np.ones(100_000, np.float32)
    bandwidth = big.nbytes / seconds(lambda: big.reshape(-1, 100_000) @ ones, 7)
    A = np.ones((2048, 2048), np.float32)
    return bandwidth, 2048**3 / seconds(lambda: A @ A, 7)


def recall(ids: Any, truth: Any) -> float:
    """Return the part of the true neighbours that was found."""
    return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(ids, truth, strict=True)]))


def naive(Q: Any, X: Any) -> Any:
    """Search as one would by hand."""
    S = Q @ X.T
    best = np.argpartition(-S, K, axis=1)[:, :K]
    return np.take_along_axis(best, np.argsort(-np.take_along_axis(S, best, 1), axis=1), 1)


def exact(X: Any, Q: Any, bandwidth: float, peak: float) -> None:
    """Compare the exact searches."""
    from usearch.index import MetricKind, search

    flat = faiss.IndexFlatIP(X.shape[1])
    flat.add(X)
    full, half = Exact().fit(X), Exact("float16").fit(X)
    truth = full.search(Q, K).ids
    peers: list[tuple[str, Callable[[Any], Any], int]] = [
        ("Exact", lambda q: full.search(q, K).ids, X.nbytes),
        ("Exact float16", lambda q: half.search(q, K).ids, X.nbytes // 2),
        ("faiss IndexFlatIP", lambda q: flat.search(q, K)[1], X.nbytes),
        ("numpy, product and argpartition", lambda q: naive(q, X), X.nbytes),
        (
            "usearch exact",
            lambda q: np.atleast_2d(search(X, q, K, MetricKind.IP, exact=True, threads=threads).keys),
            X.nbytes,
        ),
    ]
    for n in (1, 16, len(Q)):
        q, first, rows = Q[:n], 0.0, []
        for name, call, size in peers:
            if name.startswith("usearch") and n > 16:
                continue  # takes minutes
            found, took = recall(call(q), truth[:n]), seconds(lambda call=call, q=q: call(q))
            first = first or took
            limit = max(size / bandwidth, n * X.size / peak)
            rows.append([name, 1e3 * took, n / took, took / first, limit / took, found, size // len(X)])
        head = ["", "ms", "queries/s", "time / Exact", "limit / time", "recall@10", "bytes/vector"]
        table(f"Exact search: {len(X):,} x {X.shape[1]}, {n:,} queries at once", head, rows)


def graphs(X: Any, Q: Any) -> None:
    """Compare the graphs."""
    from usearch.index import Index

    truth = Exact().fit(X).search(Q, K).ids
    rows: list[list[object]] = []

    def line(name: str, build: float, size: float, effort: int, call: Callable[[Any], Any]) -> None:
        many = seconds(lambda: call(Q), 3)
        one = float(np.median([seconds(lambda q=q: call(q[None]), 1) for q in Q[:200]]))
        rows.append([name, build, size / len(X), effort, recall(call(Q), truth), len(Q) / many, 1e6 * one])

    before = clock()
    ours = HNSW().fit(X)
    build = clock() - before
    for ours.ef_search in (32, 64, 128):
        size = ours.graph_.nbytes + ours.vectors_.nbytes
        line("HNSW (bf16 graph, 1 thread)", build, size, ours.ef_search, lambda q: ours.search(q, K).ids)
    for dtype in ("f32", "bf16", "f16", "i8"):
        peer = Index(ndim=X.shape[1], metric="ip", dtype=dtype, connectivity=16, expansion_add=200)
        before = clock()
        peer.add(np.arange(len(X)), X, threads=1)
        build = clock() - before
        for peer.expansion_search in (32, 64, 128):
            call = lambda q, peer=peer: np.atleast_2d(peer.search(q, K, threads=threads).keys)  # noqa: E731
            line(f"usearch {dtype} (1 thread)", build, peer.serialized_length, peer.expansion_search, call)
    for used in dict.fromkeys((1, threads)):
        faiss.omp_set_num_threads(used)
        other = faiss.IndexHNSWFlat(X.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
        other.hnsw.efConstruction = 200
        before = clock()
        other.add(X)
        build, size = clock() - before, len(faiss.serialize_index(other))
        faiss.omp_set_num_threads(threads)
        for effort in (32, 64, 128):
            other.hnsw.efSearch = effort
            line(f"faiss HNSWFlat ({used} threads)", build, size, effort, lambda q, other=other: other.search(q, K)[1])
    head = ["M=16, ef_construction=200", "build s", "bytes/vector", "ef", "recall@10", "queries/s", "one query us"]
    table(f"Graphs: {len(X):,} x {X.shape[1]}", head, rows)


def filters(X: Any, Q: Any) -> None:
    """Compare searches in which only some rows are allowed."""
    ours, full = HNSW().fit(X), Exact().fit(X)
    peer = faiss.IndexHNSWFlat(X.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    peer.hnsw.efConstruction = 200
    peer.add(X)
    rng, rows = np.random.default_rng(1), []
    for share in (1.0, 0.5, 0.1, 0.03, 0.01, 0.001):
        mask = rng.random(len(X)) < share
        truth = full.search(Q, K, where=mask).ids
        allowed = faiss.SearchParametersHNSW(
            efSearch=64, sel=faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        )
        for name, call in (
            ("HNSW", lambda q: ours.search(q, K, where=mask).ids),  # noqa: B023
            ("Exact", lambda q: full.search(q, K, where=mask).ids),  # noqa: B023
            ("faiss HNSWFlat, selector", lambda q: peer.search(q, K, params=allowed)[1]),  # noqa: B023
        ):
            ids = call(Q)
            short = int(((ids < 0).sum(axis=1) > max(0, K - mask.sum())).sum())
            one = float(np.median([seconds(lambda q=q: call(q[None]), 1) for q in Q[:50]]))  # noqa: B023
            many = len(Q) / seconds(lambda: call(Q), 3)  # noqa: B023
            rows.append([name, f"{share:.1%}", recall(ids, truth), short, 1e6 * one, many])
    head = ["ef_search=64", "allowed", "recall@10", "queries with too few", "one query us", "queries/s"]
    table(f"Filters: {len(X):,} x {X.shape[1]}", head, rows)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", default="20000", help="numbers of vectors, such as 20000,200000")
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--vectors", type=Path, help="a .npy file of (n, d) float32 vectors of length one")
    parser.add_argument("--only", default="exact,graph,filter")
    parser.add_argument("--busy", action="store_true", help="count processor time on one core")
    args = parser.parse_args()
    global clock, threads
    if args.busy:
        clock, threads = time.process_time, 1
    faiss.omp_set_num_threads(threads)
    threadpool_limits(threads)
    bandwidth, peak = machine()
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "usearch", "faiss-cpu"))
    print(
        f"{platform.machine()}, {'processor time on one core' if args.busy else f'{threads} cores'}; "
        f"Python {platform.python_version()}, {versions}"
    )
    print(f"memory {bandwidth / 1e9:.1f} GB/s; BLAS {peak / 1e9:.0f} G multiply-adds/s in float32")
    for n in map(int, args.rows.split(",")):
        every = np.load(args.vectors)[: n + 1000] if args.vectors else made_up(n + 1000, args.dim)
        every = every[np.random.default_rng(2).permutation(len(every))]
        X, Q = np.ascontiguousarray(every[1000:], np.float32), np.ascontiguousarray(every[:1000], np.float32)
        X.flags.writeable = False
        if "exact" in args.only:
            exact(X, Q, bandwidth, peak)
        if "graph" in args.only:
            graphs(X, Q)
        if "filter" in args.only:
            filters(X, Q)


if __name__ == "__main__":
    main()
