"""Search of codes, and the making of them, side by side with faiss and turbovec.

Run: python benchmarks/speed/codes.py [--rows 1000000] [--dim 384] [--only binary,product] [--quick] [--busy]

The vectors are made up: points near ten sheets, as in index.py. Beside each search stands what the machine allows: the
bytes that have to be read, over the measured memory bandwidth, for one query or a batch of them. Every number is the
best of several runs with all cores; with --busy it is processor time on one core, which other programs disturb less.
--quick runs each once, on fewer queries.
"""

import argparse
import importlib
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import faiss
import index
import numba
import numpy as np
from index import K, made_up, recall, seconds, table
from threadpoolctl import threadpool_limits

from inlay.core.vectors import product_top_k, rescore
from inlay.transforms.quantize import (
    BinaryQuantizer,
    OptimizedProductQuantizer,
    ProductQuantizer,
    RaBitQ,
    ScalarQuantizer,
    TurboQuant,
)

SUBVECTORS = 48
Peer = tuple[str, Callable[[Any], Any], int]  # name, search, bytes that it reads
runs = 5


def learned(codec: Any, X: Any) -> tuple[Any, Any]:
    """Fit a codec to some of the rows, and return it with the codes of all."""
    codec.fit(X[:10_000])
    return codec, np.concatenate([codec.transform(X[i : i + 50_000]) for i in range(0, len(X), 50_000)])


def searches(title: str, Q: Any, truth: Any, peers: list[Peer], bandwidth: float) -> None:
    """Print the time of each search for one query and for all of them at once."""
    for n in (1, len(Q)):
        rows: list[list[object]] = []
        first = 0.0
        for name, call, size in peers:
            found, took = recall(call(Q[:n]), truth[:n]), seconds(lambda call=call, n=n: call(Q[:n]), runs)
            first = first or took
            rows.append([name, 1e3 * took / n, first / took, 1e3 * size / bandwidth / n, size / took / 1e9, found])
        head = ["", "ms/query", "speed / first", "limit ms/query", "GB/s", "recall@10"]
        table(f"{title}, {n} queries at once", head, rows)


