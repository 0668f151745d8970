"""Search of indexes and of a space that are larger than the memory there is.

Run: python benchmarks/speed/mapped.py [--rows 200000] [--dim 1024] [--limit 400] [--only Exact,...]

Each is saved, and searched by a process of its own with its files mapped: once with all memory, once with no more than
`limit` MB for all that the process holds, the parts of files that it has mapped included. That takes the right to make
a control group of Linux; without it only the first is done. The files are put out of the system's memory before. Every
query comes alone, and the answers of both processes have to be equal. The vectors are made up. What is on disk is read
once through for comparison, which is the least that an exact search of it takes.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from index import K, made_up, table

import inlay
from inlay.core.contracts import Index
from inlay.core.values import Ragged
from inlay.encoders.text import HashingEncoder
from inlay.indexes import HNSW, DiskMaxSim, Exact, Faiss, MaxSim, Muvera
from inlay.pipeline import Pipeline

QUERIES, TOKENS = 21, 50
GROUPS = Path("/sys/fs/cgroup")


def texts(n: int) -> Iterator[dict[str, str]]:
    """Yield records of twelve words, of which topics share some."""
    rng = np.random.default_rng(0)
    for i in range(n):
        words = [*(1000 * (i % 500) + rng.integers(40, size=8)), *rng.integers(2000, size=4)]
        yield {"id": str(i), "text": " ".join(f"w{word}" for word in words)}


def space(folder: Path, n: int, dim: int) -> None:
    """Make a space whose vectors have an index."""
    made = inlay.build([], folder, encoder=Pipeline(HashingEncoder(dim), index=HNSW()))
    made.add(texts(n))


def asking(folder: Path) -> tuple[list[Any], Callable[[Any], Any]]:
    """Return queries for what lies in a folder, and a function that answers one of them in plain values."""
    if (folder / "records.lance").is_dir():
        opened = inlay.open(folder)

        def passages(text: str) -> Any:
            return [(hit.id, hit.score) for hit in opened.search(text, K)]

        return [record["text"] for record in texts(QUERIES)], passages
    index: Any = Index.load(folder, mmap=True)

    def rows(q: Any) -> Any:
        hits = index.search(q, K)
        return [hits.ids.tolist(), hits.scores.tolist()]

    Q = np.load(folder.parent / "queries.npy")
    asked: list[Any] = [Q[[i]] for i in range(len(Q))]
    if index.stores == "multivectors":
        asked = [Ragged(np.repeat(q, 2, axis=0), np.array([0, 2])) for q in asked]
    return asked, rows


def ask(folder: Path) -> None:
    """Search what lies in a folder, and print how long that took and what it found."""
    found: list[Any] = []
    asked, search = asking(folder)
    for i, query in enumerate(asked):
        if i == 1:  # what is compiled and loaded with the first is not counted
            start = time.perf_counter()
        found.append(search(query))
    took = (time.perf_counter() - start) / (len(asked) - 1)
    status = Path("/proc/self/status").read_text()
    held = [int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("RssAnon")]
    print(json.dumps([1e3 * took, held[0], hashlib.sha256(json.dumps(found).encode()).hexdigest()]))


def answer(folder: Path, group: Path | None = None) -> tuple[float, float, str]:
    """Let another process ask, in a control group where there is one."""
    forget(folder)
    command = [sys.executable, __file__, "--ask", str(folder)]
    if group is not None:
        command = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"), *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    took, held, what = json.loads(done.stdout)
    return took, held, what


def files(folder: Path) -> list[Path]:
    """Return all files in a folder."""
    return [file for file in folder.rglob("*") if file.is_file()]


def forget(folder: Path) -> None:
    """Put the files of a folder out of the memory of the system."""
    for file in files(folder):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def reading(folder: Path) -> float:
    """Return the seconds that it takes to read the files of a folder from disk."""
    forget(folder)
    start = time.perf_counter()
    for file in files(folder):
        with file.open("rb") as opened:
            while opened.read(1 << 22):
                continue
    return time.perf_counter() - start


@contextmanager
def limited(megabytes: int) -> Iterator[Path | None]:
    """Make a control group of so much memory; None where that is not allowed."""
    version2 = (GROUPS / "cgroup.controllers").exists()
    group = (GROUPS if version2 else GROUPS / "memory") / f"inlay-{os.getpid()}"
    name = "memory.max" if version2 else "memory.limit_in_bytes"
    try:
        group.mkdir()
        (group / name).write_text(str(megabytes * 1_000_000))
    except OSError as error:
        print(f"No limit could be set: {error}.", file=sys.stderr)
        yield None
        return
    try:
        yield group
    finally:
        with suppress(OSError):
            group.rmdir()


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=1024)
    parser.add_argument("--limit", type=int, default=400, help="MB of memory")
    parser.add_argument("--only", default="", help="the beginnings of names, separated by commas")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        ask(args.ask)
        return
    n, dim = args.rows, args.dim
    ways: dict[str, tuple[Index, bool]] = {
        "Exact": (Exact(), False),
        "HNSW": (HNSW(), False),
        'Faiss("IVF64,SQ8")': (Faiss("IVF64,SQ8"), False),
        "MaxSim": (MaxSim(), True),
        "Muvera(5, 4, 8)": (Muvera(5, 4, 8), True),
        "DiskMaxSim": (DiskMaxSim(), True),
        "a space with HNSW": (HNSW(), False),
    }
    ways = {name: way for name, way in ways.items() if name.startswith(tuple(args.only.split(",")))}
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as where, limited(args.limit) as group:
        X = made_up(n + QUERIES, dim)
        np.save(Path(where, "queries.npy"), X[n:])
        X = X[:n]
        for i, (name, (index, several)) in enumerate(ways.items()):
            folder = Path(where, str(i))
            if name.startswith("a space"):
                space(folder, n, dim)
            else:
                data = Ragged(X, np.append(np.arange(0, n, TOKENS), n)) if several else X
                index.fit(data).save(folder)  # type: ignore[attr-defined]
            size = sum(file.stat().st_size for file in files(folder)) / 1e6
            took, held, what = answer(folder)
            small: list[object] = ["", ""]
            if group is not None:
                slow, _, same = answer(folder, group)
                small = [slow, "yes" if what == same else "no"]
            rows.append([name, size, 1e3 * reading(folder), held, took, *small])
    head = ["", "MB on disk", "reading them, ms", "MB held", "ms/query", f"ms/query in {args.limit} MB", "equal"]
    table(f"{n:,} vectors of {dim} numbers, {QUERIES - 1} queries one at a time", head, rows)


if __name__ == "__main__":
    main()
