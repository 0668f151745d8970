"""Vectors of the tokens of texts: those of the encoder where it gives them, else one for each word."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, TokenEncoder
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import Ragged
from inlay.tasks._inputs import vectors

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")


Side = tuple[Ragged, NDArray[np.float64] | None]


def tokens(
    encoder: Encodes,
    candidates: Sequence[str],
    references: Sequence[str],
    *,
    idf: bool = False,
    layer: int | None = None,
) -> tuple[Side, Side]:
    """Return the token vectors of both sides, each with the weights of its tokens, or None."""
    texts = [*candidates, *references]
    if isinstance(encoder, TokenEncoder):
        if idf:
            raise ParameterError(
                "idf weights need to know which tokens are the same; encode_tokens gives their vectors alone. "
                "Take idf=False."
            )
        both = encoder.encode_tokens(texts, layer=layer)
        if len(both) != len(texts):
            raise DataError(f"encode_tokens of the encoder made {len(both)} items of {len(texts)} texts.")
        return _split(both, len(candidates), None)
    if layer is not None:
        raise ParameterError("layer is for encoders with encode_tokens, which this one has not; take layer=None.")
    words = [_WORD.findall(text) for text in texts]
    row = {word: i for i, word in enumerate(dict.fromkeys(word for text in words for word in text))}
    if not row:
        raise DataError("BERTScore needs texts with words; none has one.")
    ids = np.array([row[word] for text in words for word in text], np.int64)
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    weights = _idf(row, words[len(candidates) :])[ids] if idf else None
    return _split(Ragged(vectors(encoder, list(row))[ids], offsets), len(candidates), weights)


def _idf(row: dict[str, int], references: list[list[str]]) -> NDArray[np.float64]:
    """Return -log of the share of the references with a word, one added to both counts."""
    held = Counter(word for words in references for word in set(words))
    df = np.array([held[word] for word in row])
    return np.log((len(references) + 1) / (df + 1))


def _split(both: Ragged, n: int, weights: NDArray[np.float64] | None) -> tuple[Side, Side]:
    cut = both.offsets[n]
    return (
        (Ragged(both.values[:cut], both.offsets[: n + 1]), None if weights is None else weights[:cut]),
        (Ragged(both.values[cut:], both.offsets[n:] - cut), None if weights is None else weights[cut:]),
    )
