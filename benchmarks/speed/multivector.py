"""Search of items of several vectors by MaxSim, side by side with torch, numpy, NumKong and sentence-transformers.

Run: python benchmarks/speed/multivector.py [--documents 5000] [--vectors 100] [--dim 128] [--real] [--quick] [--busy]
[--json]

The vectors are made up: each document draws from the 4,000 words of a vocabulary those near its topic, and shifts and
blurs them; a query is 32 blurred vectors of a document. With --real they are the vectors of the tokens of 1,000
abstracts of Cranfield and of its queries, of all-MiniLM-L6-v2. Queries are asked one at a time, and all at once where
the search takes several. Every time is the best of several runs with all cores; with --busy it is processor time on one
core, which other programs disturb less. Beside it stands what the machine allows: the bytes that have to be read over
the measured memory bandwidth, or the multiply-adds over the measured peak of BLAS, whichever is longer.

PyLate pins another torch than this package is tested with, and the codes of its index end the process with any other.
Its PLAID index, with its defaults, therefore runs in a process of its own, by the interpreter of an environment with
`pip install pylate` that INLAY_PYLATE_PYTHON names; without one it is left out.
"""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import index
import numba
import numpy as np
from index import K, recall, seconds, table
from threadpoolctl import threadpool_limits

from inlay.core.values import Ragged
from inlay.core.vectors import normalize
from inlay.indexes import CentroidMaxSim, DiskMaxSim, MaxSim, Muvera

ASKED = 32  # vectors of a query
HEAD = ["", "build s", "ms/query", "at once", "times torch", "limit ms", "recall@10", "bytes/vector"]
runs = 5


def made_up(n: int, vectors: int, dim: int, n_queries: int) -> tuple[Ragged, Ragged]:
    """Return documents and queries of a vocabulary."""
    rng = np.random.default_rng(0)
    words = normalize(rng.standard_normal((4000, dim), np.float32))
    topics = rng.integers(0, 300, n)
    drawn = (13 * topics[:, None] + (12 * rng.pareto(1.2, (n, vectors))).astype(np.int64)) % 4000
    noise = 0.6 / np.sqrt(dim) * rng.standard_normal((n, vectors, dim), np.float32)
    X = normalize((words[drawn] + 0.5 * words[7 * topics % 4000, None] + noise).reshape(-1, dim))
    rows = rng.integers(0, n, n_queries)[:, None] * vectors + rng.integers(0, vectors, (n_queries, ASKED))
    blur = 0.5 / np.sqrt(dim) * rng.standard_normal((n_queries * ASKED, dim), np.float32)
    Q = normalize(X[rows.ravel()] + blur)
    return Ragged(X, np.arange(n + 1) * vectors), Ragged(Q, np.arange(n_queries + 1) * ASKED)


def real(n: int, n_queries: int) -> tuple[Ragged, Ragged]:
    """Return the vectors of tokens of documents and queries of Cranfield."""
    sys.path.append(str(Path(__file__).parents[1] / "claims"))
    tokens, datasets = importlib.import_module("_tokens"), importlib.import_module("inlay.data.datasets")
    documents, queries, _ = tokens.some_documents(datasets.load("cranfield"), n)
    return documents, tokens.first_items(queries, slice(0, n_queries))


def best(scores: Any) -> Any:
    """Return the places of the best scores."""
    return np.argsort(-np.asarray(scores), kind="stable")[:K]


def by_torch(X: Ragged) -> Callable[[Any], Any]:
    """Search as one would with torch: all products, the largest of each document, their sum."""
    torch = importlib.import_module("torch")
    longest, there = int(X.lengths.max()), X.lengths[:, None] > np.arange(X.lengths.max())
    padded = torch.zeros(len(X), longest, X.values.shape[1])
    padded[torch.from_numpy(there)] = torch.from_numpy(np.array(X.values))
    full = bool(there.all())
    hidden = torch.from_numpy(~there)

    def search(q: Any) -> Any:
        products = torch.einsum("qd,nmd->nqm", torch.from_numpy(np.array(q)), padded)
        if not full:
            products = products.masked_fill(hidden[:, None], -torch.inf)
        return best(products.amax(dim=2).sum(dim=1))

    return search


def by_numpy(X: Ragged) -> Callable[[Any], Any]:
    """Search as one would with numpy; documents without vectors are left out."""
    held = np.flatnonzero(X.lengths)
    return lambda q: held[best(np.maximum.reduceat(q @ X.values.T, X.offsets[held], axis=1).sum(axis=0))]


def by_numkong(X: Ragged) -> Callable[[Any], Any]:
    """Search by the late interaction of NumKong, document by document."""
    library = importlib.import_module("numkong")
    held = np.flatnonzero(X.lengths)
    packed = [library.maxsim_pack(np.array(X[int(i)]), dtype="float32") for i in held]

    def search(q: Any) -> Any:
        asked = library.maxsim_pack(np.array(q), dtype="float32")
        return held[best([-library.maxsim_packed(asked, item) for item in packed])]

    return search


def peers(X: Ragged) -> list[tuple[str, Callable[[], Callable[[Any], Any]]]]:
    """Return the other libraries' searches of one query, each made by a call."""
    found = [("torch einsum", lambda: by_torch(X)), ("numpy reduceat", lambda: by_numpy(X))]
    if importlib.util.find_spec("numkong"):
        found.append(("NumKong maxsim", lambda: by_numkong(X)))
    return found


