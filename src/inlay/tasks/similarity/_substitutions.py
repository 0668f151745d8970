"""Texts in which a share of the words is replaced by words that are spelled alike."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from inlay.core.errors import DataError
from inlay.core.values import IdArray
from inlay.core.vectors import top_k

_WORD = re.compile(r"(\w+(?:'\w+)*)")
_ROWS = 512  # of the matrix of words by words that are held at once


class Substitutions:
    """The draws for every word of some texts: which are replaced first as the rate grows, and by what.

    A word that is replaced at one rate is replaced by the same word at every higher one.
    """

    def __init__(self, texts: Sequence[str], k: int, random_state: int) -> None:
        self._parts = [_WORD.split(text) for text in texts]  # every second part is a word
        self._words = [word for parts in self._parts for word in parts[1::2]]
        vocabulary, ids = np.unique([word.lower() for word in self._words], return_inverse=True)
        if len(vocabulary) < 2:
            raise DataError(f"SubstitutionNoise needs texts of at least 2 different words, got {len(vocabulary)}.")
        near = _nearest(vocabulary.tolist(), min(k, len(vocabulary) - 1))
        rng = np.random.default_rng(random_state)
        self._draws = rng.random(len(ids))
        self._others = vocabulary[near[ids, rng.integers(near.shape[1], size=len(ids))]].tolist()

    def at(self, rate: float) -> list[str]:
        """Return the texts with about this share of their words replaced, each word by itself."""
        swaps = (self._draws < rate).tolist()
        words = [b if swap else a for a, b, swap in zip(self._words, self._others, swaps, strict=True)]
        out, start = [], 0
        for parts in self._parts:
            stop = start + len(parts) // 2
            written = parts.copy()
            written[1::2] = words[start:stop]
            out.append("".join(written))
            start = stop
        return out


def _nearest(vocabulary: Sequence[str], k: int) -> IdArray:
    """Return for each word the `k` others that share most of its runs of two and three letters, (n, k)."""
    runs: Any = CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), dtype=np.float32)
    X = normalize(runs.fit_transform(vocabulary))
    found = []
    for start in range(0, len(vocabulary), _ROWS):
        S = (X[start : start + _ROWS] @ X.T).toarray()
        S[np.arange(len(S)), start + np.arange(len(S))] = -np.inf
        found.append(top_k(S, k)[0])
    return np.concatenate(found)
