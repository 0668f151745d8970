"""Texts to tokens by the tokenizer's Rust core, on all processors, counting what the limit cuts away."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from inlay.core.errors import UnsupportedError
from inlay.core.values import IdArray

_CHARACTERS = 2_000_000  # given to the tokenizer at a time, so that its memory stays small


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """The tokens of texts, cut to the limit and with the special ones.

    Parameters
    ----------
    ids : the tokens of each text.
    whole : (n,) tokens that each text has, special ones not counted.
    lost : (n,) how many of them were cut.
    """

    ids: list[list[int]]
    whole: IdArray
    lost: IdArray


class Tokenizer:
    """The tokenizer of a sentence-transformers model.

    Parameters
    ----------
    tokenizer : of transformers, with a Rust core, or of tokenizers.
    limit : the most tokens of a text, special ones counted; None for no limit.
    """

    def __init__(self, tokenizer: Any, limit: int | None) -> None:
        core = getattr(tokenizer, "backend_tokenizer", tokenizer)
        if not hasattr(core, "encode_batch_fast"):
            raise UnsupportedError(
                f"The tokenizer {type(tokenizer).__name__} has no Rust core; a model with a tokenizer.json is needed."
            )
        # A copy: cutting and padding are done here, and the model keeps its own settings.
        self._core = type(core).from_str(core.to_str())
        self._core.no_truncation()
        self._core.no_padding()
        self.cuts_on_the_right = getattr(tokenizer, "truncation_side", "right") == "right"
        mask = self._core.encode("a").special_tokens_mask
        self._head = mask.index(0) if 0 in mask else len(mask)
        self._tail = mask[::-1].index(0) if 0 in mask else 0
        self.limit = limit

    @property
    def specials(self) -> int:
        """The number of special tokens that every text gets."""
        return self._head + self._tail

    def __call__(self, texts: Sequence[str]) -> Tokens:
        """Return the tokens of each text."""
        ids: list[list[int]] = []
        for start, stop in _spans(texts):
            part = list(texts[start:stop])
            try:
                found = self._core.encode_batch_fast(part)
            except (UnicodeEncodeError, TypeError):  # a lone surrogate
                found = self._core.encode_batch_fast([_repaired(text) for text in part])
            ids.extend(encoding.ids for encoding in found)
        lengths = np.fromiter(map(len, ids), np.int64, len(ids))
        lost = np.zeros(len(ids), np.int64)
        if self.limit is not None:
            lost = np.maximum(lengths - self.limit, 0)
            for i in np.flatnonzero(lost):
                kept = ids[i][: self.limit - self._tail]
                ids[i] = kept + ids[i][-self._tail :] if self._tail else kept
        return Tokens(ids, lengths - self.specials, lost)


def _repaired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _spans(texts: Sequence[str]) -> list[tuple[int, int]]:
    ends = np.cumsum([len(text) for text in texts])
    parts = np.flatnonzero(np.diff(ends // _CHARACTERS, prepend=0)) + 1
    edges = sorted({0, *map(int, parts), len(texts)})
    return list(pairwise(edges))
