"""The constraints that a query has, and the sentences that an item has, where they are texts."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from inlay.core.errors import ParameterError

_JOINTS = re.compile(
    r"\s*;\s*(?:(?:WORDS)\s+)*|,?\s+(?:(?:WORDS)\s+)+".replace("WORDS", "and|but|that|which|who"), re.I
)
_ENDS = re.compile(r"(?<=[.!?])\s+(?=[^\s.!?])|\n+")


class Parses(Protocol):
    """What takes a query apart; one that is to be saved with a ranker is a Method."""

    def parse(self, text: str) -> list[str]:
        """Return the constraints of a query, each a text that can be understood by itself."""


def clauses(text: str) -> list[str]:
    """Take a text apart at semicolons and at the words and, but, that, which and who.

    Examples
    --------
    >>> clauses("A film that was made in France, and which won a prize; in colour")
    ['A film', 'was made in France', 'won a prize', 'in colour']
    """
    return [part for part in map(str.strip, _JOINTS.split(text)) if part]


def sentences(text: str) -> list[str]:
    """Take a text apart behind full stops, exclamation and question marks that a space follows, and at new lines.

    Examples
    --------
    >>> sentences("It is 8.3 m long. Was it wrecked? Yes!")
    ['It is 8.3 m long.', 'Was it wrecked?', 'Yes!']
    """
    return [part for part in map(str.strip, _ENDS.split(text)) if part]


def constraints(query: Any, parser: Parses | None) -> list[Any]:
    """Return the constraints of a query: those that it lists, or those that a parser finds in a text."""
    if isinstance(query, list | tuple):
        return list(query)
    if not isinstance(query, str):
        raise ParameterError(f"A query must be a text or a list of constraints, got a {type(query).__name__}.")
    if parser is None:
        return clauses(query)
    parsed: Any = parser.parse(query)
    if isinstance(parsed, str):  # which would be a list of its letters
        raise ParameterError(f"A parser must return a list of texts, got the text {parsed!r:.60}; wrap it as [text].")
    return list(parsed)


def sentences_of(item: Any) -> Sequence[Any]:
    """Return the parts of an item: those that it lists, or the sentences of a text."""
    if isinstance(item, list | tuple):
        return item
    if not isinstance(item, str):
        raise ParameterError(
            f"An item must be a text or a list of its parts where the search has no X_parts, got a "
            f"{type(item).__name__}."
        )
    return sentences(item)
