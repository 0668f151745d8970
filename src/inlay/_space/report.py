"""Report and Options: what a build is told, and what it tells."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from inlay.core.contracts import CountingEncoder
from inlay.core.errors import ParameterError
from inlay.core.values import IdArray
from inlay.data.records import Problem

if TYPE_CHECKING:
    from inlay.data.splitter import Splitter

OnError = Literal["skip", "fail"]


@dataclass(slots=True)
class Report:
    """What a build or an add has done.

    Parameters
    ----------
    added, updated, unchanged, deleted : passages.
    documents, passages : how many the input has.
    tokens, tokens_lost, documents_touched : what was encoded, and what the encoder's limit cut away of it.
    sources : how many files or packages.
    seconds : how long it took.
    memory_ceiling_bytes : the most memory that this may have taken beside the model and the records that were given.
    problems : what was passed over.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    documents: int = 0
    passages: int = 0
    tokens: int = 0
    tokens_lost: int = 0
    documents_touched: int = 0
    sources: int = 0
    seconds: float = 0.0
    memory_ceiling_bytes: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """The number of rows that were written or deleted."""
        return self.added + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Options:
    """How sources are read: the columns of text and id, and the size of passages."""

    text: tuple[str, ...] | None = None
    id: str | None = None
    max_tokens: int | None = None

    @classmethod
    def of(cls, text: Sequence[str] | None = None, id: str | None = None, max_tokens: int | None = None) -> "Options":
        """Take what the user gave."""
        if isinstance(text, str):
            raise ParameterError(f"text is a list of columns; write text=[{text!r}].")
        if max_tokens is not None and max_tokens < 1:
            raise ParameterError(f"max_tokens must be at least 1, got {max_tokens}.")
        return cls(None if text is None else tuple(text), id, max_tokens)

    def digest(self, splitter: "Splitter | None") -> str:
        """Return what tells whether a source would be read otherwise now."""
        parts = [self.text, self.id, splitter.max_tokens if splitter else None]
        return sha256(json.dumps(parts).encode()).hexdigest()[:16]


def check_choices(on_error: str, dtype: str | None = None) -> None:
    """Refuse what is not among the choices."""
    if on_error not in get_args(OnError):
        raise ParameterError(f'on_error must be "skip" or "fail", got {on_error!r}.')
    if dtype not in (None, "float32", "float16"):
        raise ParameterError(f'dtype must be "float32" or "float16", got {dtype!r}.')


def splitter_for(encoder: Any, max_tokens: int | None) -> "Splitter | None":
    """Return what cuts documents to the length that the encoder sees; None where it has no limit.

    Passages that the user wants longer than that are his to have: what the encoder does not see is counted.
    For an encoder that cannot count tokens, words are counted.
    """
    if isinstance(encoder, CountingEncoder):
        from inlay.data.splitter import Splitter

        return Splitter(max_tokens or encoder.max_tokens, encoder.count_tokens)
    if max_tokens is None:
        return None
    from inlay.data.splitter import Splitter

    return Splitter(max_tokens, _count_words)


def _count_words(texts: Sequence[str]) -> IdArray:
    return np.array([len(text.split()) for text in texts], np.int64)
