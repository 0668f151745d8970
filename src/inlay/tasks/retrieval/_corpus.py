"""Documents, queries and judgements, checked; and what an encoder or a pipeline finds among them."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

from inlay.core.contracts import Encodes
from inlay.core.errors import DataError
from inlay.core.values import Hits
from inlay.core.vectors import normalize, product_top_k
from inlay.data.datasets import load
from inlay.tasks._inputs import vectors


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents and queries by id, and the grades of documents for each query that has a good one."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, float]]


def corpus(data: Any, *, task: str) -> Corpus:
    """Load a corpus; queries for which no document is good are left out."""
    loaded = load(data)
    missing = [name for name in ("documents", "queries", "relevant") if name not in loaded]
    if missing:
        raise DataError(f"{task} needs documents, queries and relevant; the data set lacks {', '.join(missing)}.")
    documents, queries = dict(loaded["documents"]), dict(loaded["queries"])
    relevant = {}
    for query, grades in loaded["relevant"].items():
        if query not in queries:
            raise DataError(f"{task}: relevant names the query {query!r}, which is not among the queries.")
        unknown = next((document for document in grades if document not in documents), None)
        if unknown is not None:
            raise DataError(f"{task}: relevant names the document {unknown!r}, which is not among the documents.")
        if any(grade > 0 for grade in grades.values()):
            relevant[query] = dict(grades)
    if not relevant:
        raise DataError(f"{task} needs at least one query for which a document has a grade above zero.")
    return Corpus(documents, {query: queries[query] for query in relevant}, relevant)


@runtime_checkable
class _Searches(Protocol):
    def store(self, items: Any) -> Self: ...

    def search(self, queries: Any, k: int) -> Hits: ...


def find(encoder: Encodes, known: Corpus, k: int) -> Hits:
    """Return the best `k` documents for each query, as row numbers."""
    documents, queries = list(known.documents.values()), list(known.queries.values())
    k = min(k, len(documents))
    if isinstance(encoder, _Searches):  # a pipeline, whose stored items are left as they are
        return copy.copy(encoder).store(documents).search(queries, k)
    X = normalize(vectors(encoder, documents))
    return product_top_k(normalize(vectors(encoder, queries, role="query")), X, k)