def by_pylate(X: Ragged, Q: Ragged, threads: int) -> dict[str, Any] | None:
    """Return what PyLate's index found and how long it took; None where no interpreter is named."""
    python = os.environ.get("INLAY_PYLATE_PYTHON")
    if not python:
        print("PyLate is left out: INLAY_PYLATE_PYTHON names no interpreter", file=sys.stderr)
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npz"
        np.savez(file, values=X.values, offsets=X.offsets, asked=Q.values, ends=Q.offsets)
        # Twice, for a run takes it minutes.
        script = str(Path(__file__).with_name("_pylate.py"))
        given = (str(file), str(threads), index.clock.__name__, str(min(runs, 2)))
        done = subprocess.run([python, script, *given], stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def ours(X: Ragged) -> list[tuple[str, Any, Callable[[Any], float], Callable[[Any], float]]]:
    """Return our indexes, and what they keep in memory and multiply for a vector of a query."""
    n, (total, dim) = len(X), X.values.shape
    mean = total / max(1, n)
    return [
        ("MaxSim", MaxSim(), lambda i: i.values_.nbytes, lambda i: total * dim),
        ("MaxSim float16", MaxSim("float16"), lambda i: i.values_.nbytes, lambda i: total * dim),
        *(
            (
                f"CentroidMaxSim {bits} bits, {candidates} decoded",
                CentroidMaxSim(bits, n_candidates=candidates),
                lambda i: i.codes_.nbytes + i.residuals_.nbytes,
                lambda i: i.centroids_.size + i.n_candidates * mean * dim,
            )
            for bits, candidates in ((4, 32), (4, 64), (8, 64))
        ),
        (
            "Muvera, 100 rescored",
            Muvera(),
            lambda i: i.index_.vectors_.nbytes + i.values_.nbytes,
            lambda i: i.index_.vectors_.size / ASKED + i.n_rescored * mean * dim,
        ),
        (
            "DiskMaxSim, 100 rescored",
            DiskMaxSim(),
            lambda i: i.bytes_in_memory,
            lambda i: i.means_.size / ASKED + i.n_rescored * mean * dim,
        ),
    ]


def measured(X: Ragged, Q: Ragged, bandwidth: float, peak: float, threads: int) -> list[dict[str, Any]]:
    """Measure every search."""
    rows: list[dict[str, Any]] = []
    truth = MaxSim().fit(X).search(Q, K).ids
    asked = len(Q.values) / len(Q)
    work = asked * X.values.size / peak
    single = [Ragged.stack([query]) for query in Q]
    for name, make in peers(X):
        before = index.clock()
        call = make()
        build = index.clock() - before
        found = [call(query) for query in Q]
        took = seconds(lambda call=call: [call(query) for query in Q], runs) / len(Q)
        limit = max(X.values.nbytes / bandwidth, work)
        rows.append(_row(name, build, took, None, rows, limit, recall(found, truth), 4 * X.values.shape[1]))
        del call
    if (theirs := by_pylate(X, Q, threads)) is not None:
        took, many = theirs["took"] / len(Q), theirs["many"] / len(Q)
        found, size = recall(theirs["ids"], truth), theirs["bytes"] / len(X.values)
        rows.append(_row("PyLate PLAID", theirs["build"], took, many, rows, None, found, size))
    for name, made, size, products in ours(X):
        before = index.clock()
        made.fit(X)
        build = index.clock() - before
        found = made.search(Q, K).ids
        took = seconds(lambda made=made: [made.search(query, K) for query in single], runs) / len(Q)
        many = seconds(lambda made=made: made.search(Q, K), runs) / len(Q)
        held = size(made)
        # Of the vectors that are rescored alone, few bytes are read.
        read = made.index_.vectors_.nbytes if isinstance(made, Muvera) else held
        read = made.codes_.nbytes if isinstance(made, CentroidMaxSim) else read
        limit = max(read / bandwidth, asked * products(made) / peak)
        rows.append(_row(name, build, took, many, rows, limit, recall(found, truth), held / len(X.values)))
    return rows


def _row(name: str, build: float, took: float, many: Any, rows: Any, limit: Any, found: float, size: float) -> Any:
    first = rows[0]["ms/query"] if rows else 1e3 * took
    values = (
        name,
        build,
        1e3 * took,
        "" if many is None else 1e3 * many,
        first / (1e3 * took),
        "" if limit is None else 1e3 * limit,
        found,
        size,
    )
    return dict(zip(HEAD, values, strict=True))


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--vectors", type=int, default=100, help="of a document")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--queries", type=int, default=32)
    parser.add_argument("--real", action="store_true", help="vectors of tokens of Cranfield, 1,000 documents at most")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--busy", action="store_true", help="count processor time on one core")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    global runs
    threads = os.cpu_count() or 1
    if args.busy:
        index.clock, threads = time.process_time, 1
    if args.quick:
        runs = 1
    threadpool_limits(threads)
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    importlib.import_module("torch").set_num_threads(threads)
    bandwidth, peak = index.machine()
    if args.real:
        X, Q = real(min(args.documents, 1000), args.queries)
    else:
        X, Q = made_up(args.documents, args.vectors, args.dim, args.queries)
    X.values.flags.writeable = False
    rows = measured(X, Q, bandwidth, peak, threads)
    if args.json:
        print(json.dumps({"documents": len(X), "vectors": len(X.values), "dim": X.values.shape[1], "results": rows}))
        return
    how = "processor time on one core" if args.busy else f"{threads} cores"
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "torch"))
    print(f"{platform.machine()}, {how}; Python {platform.python_version()}, {versions}")
    print(f"memory {bandwidth / 1e9:.1f} GB/s; BLAS {peak / 1e9:.0f} G multiply-adds/s in float32")
    title = f"{len(X):,} documents of {len(X.values):,} vectors of {X.values.shape[1]} numbers, {len(Q)} queries"
    table(title, HEAD, [list(row.values()) for row in rows])


if __name__ == "__main__":
    main()
