"""Queries per second at a fixed recall, with filters, and by words, side by side with the libraries people use.

Run: python benchmarks/speed/search.py [--rows 200000] [--vectors file.npy] [--only dense,filter,words] [--quick]
[--busy]

Without --vectors, the vectors are those of all-MiniLM-L6-v2 that the claims have left in .cache, each once, filled up
with made-up ones (index.py) where there are too few; the first line says how many are real. Each system is set to the
least effort of a row of them at which it finds 0.95, and 0.99, of the ten exact neighbours of queries that are not
stored; "-" where none does. "recall" is what was found there. The systems take turns, in another order each round, so
that what disturbs one disturbs all; the best and the median of the rounds are printed, and the best beside that of the
fastest peer. All cores are used; with --busy it is processor time on one, which other programs disturb less. LanceDB
takes one query at a time, as its clients send them; Qdrant, on a server that is started where its program is
(INLAY_QDRANT_BINARY), a batch of them. --quick runs each once, on 5,000 rows, 5,000 texts and few queries.
"""

import argparse
import bisect
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss
import index
import numpy as np
from _engines import Search, lance, qdrant, servers
from index import K, made_up, recall, seconds, table
from threadpoolctl import threadpool_limits

from inlay.core.vectors import normalize, product_top_k
from inlay.indexes import BM25, HNSW, Exact, Faiss, Filtered

CACHE = Path(__file__).parents[2] / ".cache" / "vectors"
EFFORTS = (*range(8, 64), *range(64, 128, 4), *range(128, 513, 16))
ROUNDS, PATIENCE = 25, 8.0  # times that each is asked, and seconds after which it is asked no more
LEVELS = (0.95, 0.99)
PEERS = ("faiss HNSWFlat", "usearch bf16", "hnswlib", "faiss IVFFlat", "LanceDB IVF_HNSW_SQ")
System = tuple[str, Callable[[], Callable[[int], Search]]]  # name, and what builds it and then sets its effort
runs = 3


def real(n: int, dim: int) -> Any:
    """Return the distinct vectors of the claims, at most `n`."""
    files = sorted(CACHE.glob("*.npy"))
    kept = [np.load(file, mmap_mode="r") for file in files]
    rows = [np.asarray(each, np.float32) for each in kept if each.ndim == 2 and each.shape[1] == dim]
    every = np.concatenate([np.empty((0, dim), np.float32), *rows])
    lengths = np.linalg.norm(every, axis=1)
    every = normalize(every[np.abs(lengths - 1) < 0.01])
    _, first = np.unique(np.round(every[:, :16], 5), axis=0, return_index=True)
    return every[np.random.default_rng(0).permutation(np.sort(first))[:n]]


