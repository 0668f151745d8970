"""Retrieval, apart by the length of documents."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import CountingEncoder, Encodes, Task
from inlay.core.errors import ParameterError
from inlay.core.sample import Sample
from inlay.core.values import Reading

from ._corpus import Corpus, corpus, find
from ._measured import per_query, row_grades


class LongDocumentRetrieval(Task):
    r"""Find documents as `Retrieval` does, and read the score apart for short and for long ones.

    The main score is ``ndcg_at_10`` of all queries. Beside it stands that of the queries whose document has from
    :math:`e_i` to below :math:`e_{i+1}` words, named ``ndcg_at_10_0_128`` and so on, the last ``ndcg_at_10_512_inf``; a
    query with several good documents counts by their mean length, and a bucket that no query falls into is left out.
    All documents are searched together, so that a long one has to stand against the short ones.

    Use it to see whether an encoder loses what it cannot read at once: where the score falls at its limit of tokens,
    a longer one or smaller chunks will help. LongEmbed, whose question this is, instead builds one corpus for each
    length, and holds what is asked at a known place.

    Parameters
    ----------
    data : as for `Retrieval`: ``documents``, ``queries`` and ``relevant``.
    edges : lengths between which the buckets lie, above 0 and rising.
    unit : ``"words"``, what white space parts, or ``"tokens"`` as the encoder counts them, which not every one does.
    k : cut-off, at least 1.

    References
    ----------
    Zhu, Wang, Yang, Song, Wu, Wei, Li (2024). LongEmbed: Extending Embedding Models for Long Context Retrieval. EMNLP.
    arXiv:2404.12096

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "documents": {"d1": "the cat sat", "d2": "stocks fell " * 10, "d3": "rain " * 10 + "and a dog"},
    ...     "queries": {"q1": "where did the cat sit", "q2": "what fell", "q3": "a dog"},
    ...     "relevant": {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}},
    ... }
    >>> for reading in LongDocumentRetrieval(data, edges=(10,), k=1).run(HashingEncoder()):
    ...     print(reading)
    ndcg_at_1 1 (n=3, higher is better)
    ndcg_at_1_0_10 1 (n=1, higher is better)
    ndcg_at_1_10_inf 1 (n=2, higher is better)
    """

    paper: ClassVar[str] = "zhu2024longembed"
    requires: ClassVar[tuple[str, ...]] = ("eval",)

    def __init__(
        self, data: Any = "scifact", edges: Sequence[int] = (128, 256, 512), unit: str = "words", k: int = 10
    ) -> None:
        self.data = data
        self.edges = edges
        self.unit = unit
        self.k = k

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "documents": {"a": "the cat sat", "b": "stocks fell " * 5, "c": "rain in spain " * 8, "d": "a dog"},
                "queries": {"1": "cat", "2": "stocks", "3": "spain"},
                "relevant": {"1": {"a": 1, "d": 2}, "2": {"b": 1}, "3": {"a": 1, "c": 1}},
            },
            edges=(4, 12),
            k=2,
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``ndcg_at_k``, and the same of each bucket."""
        edges = [0, *self.edges]
        if len(edges) < 2 or any(low >= high for low, high in itertools.pairwise(edges)):
            raise ParameterError(f"edges must be lengths above 0 that rise, got {self.edges}.")
        if self.k < 1:
            raise ParameterError(f"k must be at least 1, got {self.k}.")
        known = corpus(self.data, task="LongDocumentRetrieval")
        lengths = self._lengths(encoder, known)
        name = f"ndcg_at_{self.k}"
        scores = per_query(find(encoder, known, self.k), row_grades(known), {name: f"nDCG@{self.k}"})[name]
        bucket = np.searchsorted(edges, lengths, side="right") - 1
        readings = [Reading.of(name, Sample("mean", (scores,)))]
        for i, (low, high) in enumerate(zip(edges, [*edges[1:], "inf"], strict=True)):
            if (bucket == i).any():
                readings.append(Reading.of(f"{name}_{low}_{high}", Sample("mean", (scores[bucket == i],))))
        return readings

    def _lengths(self, encoder: Encodes, known: Corpus) -> NDArray[np.float64]:
        """Return the mean length of the good documents of each query."""
        good = [[d for d, grade in grades.items() if grade > 0] for grades in known.relevant.values()]
        wanted = list(dict.fromkeys(document for of in good for document in of))
        counts = dict(zip(wanted, self._counted(encoder, [known.documents[d] for d in wanted]), strict=True))
        return np.array([np.mean([counts[document] for document in of]) for of in good])

    def _counted(self, encoder: Encodes, texts: list[str]) -> list[int]:
        if self.unit == "words":
            return [len(text.split()) for text in texts]
        if self.unit != "tokens":
            raise ParameterError(f"unit must be 'words' or 'tokens', got {self.unit!r}.")
        counting = getattr(encoder, "encoder", encoder)  # a pipeline has its encoder inside
        if not isinstance(counting, CountingEncoder):
            raise ParameterError(f"{type(counting).__name__} does not count tokens; take unit='words'.")
        counted: list[int] = counting.count_tokens(texts).tolist()
        return counted
