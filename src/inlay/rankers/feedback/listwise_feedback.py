"""Queries embedded again together with the texts of their first hits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Ranker
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Hits, Search
from inlay.core.vectors import as_vectors, normalize, pair_scores

from ._again import as_long_as, check_rows

PROMPT = (
    "Given a web search query and some relevant documents, rerank the documents that answer the query:\n"
    "Documents:\n{documents}\nSearch Query: {query}"
)


class ListwiseFeedback(Ranker):
    r"""Rerank hits by a query that was encoded once more, with the texts of the best hits in it (Liu et al. 2025).

    The query q and its first K hits make one text, the listwise prompt, and the cosine with its vector ranks all hits:

    .. math:: s(x) = \cos\bigl(x,\; (1 - \alpha)\, \hat v + \alpha\, \hat q\bigr), \qquad
              v = \mathrm{encode}(\mathrm{prompt}(q, d_1, \dots, d_K))

    It costs one encoding a query, however many hits there are, where a cross-encoder takes one a hit. E2Rank trains an
    encoder for such prompts, with a window of thousands of tokens; that is what the defaults, those of the paper, are
    for. An encoder that was not trained for it reads the prompt as any text, so that the vector stands near the mean
    of what the prompt holds: then take a `prompt` without instructions, the query first in it, where a short window
    does not cut it off, few words of few hits, and an `alpha` above 0. `Rocchio` has much the same from the vectors
    of the hits without any encoding, and searches all stored vectors again.

    Parameters
    ----------
    encoder : what made `X`; it encodes the prompts in the role "query".
    n_feedback : how many of the first hits go into the prompt, at least 1; 20 in the paper.
    prompt : the text that is encoded, with ``{query}`` and ``{documents}`` in it, the latter as numbered lines.
    n_words : the most words of each hit that go into the prompt, at least 1.
    alpha : weight of the first vector of the query, from 0, which is the paper's, to below 1. It is not in the paper.

    References
    ----------
    Liu, Zhang, Li, Long, Xie, Mao (2025). E2Rank: Your Text Embedding can Also be an Effective and Efficient Listwise
    Reranker. arXiv:2510.22733.

    Examples
    --------
    >>> from inlay.core.values import Search
    >>> from inlay.core.vectors import product_top_k
    >>> from inlay.encoders.text import HashingEncoder
    >>> encoder = HashingEncoder()
    >>> items = ["jaguar cat", "a car by the firm jaguar", "jaguar and puma are each a cat"]
    >>> X, Q = encoder.encode(items), encoder.encode(["jaguar"])
    >>> search = Search(product_top_k(Q, X, 3), Q=Q, X=X, queries=["jaguar"], items=items)
    >>> ranker = ListwiseFeedback(encoder, n_feedback=1, prompt="{query} {documents}")
    >>> search.hits.ids, ranker.rank(search).hits.ids
    (array([[0, 1, 2]]), array([[0, 2, 1]]))
    """

    paper: ClassVar[str] = "liu2025e2rank"

    def __init__(
        self,
        encoder: Encoder,
        *,
        n_feedback: int = 20,
        prompt: str = PROMPT,
        n_words: int = 1024,
        alpha: float = 0.0,
    ) -> None:
        self.encoder = encoder
        self.n_feedback = n_feedback
        self.prompt = prompt
        self.n_words = n_words
        self.alpha = alpha

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8), n_feedback=2)
        yield cls(encoder(dim=8), n_feedback=3, prompt="{query} {documents}", n_words=5, alpha=0.5)

    def rank(self, search: Search) -> Search:
        """Return the same hits in a new order; `Q` holds the queries that made it.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks `queries`, `items`, `X`, or `Q` where `alpha` is
            above 0.
        DataError
            If queries or items are not texts.
        ShapeError
            If the encoder's vectors differ in dimension from `X`, or are not finite.
        """
        self._check()
        search.need("ListwiseFeedback", "queries", "items", "X", *(["Q"] if self.alpha else []))
        X, hits = np.asarray(search.X), search.hits
        check_rows(hits.ids, len(X))
        some = np.flatnonzero(hits.counts)
        V = np.zeros((len(hits), X.shape[1]), np.float32)
        if len(some):
            fresh = self.encoder.encode(self._prompts(search, some.tolist()), role="query")
            if np.shape(fresh) != (len(some), X.shape[1]):
                raise ShapeError(f"encoder gave vectors of {np.shape(fresh)[1]} dimensions, but X has {X.shape[1]}.")
            V[some] = normalize(as_vectors(fresh, "the encoder's vectors"))
        if search.Q is not None:
            Q = as_vectors(search.Q, "Q", dim=X.shape[1])
            V = as_long_as((1 - np.float32(self.alpha)) * V + np.float32(self.alpha) * normalize(Q), Q)
        units = normalize(V)
        scores = pair_scores(units, X, hits.ids) / _lengths(X, hits.ids)
        scores[hits.ids < 0] = -np.inf
        order = np.lexsort((hits.ids, -scores))
        best = Hits(np.take_along_axis(hits.ids, order, 1), np.take_along_axis(scores, order, 1))
        return replace(search.found(best), Q=V)

    def _check(self) -> None:
        check_numbers(self, at_least={"n_feedback": 1, "n_words": 1, "alpha": 0}, below={"alpha": 1})
        if "{query}" not in self.prompt or "{documents}" not in self.prompt:
            raise ParameterError(f"prompt must hold {{query}} and {{documents}}, got {self.prompt!r:.80}.")

    def _prompts(self, search: Search, some: list[int]) -> list[str]:
        queries, items = cast(Sequence[Any], search.queries), cast(Sequence[Any], search.items)
        out = []
        for i in some:
            documents = [items[row] for row in search.hits.ids[i, : self.n_feedback] if row >= 0]
            if not all(isinstance(text, str) for text in (queries[i], *documents)):
                raise DataError("ListwiseFeedback needs texts, but queries or items hold something else.")
            cut = (" ".join(text.split()[: self.n_words]) for text in documents)
            lines = "\n".join(f"[{number}] {text}" for number, text in enumerate(cut, 1))
            # Not by format, which would trip over other braces in the prompt.
            before, _, after = self.prompt.partition("{documents}")
            out.append(lines.join(part.replace("{query}", queries[i]) for part in (before, after)))
        return out


def _lengths(X: FloatArray, ids: np.ndarray) -> FloatArray:
    """Return the lengths of the rows that are named, one where there is none to divide by."""
    out = np.ones(ids.shape, np.float32)
    for place, column in enumerate(ids.T):
        if len(X):
            found = np.linalg.norm(np.asarray(X[np.maximum(column, 0)], np.float32), axis=1)
            out[:, place] = np.where(found > 0, found, 1)
    return out
