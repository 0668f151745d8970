"""Record: one thing to be stored. Problem: one thing that could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One thing to be encoded and stored: a whole document, or one passage of it.

    Parameters
    ----------
    id : unique in a space; a passage has the id of its document, ``#`` and its number.
    text : what is encoded and shown.
    source : where it came from, in the words of the user: a path, ``path:line``, or ``python:package.module``.
    start, end : where `text` stands in the document, in characters; ``document[start:end] == text``.
    fields : further columns, for filters and for display.
    """

    id: str
    text: str
    source: str = ""
    start: int = 0
    end: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """One piece of input that was passed over.

    Parameters
    ----------
    source : the file, as the user would name it.
    message : what is wrong with it and what to do.
    line : the line where it stands, counted from 1; 0 where there is no such thing.
    """

    source: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"
