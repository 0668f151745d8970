"""Items found by questions that they answer."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Ranker
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, Hits, IdArray, Search
from inlay.core.vectors import as_vectors, product_top_k

from ._again import without
from ._generators import Generator, TurnedWords, generated


class QuestionToQuestion(Ranker):
    r"""Find items by the questions that they answer, rather than by what they say (Thottingal 2025).

    `fit` has questions written for each item x, encodes them and forgets their words. The score of an item is that of
    the question nearest to the user's:

    .. math:: s(q, x) = \max_{p \in P(x)} \langle q, f(p) \rangle

    Questions are compared with questions: they are of one form, ask for one thing each, and hold what a user says more
    than what an author writes. Use it for a stock of answers that is asked about again and again; what no question
    was written for is not found. `HypotheticalDocuments` goes the other way, writes documents for each query, and
    needs no `fit`.

    Parameters
    ----------
    encoder : what made `Q`; it encodes the questions in the role "query".
    generator : an object with ``generate(texts, n)``, which returns up to n questions for each item, or a mapping of
        items to ready-made questions. An item without questions is never found.
    n_questions : the most questions of an item, at least 1.

    Attributes
    ----------
    questions_ : (m, d) float32, the vectors of all questions, item by item.
    offsets_ : (n + 1,) int64; the i-th item owns ``questions_[offsets_[i]:offsets_[i + 1]]``.
    items_ : what the items are known by, a digest of the text of each; equal ones once.

    References
    ----------
    Thottingal (2025). Question-to-Question Retrieval for Hallucination-Free Knowledge Access: An Approach for Wikipedia
    and Wikidata Question Answering. arXiv:2501.11301.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> items = ["Open from nine to five.", "Row 4, behind the door."]
    >>> known = {items[0]: ["when are you open"], items[1]: ["where do I park my car", "where can a car stand"]}
    >>> encoder = HashingEncoder()
    >>> asked = encoder.encode(["where is my car"], role="query")
    >>> search = Search(Hits([[0, 1]], [[0.1, 0.0]]), Q=asked, items=items)
    >>> hits = QuestionToQuestion(encoder, known).fit(search).rank(search).hits
    >>> hits.ids, hits.scores.round(2)
    (array([[1, 0]]), array([[0.67, 0.  ]], dtype=float32))
    """

    paper: ClassVar[str] = "thottingal2025question"

    questions_: FloatArray
    offsets_: IdArray
    items_: list[str]

    def __init__(self, encoder: Encoder, generator: Generator, *, n_questions: int = 10) -> None:
        self.encoder = encoder
        self.generator = generator
        self.n_questions = n_questions

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8), TurnedWords())
        yield cls(encoder(dim=8), TurnedWords(), n_questions=2)

    def fit(self, search: Search, y: None = None) -> Self:
        """Have questions written for the items of a search, and keep their vectors.

        Raises
        ------
        ParameterError
            If `n_questions` is less than 1, or the search lacks `items`.
        DataError
            If items are not texts, there is no list of questions for one, or no question at all.
        """
        if self.n_questions < 1:
            raise ParameterError(f"n_questions must be at least 1, got {self.n_questions}.")
        search.need("QuestionToQuestion", "items")
        items = cast(Sequence[Any], search.items)
        strange = next((i for i, item in enumerate(items) if not isinstance(item, str)), None)
        if strange is not None:
            raise DataError(f"items must be texts, but items[{strange}] is of type {type(items[strange]).__name__}.")
        texts = list(dict.fromkeys(items))
        written = generated(self.generator, texts, self.n_questions, "items")
        questions = [question for some in written for question in some]
        if not questions:
            raise DataError(f"generator gave no question for any of {len(texts)} items.")
        self.questions_ = as_vectors(self.encoder.encode(questions, role="query"), "the encoder's vectors")
        self.offsets_ = np.cumsum([0, *map(len, written)], dtype=np.int64)
        self.items_ = [_digest(text) for text in texts]
        self.__dict__.pop("_places", None)
        return self

    def rank(self, search: Search) -> Search:
        """Return the best of the search's items, as many as it has places.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search lacks `Q` or `items`.
        DataError
            If an item was not there in `fit`.
        ShapeError
            If the queries differ in dimension from the questions.
        """
        self._check_fitted()
        search.need("QuestionToQuestion", "Q", "items")
        Q = as_vectors(np.asarray(search.Q), "Q", dim=self.questions_.shape[1])
        k, of = search.hits.k, self._places_of(cast(Sequence[Any], search.items))
        if not k or not len(of):
            return search.found(search.hits)
        counts = self.offsets_[of + 1] - self.offsets_[of]
        owner = np.repeat(np.arange(len(of)), counts)
        place = (
            np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(self.offsets_[of], counts)
        )
        # That many questions are of k items at least, with the best question of each among them.
        whole = np.array_equal(place, np.arange(len(self.questions_)))  # as it is where the search holds all items
        stored = self.questions_ if whole else self.questions_[place]
        some = None if search.rows is None else np.flatnonzero(np.isin(owner, search.rows))
        hits = product_top_k(Q, stored, max(1, k * int(counts.max())), rows=some)
        rows = np.where(hits.ids >= 0, owner[np.maximum(hits.ids, 0)], -1) if len(owner) else hits.ids
        best, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
        for i, row in enumerate(rows):
            # By score, then by item; the first of an item counts.
            order = np.lexsort((row, -hits.scores[i]))
            _, first = np.unique(row[order], return_index=True)
            chosen = order[np.sort(first)]
            chosen = chosen[row[chosen] >= 0][:k]
            best[i, : len(chosen)], scores[i, : len(chosen)] = row[chosen], hits.scores[i, chosen]
        return search.found(without(Hits(best, scores), search.hits.counts == 0))

    def _places_of(self, items: Sequence[Any]) -> IdArray:
        """Return which of the items of `fit` each one is; the search may hold only some of them."""
        if not hasattr(self, "_places"):
            self._places = {digest: i for i, digest in enumerate(self.items_)}
        out = np.empty(len(items), np.int64)
        for i, item in enumerate(items):
            known = self._places.get(_digest(item)) if isinstance(item, str) else None
            if known is None:
                raise DataError(f"items[{i}], {item!r:.60}, was not there in fit, so that it has no questions.")
            out[i] = known
        return out


def _digest(text: Any) -> str:
    return hashlib.sha256(str(text).encode("utf-8", "surrogatepass")).hexdigest()[:32]
