"""Reranking of candidates."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError
from inlay.core.sample import Sample
from inlay.core.values import Hits, Reading, Search
from inlay.core.vectors import normalize, pair_scores
from inlay.data.datasets import Columns
from inlay.tasks._inputs import columns, vectors

from ._measured import per_query

_MEASURES = {"map": "AP", "mrr": "RR@10", "ndcg_at_10": "nDCG@10"}


@runtime_checkable
class _Ranks(Protocol):
    def rank(self, search: Search) -> Search: ...


class Reranking(Task):
    r"""Put the good ones of a query's own candidates before the bad ones.

    The main score is ``map``, the mean over the queries of their average precision,

    .. math:: \mathrm{AP} = \frac{1}{R} \sum_{i=1}^{n} P(i) \, \mathrm{rel}(i)

    for the precision P(i) of the first i of n candidates, R of which are good. As in MTEB, candidates are ordered by
    their cosine with the query, ``mrr`` looks at the first ten, and queries that have no good or no bad candidate are
    left out; among equal scores the bad candidates stand first, so that nothing is won by making all alike. The
    rankers of a pipeline, such as a cross-encoder, then order the candidates anew; its index is not used. Use
    `Retrieval` where the whole corpus is searched.

    Parameters
    ----------
    data : ``query``, a text for each row, and ``positive`` and ``negative``, a list of texts for each.

    References
    ----------
    Muennighoff, Tazi, Magne, Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL. arXiv:2210.07316

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "query": ["where did the cat sit", "did stocks fall"],
    ...     "positive": [["the cat sat on a mat"], ["stocks fell on monday"]],
    ...     "negative": [["rain fell", "the dog ran"], ["the cat did sit"]],
    ... }
    >>> print(Reranking(data).run(HashingEncoder())[0])
    map 0.75 (n=2, higher is better)
    """

    paper: ClassVar[str] = "muennighoff2023mteb"
    requires: ClassVar[tuple[str, ...]] = ("eval",)

    def __init__(self, data: Any = "musique-candidates") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "query": ["a cat", "rain", "nothing good"],
                "positive": [["the cat sat", "cats sleep"], ["it rained"], []],
                "negative": [["stocks fell"], ["a dog", "spain"], ["a dog"]],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``map``, ``mrr`` and ``ndcg_at_10``."""
        found = columns(self.data, "query", "positive", "negative", task="Reranking")
        sides = (found["query"], _lists(found, "negative"), _lists(found, "positive"))
        rows = [(query, bad, good) for query, bad, good in zip(*sides, strict=True) if bad and good]
        if not rows:
            raise DataError("Reranking needs at least one query with a positive and a negative candidate.")
        queries = [query for query, _, _ in rows]
        candidates = [text for _, negative, positive in rows for text in (*negative, *positive)]
        bad, good = (np.array([len(row[part]) for row in rows]) for part in (1, 2))
        Q, X = normalize(vectors(encoder, queries, role="query")), normalize(vectors(encoder, candidates))

        place = np.arange((bad + good).max())
        first = np.cumsum(bad + good) - (bad + good)  # the bad candidates of a query come first
        ids = np.where(place < (bad + good)[:, None], first[:, None] + place, -1)
        scores = pair_scores(Q, X, ids)
        order = np.argsort(-scores, axis=1, kind="stable")
        hits = Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1))
        if isinstance(encoder, _Ranks):
            hits = encoder.rank(Search(hits, Q=Q, X=X, queries=queries, items=candidates)).hits
        grades = [
            dict.fromkeys(range(start + n_bad, start + n_bad + n_good), 1)
            for start, n_bad, n_good in zip(first.tolist(), bad.tolist(), good.tolist(), strict=True)
        ]
        return [Reading.of(name, Sample("mean", (x,))) for name, x in per_query(hits, grades, _MEASURES).items()]


def _lists(found: Columns, name: str) -> list[list[str]]:
    """Return a column of lists of texts; a text in the place of a list would be taken for its letters."""
    for row, texts in enumerate(found[name]):
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            kind = type(texts).__name__
            raise DataError(f"Reranking needs a list of texts in each row of {name}; row {row} has a {kind}.")
    return [list(texts) for texts in found[name]]
