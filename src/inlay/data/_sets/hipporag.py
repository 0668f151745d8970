"""Questions over several passages, MuSiQue and HotpotQA, as HippoRAG takes them: a hundred of each training part."""

import json
from pathlib import Path
from typing import Any

from ..datasets import Columns, DataSet


def _json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def _passage(title: str, text: str) -> str:
    """Return a passage as HippoRAG encodes it."""
    return f"{title}\n{text}"


def _musique(folder: Path) -> Columns:
    """Read the passages of all questions as one corpus; titles repeat, so that a passage is known by its text."""
    corpus, rows = (_json(folder / f"musique_train{part}.json") for part in ("_corpus", ""))
    passages = {_passage(row["title"], row["text"]): str(number) for number, row in enumerate(corpus)}
    supporting = {
        row["id"]: [_passage(p["title"], p["paragraph_text"]) for p in row["paragraphs"] if p["is_supporting"]]
        for row in rows
    }
    return {
        "documents": {number: passage for passage, number in passages.items()},
        "queries": {row["id"]: row["question"] for row in rows},
        "relevant": {id_: {passages[passage]: 1 for passage in found} for id_, found in supporting.items()},
    }


def _musique_candidates(folder: Path) -> Columns:
    """Read the twenty passages that each question brings, the supporting ones apart from the others."""
    columns: dict[str, list[Any]] = {"query": [], "positive": [], "negative": []}
    for row in _json(folder / "musique_train.json"):
        columns["query"].append(row["question"])
        for name, wanted in (("positive", True), ("negative", False)):
            columns[name].append(
                [_passage(p["title"], p["paragraph_text"]) for p in row["paragraphs"] if p["is_supporting"] is wanted]
            )
    return columns


def _hotpotqa(folder: Path) -> Columns:
    """Read the passages of all questions as one corpus; a passage is known by its title."""
    corpus, rows = (_json(folder / f"hotpotqa_train{part}.json") for part in ("_corpus", ""))
    return {
        "documents": {title: _passage(title, "".join(sentences)) for title, sentences in corpus.items()},
        "queries": {row["_id"]: row["question"] for row in rows},
        "relevant": {row["_id"]: {title: 1 for title, _ in row["supporting_facts"]} for row in rows},
    }


_MUSIQUE = (
    "Trivedi, Balasubramanian, Khot, Sabharwal (2022), MuSiQue: Multihop Questions via Single-hop Composition, TACL"
)

SETS = (
    DataSet("musique", "multihop_hipporag", _musique, _MUSIQUE),
    DataSet("musique-candidates", "multihop_hipporag", _musique_candidates, _MUSIQUE),
    DataSet(
        "hotpotqa",
        "multihop_hipporag",
        _hotpotqa,
        "Yang, Qi, Zhang, Bengio et al. (2018), HotpotQA: A Dataset for Diverse, Explainable Multi-hop Question "
        "Answering, EMNLP",
    ),
)
