"""The engines that search.py compares with: LanceDB in a folder, Qdrant on a server that is started for it."""

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from index import K

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))  # for servers.py

import servers

Search = Callable[[Any], Any]  # queries to ids


def lance(X: Any, group: Any) -> tuple[Callable[[int], Search], Callable[[str], Search]]:
    """Build LanceDB's index; return what sets its effort, and what searches with a condition."""
    import lancedb
    import pyarrow as pa
    from lancedb.index import HnswSq

    folder = tempfile.TemporaryDirectory()
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), X.shape[1])
    columns = {"vector": vectors, "row": np.arange(len(X)), "share": np.zeros(len(X)) if group is None else group}
    made = lancedb.connect(folder.name).create_table("vectors", pa.table(columns))
    made.create_index("vector", config=HnswSq(distance_type="dot", num_partitions=max(1, len(X) // 100_000)))

    def ask(q: Any, effort: int, condition: str | None) -> Any:
        out = np.full((len(q), K), -1, np.int64)
        for i, vector in enumerate(q):
            query = (
                made.search(vector)
                .distance_type("dot")
                .limit(K)
                .ef(effort)
                .refine_factor(4)
                .select(["row", "_distance"])
            )
            query = query if condition is None else query.where(condition, prefilter=True)
            found = query.to_arrow()["row"].to_numpy()
            out[i, : len(found)] = found
        return out

    def at(effort: int) -> Search:
        return lambda q, held=folder: ask(q, max(effort, 4 * K), None)

    return at, lambda condition: lambda q, held=folder: ask(q, 128, condition)


def qdrant(X: Any, group: Any, stack: ExitStack) -> Callable[[float], Search]:
    """Start Qdrant with a graph of the same size and a float index; return what searches below a share."""
    from qdrant_client import QdrantClient, models

    url, port, _ = stack.enter_context(servers.qdrant(threshold_kb=None))
    client = QdrantClient(url, grpc_port=port, prefer_grpc=True, timeout=600, check_compatibility=False)
    graph = models.HnswConfigDiff(m=16, ef_construct=200)
    size = models.VectorParams(size=X.shape[1], distance=models.Distance.DOT, hnsw_config=graph)
    client.create_collection("vectors", vectors_config=size)
    client.create_payload_index("vectors", "share", models.PayloadSchemaType.FLOAT)
    for start in range(0, len(X), 1000):
        part = slice(start, start + 1000)
        numbers, shares = range(start, start + len(X[part])), [{"share": share} for share in group[part].tolist()]
        client.upsert("vectors", models.Batch(ids=list(numbers), vectors=X[part].tolist(), payloads=shares), wait=True)
    while client.get_collection("vectors").status != models.CollectionStatus.GREEN:
        time.sleep(1)

    def below(share: float) -> Search:
        only = models.Filter(must=[models.FieldCondition(key="share", range=models.Range(lt=share))])
        how = models.SearchParams(hnsw_ef=128)

        def ask(q: Any) -> Any:
            asked = [models.QueryRequest(query=v, limit=K, filter=only, params=how) for v in q.tolist()]
            out = np.full((len(q), K), -1, np.int64)
            for i, found in enumerate(client.query_batch_points("vectors", asked)):
                out[i, : len(found.points)] = [point.id for point in found.points]
            return out

        return ask

    return below
