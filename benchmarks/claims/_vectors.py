"""Vectors of the data of claims, encoded once on a machine and kept in ``.cache``."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inlay.core.contracts import Encoder
from inlay.core.fingerprint import fingerprint
from inlay.encoders.text import TextEncoder

CACHE = Path(__file__).parents[2] / ".cache" / "vectors"


def encoded(texts: Sequence[str], encoder: Encoder | None = None, *, role: str = "document"):
    """Return the vectors of texts, of all-MiniLM-L6-v2 where no encoder is given; (n, d) float32."""
    encoder = TextEncoder() if encoder is None else encoder
    mark = hashlib.sha256(f"{fingerprint(encoder)}\0{role}\0".encode())
    for text in texts:
        mark.update(hashlib.sha256(text.encode()).digest())
    file = CACHE / f"{mark.hexdigest()[:32]}.npy"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npy")
        np.save(part, encoder.encode(list(texts), role=role))
        part.replace(file)
    return np.load(file)


class Known(Encoder):
    """Vectors that are there already, looked up by what they stand for."""

    paper = ""

    def __init__(self, vectors):
        self.vectors = vectors

    @classmethod
    def examples(cls):
        """Yield nothing: no check runs on it."""
        yield from ()

    def encode(self, items, *, role="document"):
        """Look vectors up."""
        return np.stack([self.vectors[item] for item in items])


def corpus(columns, encoder: Encoder | None = None):
    """Return documents, queries and judgments of a retrieval set as vectors and row numbers.

    Returns
    -------
    documents : (n documents, d).
    queries : (n queries, d), those with a relevant document.
    relevant : for each query the grades of documents, by row number.
    """
    rows = {name: i for i, name in enumerate(columns["documents"])}
    asked = [q for q in columns["queries"] if any(grade > 0 for grade in columns["relevant"].get(q, {}).values())]
    relevant = [{rows[d]: g for d, g in columns["relevant"][q].items() if d in rows} for q in asked]
    documents = encoded(list(columns["documents"].values()), encoder)
    return documents, encoded([columns["queries"][q] for q in asked], encoder, role="query"), relevant


def ranked(hash, documents, queries):
    """Return all documents for each query, ranked by the bits that differ."""
    return hash.search_codes(queries, hash.transform(documents), k=len(documents))


def mean_average_precision(hits, same) -> float:
    """Return the mean average precision of hits that name all documents; `same` marks the good ones of each query."""
    hit = np.take_along_axis(same, hits.ids, axis=1)
    at = np.cumsum(hit, axis=1) / np.arange(1, hit.shape[1] + 1)
    return float(((at * hit).sum(axis=1) / np.maximum(hit.sum(axis=1), 1)).mean())


def ndcg(ids, relevant, k=10):
    """Return nDCG at `k` of each query, from the rows that were found and the grades by row."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    found = []
    for row, grades in zip(np.asarray(ids)[:, :k], relevant, strict=True):
        best = np.sort(np.maximum(np.fromiter(grades.values(), float), 0))[::-1][:k]
        gains = [max(grades.get(int(i), 0), 0) for i in row]
        found.append(discount[: len(row)] @ gains / (discount[: len(best)] @ best))
    return np.array(found)
