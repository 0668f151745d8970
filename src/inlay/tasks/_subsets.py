"""Small retrieval data sets that are as hard as the whole ones."""

from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from inlay.core.contracts import Encodes
from inlay.core.errors import ParameterError
from inlay.data.datasets import Columns

from .retrieval._corpus import Corpus, corpus, find


def hard_negatives(
    data: Any,
    encoders: Sequence[Encodes],
    *,
    n_documents: int = 250,
    n_queries: int = 1000,
    random_state: int = 0,
) -> Columns:
    """Return a retrieval data set with the documents that are hard to tell from the relevant ones, and no others.

    For each query the relevant documents are kept, and filled up to `n_documents` from the best of each encoder in
    turn, the first of each, then the second of each; what any query keeps is in the corpus for all of them, in the
    order it had. Of more than `n_queries` queries as many are drawn.

    No score falls when documents that are not relevant go away, and for the encoders that chose scores at small
    cut-offs stay as they are; another encoder gains what it confuses and they do not, which is little where they are
    good and unlike each other. So do not judge an encoder beside others by what it alone has chosen.

    MMTEB takes BM25, multilingual-e5-large and e5-mistral-7b-instruct.

    Parameters
    ----------
    data : as `Retrieval` takes it.
    encoders : encoders or pipelines that find the hard documents, at least one.
    n_documents : for each query, at least 1; relevant ones are all kept even where they are more.
    n_queries : at least 1.

    References
    ----------
    Enevoldsen, Chung, Kerboua, Kardos et al. (2025). MMTEB: Massive Multilingual Text Embedding Benchmark. ICLR.
    arXiv:2502.13595

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "documents": {"d1": "the cat sat on a mat", "d2": "stocks fell on monday", "d3": "a cat slept"},
    ...     "queries": {"q1": "where did the cat sit"},
    ...     "relevant": {"q1": {"d1": 1}},
    ... }
    >>> list(hard_negatives(data, [HashingEncoder()], n_documents=2)["documents"])
    ['d1', 'd3']
    """
    for name, value in (
        ("n_documents", n_documents),
        ("n_queries", n_queries),
        ("the number of encoders", len(encoders)),
    ):
        if value < 1:
            raise ParameterError(f"{name} must be at least 1, got {value}.")
    known = _some_queries(corpus(data, task="hard_negatives"), n_queries, random_state)
    ids = list(known.documents)
    found = [find(encoder, known, n_documents).ids for encoder in encoders]
    kept: set[str] = set()
    for query, *rows in zip(known.queries, *found, strict=True):
        relevant = [document for document, grade in known.relevant[query].items() if grade > 0]
        in_turn = chain.from_iterable(zip_longest(*(row.tolist() for row in rows), fillvalue=-1))
        hard = dict.fromkeys([*relevant, *(ids[row] for row in in_turn if row >= 0)])
        kept |= set(list(hard)[: max(n_documents, len(relevant))])
    return {
        "documents": {document: text for document, text in known.documents.items() if document in kept},
        "queries": dict(known.queries),
        "relevant": {
            query: {document: grade for document, grade in grades.items() if document in kept}
            for query, grades in known.relevant.items()
        },
    }


def _some_queries(known: Corpus, n_queries: int, random_state: int) -> Corpus:
    queries = list(known.queries)
    if len(queries) <= n_queries:
        return known
    drawn = np.sort(np.random.default_rng(random_state).choice(len(queries), n_queries, replace=False))
    kept: Mapping[str, str] = {queries[i]: known.queries[queries[i]] for i in drawn.tolist()}
    return Corpus(known.documents, kept, {query: known.relevant[query] for query in kept})
