"""LIMIT: who likes what, where pairs of documents are the answers."""

import json
from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _small(folder: Path) -> Columns:
    """Read the small part, which has only the 46 documents that answer a query."""
    corpus, queries, judged = (
        [json.loads(line) for line in lines(folder / "limit-small" / f"{name}.jsonl")]
        for name in ("corpus", "queries", "qrels")
    )
    relevant: dict[str, dict[str, int]] = {}
    for row in judged:
        relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = row["score"]
    return {
        "documents": {row["_id"]: row["text"] for row in corpus},
        "queries": {row["_id"]: row["text"] for row in queries},
        "relevant": relevant,
    }


SETS = (
    DataSet(
        "limit-small",
        "limit",
        _small,
        "Weller, Boratko, Naim, Lee (2025), On the Theoretical Limitations of Embedding-Based Retrieval",
    ),
)