def binary(X: Any, Q: Any, truth: Any, bandwidth: float) -> None:
    """Compare codes of one bit a dimension with each other and with full vectors."""
    flat, hamming = faiss.IndexFlatIP(X.shape[1]), faiss.IndexBinaryFlat(-(-X.shape[1] // 8) * 8)
    flat.add(X)
    ours, codes = learned(BinaryQuantizer(), X)
    hamming.add(codes)
    peers: list[Peer] = [
        ("faiss IndexFlatIP", lambda q: flat.search(q, K)[1], X.nbytes),
        ("faiss IndexBinaryFlat", lambda q: hamming.search(ours.transform(q), K)[1], codes.nbytes),
        ("BinaryQuantizer", lambda q: ours.search_codes(q, codes, K).ids, codes.nbytes),
        (
            "BinaryQuantizer, 100 rescored",
            lambda q: rescore(q, X, ours.search_codes(q, codes, 100).ids, K).ids,
            codes.nbytes,
        ),
    ]
    for other in (RaBitQ(), *recurrent()):
        fitted, theirs = learned(other, X)
        name = " ".join(str(other).split())
        peers.append((name, lambda q, f=fitted, c=theirs: f.search_codes(q, c, K).ids, theirs.nbytes))
    searches(f"One bit a dimension: {len(X):,} x {X.shape[1]}", Q, truth, peers, bandwidth)


def recurrent() -> list[Any]:
    """Return the learned binary codes, where this version has them."""
    try:
        made = importlib.import_module("inlay.transforms.quantize.recurrent_binarizer").RecurrentBinarizer
    except ImportError:
        return []
    return [made(bits=bits, n_epochs=1) for bits in (1, 2)]


def product(X: Any, Q: Any, truth: Any, bandwidth: float) -> None:
    """Compare product quantisers, and codes of four bits a dimension: learning, making, searching."""
    train = X[:10_000]
    rows: list[list[object]] = []
    peers: list[Peer] = []
    theirs = faiss.IndexPQ(X.shape[1], SUBVECTORS, 8, faiss.METRIC_INNER_PRODUCT)
    theirs.pq.cp.min_points_per_centroid = 1
    some = X[:50_000]
    theirs_took: tuple[float, float] | None = None
    for name, codec, fit in (
        ("faiss IndexPQ", theirs.sa_encode, lambda: theirs.train(train)),
        *(
            (type(ours).__name__, ours.transform, lambda ours=ours: ours.fit(train))
            for ours in (
                ProductQuantizer(SUBVECTORS),
                OptimizedProductQuantizer(SUBVECTORS),
                ScalarQuantizer(4),
                TurboQuant(4),
            )
        ),
    ):
        learning = seconds(fit, 1)
        making = seconds(lambda codec=codec: codec(some), runs)
        theirs_took = theirs_took or (learning, making)
        size = codec(some[:1]).nbytes
        rows.append([name, learning, theirs_took[0] / learning, len(some) / making, theirs_took[1] / making, size])
    head = ["10,000 rows to learn from", "learning s", "speed / faiss", "codes/s", "speed / faiss", "bytes"]
    table(f"Learning and making codes: {X.shape[1]} dimensions, {SUBVECTORS} subvectors", head, rows)
    theirs.add(X)
    peers.append(("faiss IndexPQ", lambda q: theirs.search(q, K)[1], len(X) * SUBVECTORS))
    for codec in (ProductQuantizer(SUBVECTORS), TurboQuant(4), TurboQuant(2)):
        ours, codes = learned(codec, X)
        name = " ".join(str(codec).split())
        peers.append((name, lambda q, o=ours, c=codes: o.search_codes(q, c, K).ids, codes.nbytes))
        if isinstance(codec, ProductQuantizer):
            peers.append((f"{name}, decoded", lambda q, o=ours, c=codes: decoded(o, c, q), codes.nbytes))
    for bits in (4, 2) if X.shape[1] % 8 == 0 else ():
        peer = importlib.import_module("turbovec").TurboQuantIndex(dim=X.shape[1], bit_width=bits)
        peer.add(X)
        peers.append((f"turbovec, {bits} bits", lambda q, p=peer: p.search(q, K)[1], len(X) * X.shape[1] * bits // 8))
    searches(f"Codes: {len(X):,} x {X.shape[1]}", Q, truth, peers, bandwidth)


def decoded(codec: Any, codes: Any, q: Any) -> Any:
    """Search by making vectors of the codes, some at a time, and keeping the best."""
    ids, scores = [], []
    for start in range(0, len(codes), 10_000):
        hits = product_top_k(q, codec.inverse_transform(codes[start : start + 10_000]), K)
        ids.append(np.where(hits.ids >= 0, hits.ids + start, -1))
        scores.append(hits.scores)
    every, best = np.concatenate(ids, axis=1), np.argsort(-np.concatenate(scores, axis=1), axis=1, kind="stable")[:, :K]
    return np.take_along_axis(every, best, 1)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--only", default="binary,product")
    parser.add_argument("--quick", action="store_true", help="one run of each, 32 queries")
    parser.add_argument("--busy", action="store_true", help="count processor time on one core")
    args = parser.parse_args()
    global runs
    threads = os.cpu_count() or 1
    if args.busy:
        index.clock, threads = time.process_time, 1
    if args.quick:
        runs = 1
    faiss.omp_set_num_threads(threads)
    threadpool_limits(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    bandwidth, _ = index.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "faiss-cpu", "turbovec"))
    how = "processor time on one core" if args.busy else f"{threads} cores"
    print(f"{platform.machine()}, {how}; Python {platform.python_version()}, {versions}")
    print(f"memory {bandwidth / 1e9:.1f} GB/s")
    n_queries = 32 if args.quick else 128
    every = made_up(args.rows + n_queries, args.dim)
    Q, X = every[:n_queries], np.ascontiguousarray(every[n_queries:])
    truth = product_top_k(Q, X, K).ids
    for name, part in (("binary", binary), ("product", product)):
        if name in args.only.split(","):
            part(X, Q, truth, bandwidth)


if __name__ == "__main__":
    main()
