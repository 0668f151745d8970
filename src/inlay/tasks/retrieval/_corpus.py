"""Documents, queries and judgements, checked; and what an encoder or a pipeline finds among them."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from inlay.core.contracts import Encodes
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import Hits
from inlay.core.vectors import normalize, product_top_k
from inlay.data.datasets import load
from inlay.tasks._inputs import vectors


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents and queries by id, and the grades of documents for each query that has a good one."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    relevant: Mapping[str, Mapping[str, int]]


def corpus(data: Any, *, task: str) -> Corpus:
    """Load a corpus; queries for which no document is good are left out, titles are joined to their texts."""
    loaded = load(data)
    missing = [name for name in ("documents", "queries", "relevant") if name not in loaded]
    if missing:
        raise DataError(f"{task} needs documents, queries and relevant; the data set lacks {', '.join(missing)}.")
    for name in ("documents", "queries", "relevant"):
        if not isinstance(loaded[name], Mapping):
            kind = type(loaded[name]).__name__
            raise DataError(f"{task}: {name} must map ids to what belongs to them, got a {kind}.")
    documents = {id_: _text(id_, document, task) for id_, document in loaded["documents"].items()}
    queries = dict(loaded["queries"])
    relevant = {}
    for query, grades in loaded["relevant"].items():
        if query not in queries:
            raise DataError(f"{task}: relevant names the query {query!r}, which is not among the queries.")
        unknown = next((document for document in grades if document not in documents), None)
        if unknown is not None:
            raise DataError(f"{task}: relevant names the document {unknown!r}, which is not among the documents.")
        broken = next((document for document, grade in grades.items() if not _is_whole(grade)), None)
        if broken is not None:
            raise DataError(f"{task}: grades are whole numbers; {query!r} gives {broken!r} {grades[broken]!r}.")
        if any(grade > 0 for grade in grades.values()):
            relevant[query] = {document: int(grade) for document, grade in grades.items()}
    if not relevant:
        raise DataError(f"{task} needs at least one query for which a document has a grade above zero.")
    return Corpus(documents, {query: queries[query] for query in relevant}, relevant)


def _text(id_: str, document: Any, task: str) -> str:
    """Return a document as one text: title, space, text."""
    if isinstance(document, str):
        return document
    if not isinstance(document, Mapping) or not isinstance(document.get("text"), str):
        raise DataError(f"{task}: the document {id_!r} must be a text, or a mapping with text and, maybe, title.")
    return f"{document.get('title') or ''} {document['text']}".strip()


def _is_whole(grade: Any) -> bool:
    return isinstance(grade, Real) and float(grade).is_integer()


def check_cut_offs(ks: Sequence[int]) -> None:
    """See that there is at least one cut-off, and none below 1."""
    if not ks or any(k < 1 for k in ks):
        raise ParameterError(f"ks must be cut-offs of at least 1, got {ks}.")


@runtime_checkable
class _Searches(Protocol):
    def store(self, items: Any) -> Self: ...

    def search(self, queries: Any, k: int) -> Hits: ...


def find(encoder: Encodes, known: Corpus, k: int, *, ignore_identical_ids: bool = False) -> Hits:
    """Return the best `k` documents for each query, as row numbers; a document of the query's own id may be left out.

    Raises
    ------
    ParameterError
        If `encoder` is neither an encoder nor a pipeline.
    """
    documents, queries = list(known.documents.values()), list(known.queries.values())
    width = min(k + ignore_identical_ids, len(documents))
    if isinstance(encoder, _Searches):  # a pipeline, whose stored items are left as they are
        hits = copy.copy(encoder).store(documents).search(queries, width)
    else:
        X = normalize(vectors(encoder, documents))
        hits = product_top_k(normalize(vectors(encoder, queries, role="query")), X, width)
    if not ignore_identical_ids:
        return hits
    rows = {document: row for row, document in enumerate(known.documents)}
    own = hits.ids == np.array([rows.get(query, -2) for query in known.queries])[:, None]
    order = np.argsort(own, axis=1, kind="stable")  # the document of the same id goes last
    ids = np.take_along_axis(np.where(own, -1, hits.ids), order, 1)
    return Hits(ids, np.take_along_axis(np.where(own, -np.inf, hits.scores), order, 1)).top(k)
