"""Chunks of source code that are hard to find without the file they come from."""

import json
from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _read(folder: Path) -> Columns:
    """Read the chunks; one is known by the identifier of its file and its number there."""
    data = folder / "contextual-embeddings" / "data"
    files = json.loads((data / "codebase_chunks.json").read_text("utf-8"))
    rows = [json.loads(line) for line in lines(data / "evaluation_set.jsonl") if line.strip()]
    return {
        "documents": {
            f"{file['original_uuid']}-{chunk['original_index']}": chunk["content"]
            for file in files
            for chunk in file["chunks"]
        },
        "queries": {str(number): row["query"] for number, row in enumerate(rows)},
        "relevant": {
            str(number): {f"{file}-{index}": 1 for file, index in row["golden_chunk_uuids"]}
            for number, row in enumerate(rows)
        },
    }


SETS = (
    DataSet(
        "codebase-chunks",
        "contextual_rag_cookbook",
        _read,
        "Anthropic (2024), Introducing Contextual Retrieval",
    ),
)
