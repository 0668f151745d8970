"""How complex the texts of a data set are: what to read its scores beside.

Tang and Yang (2024) control for the complexity of a data set by four measures: the error rate of a language model on
questions about the texts, the information entropy of a text, its readability by the Gunning fog index, and the mean
dependency distance of its sentences. `complexity` gives the second and the third, with what a corpus is usually
described by; `dependency_distance` gives the fourth, of sentences that a parser has been over; the first is the mean
of what a language model gets wrong and needs no function. These are functions of texts and not measures, for a measure
takes vectors.

References
----------
Tang, Yang (2024). Do We Need Domain-Specific Embedding Models? An Empirical Investigation. arXiv:2409.18511
Gunning (1952). The Technique of Clear Writing. McGraw-Hill.
Kincaid, Fishburne, Rogers, Chissom (1975). Derivation of New Readability Formulas for Navy Enlisted Personnel.
Shannon (1951). Prediction and Entropy of Printed English. Bell System Technical Journal 30.
Covington, McFall (2010). Cutting the Gordian Knot: The Moving-Average Type-Token Ratio (MATTR). Journal of
Quantitative Linguistics 17.
Liu (2008). Dependency Distance as a Metric of Language Comprehension Difficulty. Journal of Cognitive Science 9.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import DataError, ParameterError
from ..core.sample import Sample
from ..core.values import Reading
from .datasets import Columns

_COLUMNS = ("text", "text1", "text2", "documents", "queries", "query", "positive", "negative")
_SENTENCE = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)\]]*\s+|\n\s*\n")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")  # a hyphen parts two words
# A syllable for each run of vowels; an e that is not heard is not one, and some vowels side by side are two. On the
# words of the Brown corpus, by how often they stand there, this is 98 % of the counts of the CMU dictionary.
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[^aeiouyl])e$|(?<=[aeiouyrlw]l)e$"
    r"|(?<=[^aeiouytdl])ed$|(?<=[aeiouyrlw]l)ed$"
    r"|(?<=[^aeiouyszxcghl])es$|(?<=[aeiouyrlw]l)es$"
    r"|(?<=[^aeiouyl])e(?=(?:ly|ments?|ful|less|ness)$)"
)
_HEARD = re.compile(
    r"(?<![tcsgxln])i(?=[aou])|(?<![tcsgxln])(?<!fr)i(?=en)|(?<=^sc)i(?=en)|i(?=et)|o(?=e[mt])|e(?=um)"
    r"|(?<![qg])u(?=[ao])|[aeiouy](?=ing)|e(?=[ao]s?$)|(?:[sd]|th)(?=m$)"
)
_ENDING = re.compile(r"(?:es|ed|ing)$")


def texts(columns: Columns) -> list[str]:
    """Return the distinct texts of a data set, from those of its columns that hold texts by their name.

    These are text, text1, text2, documents, queries, query, positive and negative.

    Examples
    --------
    >>> texts({"text": ["a cat", "a dog", "a cat"], "label": ["x", "y", "x"]})
    ['a cat', 'a dog']
    """
    found: dict[str, None] = {}
    for name in _COLUMNS:
        column = columns.get(name, ())
        for value in column.values() if isinstance(column, Mapping) else column:
            found |= dict.fromkeys([value] if isinstance(value, str) else value)
    if not found:
        raise DataError(f"The data set has none of the columns {', '.join(_COLUMNS)}; it has {', '.join(columns)}.")
    return list(found)


def complexity(texts: Sequence[str], *, window: int = 50) -> list[Reading]:
    r"""Measure how complex texts are.

    ===================  ==============================================================================================
    gunning_fog          0.4 (words per sentence + 100 · complex words per word), mean over the texts: the years of
                         school that English text asks for. Complex are words of three syllables and more, not counting
                         an ending -es, -ed or -ing, and no names, which are words inside a sentence with a capital
    flesch_kincaid       0.39 words per sentence + 11.8 syllables per word - 15.59, mean over the texts: likewise
    entropy              :math:`-\sum_w p(w) \log_2 p(w)` over the words of a text, mean over the texts
    words                per text
    sentence_length      words per sentence, of all sentences together
    vocabulary           distinct words, whatever their case
    type_token_ratio     distinct words among `window` that follow each other, over `window`; mean over all such windows
    ===================  ==============================================================================================

    Syllables are counted by rule, for English; in other languages the first two mean nothing. The entropy of a text
    rises with its length, and the ratio of all distinct words falls with it, which is why windows are taken: compare
    entropy between data sets of like length alone. None of these is better high or low.

    Parameters
    ----------
    texts : of which those without a word are left out.
    window : at least 2; a corpus of fewer words is a single window.

    Examples
    --------
    >>> for reading in complexity(["The cat sat on the mat. It purred.", "Monetary policy has considerable effects."]):
    ...     print(reading)
    gunning_fog 13.8 years (n=2)
    flesch_kincaid 9.765 years (n=2)
    entropy 2.536 bits (n=2)
    words 6.5 words (n=2)
    sentence_length 4.333 words (n=2)
    vocabulary 12 words (n=2)
    type_token_ratio 0.9231 (n=13)
    """
    if window < 2:
        raise ParameterError(f"window must be at least 2, got {window}.")
    if isinstance(texts, str):
        raise ParameterError("complexity takes a list of texts, got one text.")
    counted = [counts for counts in map(_counts, texts) if counts[0]]
    if not counted:
        raise DataError(f"complexity needs a text with a word in it; of {len(texts)} texts none has one.")
    words = [word for text, _, _ in counted for word in text]
    heard = {word: _syllables(word) for word in set(words)}
    n = np.array([len(text) for text, _, _ in counted], np.float64)
    sentences = np.array([count for _, count, _ in counted], np.float64)
    hard = np.array([count for _, _, count in counted], np.float64)
    syllables = np.array([sum(heard[word] for word in text) for text, _, _ in counted], np.float64)
    return [
        _mean("gunning_fog", 0.4 * (n / sentences + 100 * hard / n), "years"),
        _mean("flesch_kincaid", 0.39 * n / sentences + 11.8 * syllables / n - 15.59, "years"),
        _mean("entropy", np.array([_entropy(text) for text, _, _ in counted]), "bits"),
        _mean("words", n, "words"),
        Reading.of("sentence_length", Sample("ratio", (n, sentences)), unit="words", better=None),
        Reading("vocabulary", float(len(heard)), len(n), unit="words", better=None),
        Reading("type_token_ratio", _type_token_ratio(words, window), len(words), better=None),
    ]


def dependency_distance(heads: Sequence[Sequence[int]]) -> Reading:
    r"""Measure how far words stand from those that they depend on, over sentences that a parser has been over.

    .. math:: \mathrm{MDD} = \frac{1}{n - s} \sum_{i=1}^{n - s} |DD_i|

    for n words in s sentences, where DD is the difference between the places of a word and of its head, and roots have
    none. Any parser will do; with spaCy the heads of a sentence are ``[word.head.i - sentence.start for word in
    sentence]``. Leave punctuation out before, or leave it in everywhere.

    Parameters
    ----------
    heads : for each sentence the place of the head of each word, counted from 0; the root is its own head.

    Examples
    --------
    >>> print(dependency_distance([[1, 1, 3, 1], [1, 1]]))  # "She reads old books", "Prices fell"
    dependency_distance 1.25 words (n=2)
    """
    far, many = np.zeros(len(heads)), np.zeros(len(heads))
    for i, sentence in enumerate(heads):
        places = np.asarray(sentence, np.int64)
        if places.ndim != 1 or ((places < 0) | (places >= len(places))).any():
            raise DataError(f"Sentence {i} of {len(places)} words has a head that is not one of them: {sentence}.")
        gap = np.abs(places - np.arange(len(places)))
        far[i], many[i] = gap.sum(), (gap > 0).sum()
    if not many.sum():
        raise DataError("dependency_distance needs a word that depends on another one.")
    return Reading.of("dependency_distance", Sample("ratio", (far, many)), unit="words", better=None)


def _mean(name: str, values: NDArray[Any], unit: str) -> Reading:
    return Reading.of(name, Sample("mean", (values,)), unit=unit, better=None)


def _counts(text: str) -> tuple[list[str], int, int]:
    """Return the words in lower case, the number of sentences that have words, and that of complex words."""
    sentences = [found for part in _SENTENCE.split(text) if (found := _WORD.findall(part))]
    hard = 0
    for sentence in sentences:
        for place, word in enumerate(sentence):
            is_name = place > 0 and word[0].isupper() and word[1:].islower()
            hard += not is_name and _is_complex(word.lower())
    return [word.lower() for sentence in sentences for word in sentence], len(sentences), hard


@lru_cache(1 << 16)
def _is_complex(word: str) -> bool:
    return _syllables(_ENDING.sub("", word)) > 2


@lru_cache(1 << 16)
def _syllables(word: str) -> int:
    heard = _SILENT.sub("", word) if len(word) > 2 else word
    return max(1, len(_VOWELS.findall(heard)) + len(_HEARD.findall(word)))


def _entropy(words: Sequence[str]) -> float:
    share = np.array([*Counter(words).values()]) / len(words)
    return max(0.0, float(-(share * np.log2(share)).sum()))


def _type_token_ratio(words: Sequence[str], window: int) -> float:
    """Count, for each word, the windows in which it is the first of its kind."""
    n, window = len(words), min(window, len(words))
    last: dict[str, int] = {}
    first = 0
    for place, word in enumerate(words):
        # windows start at 0 to n - window; those with this word in them start in the last `window` places
        low, high = max(last.get(word, -1) + 1, place - window + 1), min(place, n - window)
        first += max(0, high - low + 1)
        last[word] = place
    return first / ((n - window + 1) * window)