def systems(X: Any) -> Iterator[System]:
    """Yield each system: a function that builds it, and returns what sets its effort."""
    n, dim = X.shape
    n_lists = max(1, min(round(4 * n**0.5), n // 39))
    threads = index.threads

    def hnsw() -> Callable[[int], Search]:
        ours = HNSW().fit(X)
        return lambda effort: lambda q: ours.set_params(ef_search=effort).search(q, K).ids

    def lists() -> Callable[[int], Search]:
        ours = Faiss("IVF,SQ8", n_probe=1).fit(X)

        def at(effort: int) -> Search:
            ours.set_params(n_probe=min(effort, ours.n_lists))
            return lambda q: ours.search(q, K).ids

        return at

    def graph(factory: str, rescore: float) -> Callable[[int], Search]:
        ours = Faiss(factory, ef_search=1, rescore=rescore).fit(X)

        def at(effort: int) -> Search:
            ours.set_params(ef_search=effort)
            return lambda q: ours.search(q, K).ids

        return at

    def faiss_hnsw() -> Callable[[int], Search]:
        peer = faiss.IndexHNSWFlat(dim, 16, faiss.METRIC_INNER_PRODUCT)
        peer.hnsw.efConstruction = 200
        peer.add(X)
        return lambda effort: lambda q: peer.search(q, K, params=faiss.SearchParametersHNSW(efSearch=effort))[1]

    def faiss_ivf() -> Callable[[int], Search]:
        peer = faiss.index_factory(dim, f"IVF{n_lists},Flat", faiss.METRIC_INNER_PRODUCT)
        peer.train(X)
        peer.add(X)
        return lambda effort: lambda q: peer.search(q, K, params=faiss.SearchParametersIVF(nprobe=effort))[1]

    def usearch() -> Callable[[int], Search]:
        from usearch.index import Index

        peer = Index(ndim=dim, metric="ip", dtype="bf16", connectivity=16, expansion_add=200)
        peer.add(np.arange(n), X, threads=threads)

        def at(effort: int) -> Search:
            peer.expansion_search = effort
            return lambda q: np.atleast_2d(peer.search(q, K, threads=threads).keys).astype(np.int64)

        return at

    def hnswlib() -> Callable[[int], Search]:
        import hnswlib as library

        peer = library.Index("ip", dim)
        peer.init_index(n, ef_construction=200, M=16, random_seed=0)
        peer.add_items(X, num_threads=threads)

        def at(effort: int) -> Search:
            peer.set_ef(max(K, effort))
            return lambda q: peer.knn_query(q, K, num_threads=threads)[0].astype(np.int64)

        return at

    yield "Exact", lambda: (lambda ours: lambda effort: lambda q: ours.search(q, K).ids)(Exact().fit(X))
    yield "HNSW", hnsw
    yield "Faiss HNSW16,SQ8", lambda: graph("HNSW16,SQ8", 1.2)
    yield "Faiss HNSW24,SQ8", lambda: graph("HNSW24,SQ8", 1.2)
    yield "faiss HNSWFlat", faiss_hnsw
    yield "usearch bf16", usearch
    yield "hnswlib", hnswlib
    yield "Faiss IVF,SQ8", lists
    yield "faiss IVFFlat", faiss_ivf
    yield "LanceDB IVF_HNSW_SQ", lambda: lance(X, None)[0]


def dense(X: Any, Q: Any) -> None:
    """Print queries per second at each level of recall."""
    truth, built, rows = product_top_k(Q, X, K).ids, [], []
    for name, build in systems(X):
        before = index.clock()
        at = build()
        built.append((name, index.clock() - before, at, [_least(at, Q, truth, level) for level in LEVELS]))
    for i, level in enumerate(LEVELS):
        took: dict[str, list[float]] = {name: [] for name, _, _, efforts in built if efforts[i] is not None}
        for seed in range(ROUNDS if runs > 1 else 1):
            for place in np.random.default_rng(seed).permutation(len(built)):
                name, _, at, efforts = built[place]
                if name in took and sum(took[name]) < PATIENCE:
                    search = at(efforts[i] or 0)
                    took[name].append(seconds(lambda search=search: search(Q), 1))
        peer = min((min(each) for name, each in took.items() if name in PEERS), default=0.0)
        for name, build_s, at, efforts in built:
            line: list[object] = [name, level, build_s, *["-"] * 5]
            if name in took:
                found, best = recall(at(efforts[i] or 0)(Q), truth), min(took[name])
                line[3:] = [efforts[i], found, len(Q) / best, len(Q) / float(np.median(took[name])), peer / best]
            rows.append(line)
    head = ["", "at", "build s", "effort", "recall", "queries/s", "median", "of the best peer"]
    table(f"Search at equal recall@{K}: {len(X):,} x {X.shape[1]}, {len(Q)} queries", head, rows)


def _least(at: Callable[[int], Search], Q: Any, truth: Any, level: float) -> int | None:
    """Return the least effort that finds so much, where more effort finds more."""
    place = bisect.bisect_left(EFFORTS, level, key=lambda effort: recall(at(effort)(Q), truth))
    return EFFORTS[place] if place < len(EFFORTS) else None


def filters(X: Any, Q: Any) -> None:
    """Print recall and queries per second where only some rows are allowed."""
    group = np.random.default_rng(1).random(len(X))
    ours = {"Filtered(HNSW)": Filtered(HNSW()).fit(X), "Filtered(Faiss)": Filtered(Faiss(recall=0.98)).fit(X)}
    theirs = lance(X, group)[1]
    with ExitStack() as stack:
        try:
            engine = qdrant(X, group, stack)
        except (servers.Absent, ImportError) as error:
            print(f"Qdrant is left out: {error}")
            engine = None
        rows = [row for share in (0.001, 0.01, 0.1, 0.5) for row in filtered(X, Q, group, share, ours, theirs, engine)]
    head = ["", "allowed", "plan", "recall@10", "queries with too few", "queries/s"]
    table(f"Filters: {len(X):,} x {X.shape[1]}, {len(Q)} queries", head, rows)


def filtered(X: Any, Q: Any, group: Any, share: float, ours: Any, theirs: Any, engine: Any) -> Iterator[list[object]]:
    """Yield a line for each system that searches where `group` is below `share`."""
    where = group < share
    truth = product_top_k(Q, X, K, rows=np.flatnonzero(where)).ids
    peers = [
        (name, made.plan(where, K).name, lambda q, made=made: made.search(q, K, where=where).ids)
        for name, made in ours.items()
    ]
    peers.append(("LanceDB, prefilter", "in", theirs(f"share < {share}")))
    if engine is not None:
        peers.append(("Qdrant, its own choice", "", engine(share)))
    for name, plan, call in peers:
        ids = call(Q)
        hit = (truth[:, :, None] == ids[:, None]) & (truth >= 0)[:, :, None]  # fewer than K may be allowed
        found = float(hit.any(axis=2).sum() / max(1, (truth >= 0).sum()))
        short = int(((ids < 0).sum(axis=1) > max(0, K - where.sum())).sum())
        took = seconds(lambda call=call: call(Q), runs)
        yield [name, f"{share:.1%}", plan, found, short, len(Q) / took]


def words(n: int, n_queries: int) -> None:
    """Compare BM25 with bm25s on made-up texts whose words are as frequent as those of a language."""
    import bm25s

    rng = np.random.default_rng(0)
    chance = 1 / np.arange(1, 30_001)
    draws = rng.choice(30_000, size=(n, 40), p=chance / chance.sum())
    texts = [" ".join(f"word{i}" for i in row[: 10 + j % 31]) for j, row in enumerate(draws)]
    asked = [" ".join(text.split()[:6]) for text in texts[:n_queries]]
    rows: list[list[object]] = []
    before = index.clock()
    ours = BM25(language=None).fit(texts)
    build = index.clock() - before
    truth, first = ours.search(asked, K).scores, 0.0
    tokens = bm25s.tokenize(texts, stopwords=[], show_progress=False)
    peers: list[tuple[str, float, Callable[[], Any]]] = [("BM25", build, lambda: ours.search(asked, K).scores)]
    for backend in ("numpy", "numba"):
        before = index.clock()
        tokens = bm25s.tokenize(texts, stopwords=[], show_progress=False)
        peer = bm25s.BM25(backend=backend)
        peer.index(tokens, show_progress=False)

        def call(peer: Any = peer) -> Any:
            query = bm25s.tokenize(asked, stopwords=[], return_ids=False, show_progress=False)
            return peer.retrieve(query, k=K, show_progress=False)[1]

        peers.append((f"bm25s, {backend}", index.clock() - before, call))
    for name, build, call in peers:
        same = float(np.mean(np.isclose(call(), truth, rtol=1e-4)))
        took = seconds(call, 5 * runs)  # milliseconds
        first = first or took
        rows.append([name, build, len(asked) / took, took / first, same])
    head = ["", "build s", "queries/s", "time / BM25", "equal scores"]
    table(f"Words: {n:,} texts, {len(asked)} queries", head, rows)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--vectors", type=Path, help="a .npy file of (n, d) float32 vectors of length one")
    parser.add_argument("--only", default="dense,filter,words")
    parser.add_argument("--quick", action="store_true", help="5,000 rows, few queries, one run of each")
    parser.add_argument("--busy", action="store_true", help="count processor time on one core")
    args = parser.parse_args()
    global runs
    if args.busy:
        index.clock, index.threads = time.process_time, 1
    if args.quick:
        runs = 1
    faiss.omp_set_num_threads(index.threads)
    threadpool_limits(index.threads)
    n, n_queries = args.rows or (5000 if args.quick else 200_000), 50 if args.quick else 500
    every = np.load(args.vectors)[: n + n_queries] if args.vectors else real(n + n_queries, args.dim)
    n_real = len(every)
    if n_real < n + n_queries:  # queries are among the real ones
        every = np.concatenate([every, made_up(n + n_queries - n_real, every.shape[1])])
    Q, X = np.ascontiguousarray(every[:n_queries]), np.ascontiguousarray(every[n_queries:])
    X.flags.writeable = False
    names = ("numpy", "faiss-cpu", "usearch", "hnswlib", "lancedb", "bm25s")
    how = "processor time on one core" if args.busy else f"{os.cpu_count()} cores"
    print(f"{platform.machine()}, {how}; Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in names))
    print(f"{min(n_real, n + n_queries):,} of {n + n_queries:,} vectors are real")
    if "dense" in args.only:
        dense(X, Q)
    if "filter" in args.only:
        filters(X, Q)
    if "words" in args.only:
        words(n, n_queries)


if __name__ == "__main__":
    main()
