"""Build a space of SciFact's abstracts, ask it the 300 test claims, and print nDCG@10.

Run: INLAY_DATA=... python benchmarks/scifact.py [--whole] [--encoder hashing]

The published score of all-MiniLM-L6-v2 (MTEB: one vector a document, cut after 256 tokens) is 64.5; ``--whole``
follows that protocol. By default long abstracts are split and a document counts by its best passage.
"""

import argparse
import ast
import csv
import io
import json
import math
import os
import re
import tempfile
import zipfile
from pathlib import Path

import inlay

SENTENCE = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    """Read one CSV file of the archive."""
    return list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8", newline="")))


def abstract(text: str) -> str:
    """Join the sentences of an abstract that is stored as a numpy array in print."""
    return " ".join(ast.literal_eval(sentence) for sentence in SENTENCE.findall(text))


def ndcg(found: list[str], relevant: set[str], k: int = 10) -> float:
    """Score one ranking against the set of relevant documents."""
    gain = sum(1 / math.log2(rank + 2) for rank, doc in enumerate(found[:k]) if doc in relevant)
    return gain / sum(1 / math.log2(rank + 2) for rank in range(min(k, len(relevant))))


def main() -> None:
    """Build, search, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--encoder", default=None, help="name or folder of the encoder; the default one if absent")
    parser.add_argument("--whole", action="store_true", help="one vector a document, cut where the encoder cuts")
    given = parser.parse_args()
    with zipfile.ZipFile(Path(os.environ["INLAY_DATA"]) / "scifact" / "scifact.zip") as archive:
        names = {Path(name).name: name for name in archive.namelist()}
        corpus = rows(archive, names["corpus_train.csv"])
        claims = rows(archive, names["claims_validation.csv"])
    queries = {row["id"]: row["claim"] for row in claims}
    relevant = {row["id"]: set(re.findall(r"\d+", row["cited_doc_ids"])) for row in claims}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "corpus.jsonl")
        with file.open("w", encoding="utf-8") as out:
            for row in corpus:
                print(
                    json.dumps({"_id": row["doc_id"], "title": row["title"], "text": abstract(row["abstract"])}),
                    file=out,
                )
        limit = 10**9 if given.whole else None
        space = inlay.build([file], Path(folder, "scifact.space"), encoder=given.encoder, max_tokens=limit)
        answers = space.search(list(queries.values()), k=50)
        scores = []
        for key, hits in zip(queries, answers, strict=True):
            documents = list(dict.fromkeys(hit.id.partition("#")[0] for hit in hits))
            scores.append(ndcg(documents, relevant[key]))
        report = space.info()
    print(f"nDCG@10 {100 * sum(scores) / len(scores):.2f} (n={len(scores)} claims, {len(corpus)} abstracts)")
    print(json.dumps(report, indent=1, default=str)[:2000])


if __name__ == "__main__":
    main()
