"""BM25: search of texts by their words."""

import functools
import itertools
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray, Hits, IdArray

from ._lists import Lists, lists_top_k, places, texts
from ._stored import allowed

VARIANTS = ("robertson", "lucene", "atire", "bm25l", "bm25+")


class BM25(Index):
    r"""Find texts by the words that they share with a query, rare words first.

    The score of a text :math:`D` of :math:`|D|` words for the query Q is (Robertson & Zaragoza 2009)

    .. math:: \sum_{w \in Q} \mathrm{IDF}(w) \frac{f(w, D)}{f(w, D) + k_1 (1 - b + b\,|D| / \overline{|D|})},

    with :math:`\mathrm{IDF}(w) = \ln(1 + (N - n(w) + \tfrac12) / (n(w) + \tfrac12))` in Lucene's variant. As in BM25S
    (Lù 2024), whose library parts texts into words, each summand is computed when the texts are stored, so that a
    search only adds numbers of the lists of its words. The lists lie on disk where the index was loaded with
    ``mmap``: only those of the words asked for are read, so that texts may be more than fit into memory. Only texts
    that share a word with the query are hits; equal scores stand in the order of row numbers. Words are runs of two
    and more letters, digits and underscores, in any case: as in bm25s, what stands alone, such as the C of "vitamin C",
    does not count.

    Use it for names, numbers, code and other words that have to match, alone or beside vectors, whose hits a ranker
    fuses with these. `Inverted` takes sparse vectors with weights of their own.

    Parameters
    ----------
    k1 : at least 0, how much a word gains by being repeated.
    b : 0 to 1, how much long texts are held back.
    variant : "lucene", "robertson", "atire", "bm25l" or "bm25+", after Kamphuis et al. (2020).
    delta : of "bm25l" and "bm25+", at least 0.
    language : of PyStemmer, such as "english" or "german", which makes one word of "house" and "houses"; None takes
        words as they stand.
    stop_words : words that do not count; None takes those that bm25s has for the language, where it has some.

    Attributes
    ----------
    vocabulary_ : the words, in order.
    values_, rows_, starts_ : the lists of texts of each word, and its summand there; see `Inverted`.
    counts_ : (entries,) int32, how often the word is in the text.
    floors_ : (words,) float32, what a word gives texts without it: 0 but in "bm25l" and "bm25+".
    n_rows_ : texts that are stored.

    References
    ----------
    Lù (2024). BM25S: Orders of magnitude faster lexical search via eager sparse scoring. arXiv:2407.03618.
    Robertson, Zaragoza (2009). The Probabilistic Relevance Framework: BM25 and Beyond. Foundations and Trends in
    Information Retrieval 3(4).
    Kamphuis, de Vries, Boytsov, Lin (2020). Which BM25 Do You Mean? ECIR.

    Examples
    --------
    >>> index = BM25().fit(["a cat that likes fish", "dogs and cats", "the sea is full of fish"])
    >>> index.search(["fish of the sea"], k=3).ids.tolist()
    [[2, 0, -1]]
    >>> index.vocabulary_[:3]
    ['cat', 'dog', 'fish']
    """

    paper: ClassVar[str] = "lu2024bm25s"
    requires: ClassVar[tuple[str, ...]] = ("lexical", "quantize")
    stores: ClassVar[Literal["texts"]] = "texts"

    vocabulary_: list[str]
    values_: FloatArray
    rows_: NDArray[np.int32]
    starts_: IdArray
    counts_: NDArray[np.int32]
    floors_: FloatArray
    n_rows_: int

    def __init__(
        self,
        k1: float = 1.5,
        b: float = 0.75,
        *,
        variant: str = "lucene",
        delta: float = 0.5,
        language: str | None = "english",
        stop_words: Sequence[str] | None = None,
    ) -> None:
        self.k1 = k1
        self.b = b
        self.variant = variant
        self.delta = delta
        self.language = language
        self.stop_words = stop_words

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(k1=0.9, b=0.4, variant="bm25+", delta=1.0, language=None, stop_words=["the"])

    def fit(self, X: Any) -> Self:
        """Count the words of the texts and store their scores; the places of the texts are the ids.

        Raises
        ------
        DataError
            If `X` is not a list of texts.
        MissingExtra
            If bm25s or PyStemmer is not installed.
        ParameterError
            If a parameter is out of its range.
        """
        return self._weigh(*self._counted(texts(X)))

    def add(self, X: Any) -> Self:
        """Store further texts behind those there are, and weigh all words anew from the counts that are kept.

        Raises
        ------
        DataError
            If `X` is not a list of texts.
        """
        self._check_fitted()
        fresh, more = self._counted(texts(X))
        both = sorted({*self.vocabulary_, *fresh})
        column = {word: i for i, word in enumerate(both)}
        old_columns = np.array([column[word] for word in self.vocabulary_], np.int64)
        new_columns = np.array([column[word] for word in fresh], np.int64)
        columns = np.repeat(np.r_[old_columns, new_columns], np.r_[np.diff(self.starts_), np.diff(more.indptr)])
        rows = np.concatenate([self.rows_, more.indices + np.int32(self.n_rows_)])
        counts = np.concatenate([self.counts_, more.data])
        shape = (self.n_rows_ + more.shape[0], len(both))
        return self._weigh(both, sparse.coo_array((counts, (rows, columns)), shape=shape).tocsc())

    def search(self, Q: Any, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` texts for each query.

        Parameters
        ----------
        Q : the texts that are asked with; a word that is there twice counts twice.
        k : at least 1; places beyond the number of allowed texts that share a word hold the id -1.
        where : rows allowed as hits: a mask of booleans, one for each row, or row numbers in any order.

        Raises
        ------
        DataError
            If `Q` is not a list of texts.
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `where` names rows that there are not.
        """
        self._check_fitted()
        k = places(k)
        asked = self._words(texts(Q, "Q"))
        known = self._known()
        found = [[known[word] for word in words if word in known] for words in asked]
        ends = np.cumsum([0, *map(len, found)])
        flat = np.fromiter((column for words in found for column in words), np.int32, ends[-1])
        counts = sparse.csr_array((np.ones(len(flat), np.float32), flat, ends), shape=(len(asked), len(known)))
        counts.sum_duplicates()
        lists = Lists(self.starts_, self.rows_, self.values_, self.n_rows_)
        hits = lists_top_k(counts, lists, k, rows=allowed(where, self.n_rows_), purpose="BM25")
        return Hits(hits.ids, hits.scores + (counts @ self.floors_)[:, None]) if self.floors_.any() else hits

    def _weigh(self, vocabulary: list[str], counts: Any) -> Self:
        """Store the (texts, words) counts as lists, and what each of them adds to a score."""
        counts.sort_indices()
        self.vocabulary_, self.n_rows_ = vocabulary, counts.shape[0]
        self._columns: dict[str, int] | None = None
        self.rows_, self.starts_ = counts.indices.astype(np.int32), counts.indptr.astype(np.int64)
        self.counts_ = counts.data.astype(np.int32)
        lengths = np.bincount(self.rows_, self.counts_, minlength=self.n_rows_)
        held = 1 - self.b + self.b * lengths / (lengths.sum() / max(1, self.n_rows_) or 1)
        shift = self.delta if self.variant == "bm25l" else 0.0
        scale = 1.0 if self.variant in ("robertson", "lucene") else self.k1 + 1
        worth = self.counts_.astype(np.float32)
        worth /= held.astype(np.float32)[self.rows_]
        worth += np.float32(shift)
        worth /= worth + np.float32(self.k1)
        worth *= np.float32(scale)
        without = scale * shift / (self.k1 + shift) if shift else 0.0  # what f = 0 is worth
        rarity = _rarity(self.variant, np.diff(self.starts_), self.n_rows_)
        worth -= np.float32(without)
        worth *= np.repeat(rarity, np.diff(self.starts_))
        self.values_ = np.maximum(worth, 0, out=worth)
        self.floors_ = rarity * np.float32(self.delta if self.variant == "bm25+" else without)
        return self

    def _counted(self, X: list[str]) -> tuple[list[str], Any]:
        """Return the words in order, and the (texts, words) counts by words."""
        if self.variant not in VARIANTS:
            raise ParameterError(f"variant must be one of {', '.join(VARIANTS)}, got {self.variant!r}.")
        if not (0 <= self.k1 < np.inf and 0 <= self.delta < np.inf and 0 <= self.b <= 1):
            raise ParameterError(
                "k1 and delta must be finite and at least 0, and b from 0 to 1, got "
                f"{self.k1}, {self.delta} and {self.b}."
            )
        found = self._tokens(X, return_ids=True)
        vocabulary = sorted(found.vocab)
        place = np.empty(len(vocabulary), np.int32)
        place[[found.vocab[word] for word in vocabulary]] = np.arange(len(vocabulary))
        ends = np.cumsum([0, *map(len, found.ids)])
        flat = place[np.fromiter(itertools.chain.from_iterable(found.ids), np.int32, ends[-1])]
        ones = np.ones(len(flat), np.int32)
        counts = sparse.csr_array((ones, flat, ends), shape=(len(X), len(vocabulary))).tocsc()
        counts.sum_duplicates()
        return vocabulary, counts

    def _words(self, X: list[str]) -> list[list[str]]:
        return [list(words) for words in self._tokens(X, return_ids=False)]

    def _tokens(self, X: list[str], *, return_ids: bool) -> Any:
        library, stemmer = self._library(), None
        if self.language is not None:
            stemming = load("Stemmer", extra="lexical", purpose="BM25")
            if self.language not in stemming.algorithms():
                known = ", ".join(stemming.algorithms())
                raise ParameterError(f"language must be None or one of {known}, got {self.language!r}.")
            stemmer = stemming.Stemmer(self.language)
        if isinstance(self.stop_words, str):
            raise ParameterError(
                f"stop_words must be a list of words, got {self.stop_words!r}; None takes those of the language."
            )
        # Texts are lowered before their words are looked up.
        ignored: Any = self.language if self.stop_words is None else [word.lower() for word in self.stop_words]
        try:
            library.tokenize([], stopwords=ignored, show_progress=False)
        except ValueError:
            ignored = []  # a language without a list of them
        return library.tokenize(
            X,
            token_pattern=_pattern(X),
            stopwords=ignored,
            stemmer=stemmer,
            return_ids=return_ids,
            show_progress=False,
        )

    def _known(self) -> dict[str, int]:
        columns = getattr(self, "_columns", None)
        if columns is None:
            self._columns = columns = {word: i for i, word in enumerate(self.vocabulary_)}
        return columns

    @staticmethod
    def _library() -> ModuleType:
        return load("bm25s", extra="lexical", purpose="BM25")


@functools.cache
def _marks() -> str:
    """Return the characters that belong to the letter before them, such as vowel signs."""
    return "".join(chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M")


def _pattern(X: list[str]) -> str:
    """Return the pattern of words: that of bm25s, or a slower one where that would tear words apart at marks."""
    marked = (text for text in X if not text.isascii())
    if any(re.search(f"[{_marks()}]", text) for text in marked):
        return rf"[\w{_marks()}]{{2,}}"
    return r"(?u)\b\w\w+\b"


def _rarity(variant: str, n: IdArray, rows: int) -> FloatArray:
    """Return the IDF of words that stand in n of the rows."""
    odds = (rows - n + 0.5) / (n + 0.5)
    ratio = {
        "robertson": np.maximum(odds, 1),
        "lucene": 1 + odds,
        "atire": rows / n,
        "bm25l": (rows + 1) / (n + 0.5),
        "bm25+": (rows + 1) / n,
    }
    out: FloatArray = np.log(ratio[variant]).astype(np.float32)
    return out
