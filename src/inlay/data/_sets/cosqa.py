"""CoSQA: what people asked a search engine, and the Python functions that answer it."""

import json
from functools import partial
from pathlib import Path

from ..datasets import Columns, DataSet


def _read(folder: Path, part: str) -> Columns:
    """Read one part; all parts search the same 6,267 functions, of which MTEB has 20,604."""
    codes: dict[str, int] = json.loads((folder / "search" / "code_idx_map.txt").read_text("utf-8"))
    rows = json.loads((folder / "search" / f"cosqa-retrieval-{part}-500.json").read_text("utf-8"))
    return {
        "documents": {str(number): code for code, number in codes.items()},
        "queries": {row["idx"]: row["doc"] for row in rows},
        "relevant": {row["idx"]: {str(row["retrieval_idx"]): 1} for row in rows},
    }


_SOURCE = (
    "Huang, Tang, Shou, Gong et al. (2021), CoSQA: 20,000+ Web Queries for Code Search and Question Answering, ACL"
)

SETS = (
    DataSet("cosqa", "cosqa", partial(_read, part="test"), _SOURCE),
    DataSet("cosqa-dev", "cosqa", partial(_read, part="dev"), _SOURCE),
)
