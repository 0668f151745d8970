"""Texts: one document a file, read as it stands."""

from collections.abc import Iterator
from typing import Any

from ._columns import clean
from ._input import Input
from ._kinds import language_of
from .records import Record


def document(input: Input, text: str, fields: dict[str, Any]) -> Record:
    """Return the record of a whole file; fields without a value are left out."""
    text = clean(text)
    name = input.source.name
    kept = {clean(key): value for key, value in fields.items() if value not in (None, "")}
    return Record(id=name, text=text, source=name, end=len(text), fields=kept)


def text_of(input: Input) -> tuple[str, str]:
    """Return the text of a file and its encoding, the latter ``""`` where it is UTF-8."""
    text, encoding = input.text()
    return text, "" if encoding == "utf-8" else encoding


def read_text(input: Input) -> Iterator[Record]:
    """Yield a text file."""
    text, encoding = text_of(input)
    yield document(input, text, {"encoding": encoding})


def read_code(input: Input) -> Iterator[Record]:
    """Yield a source file, with its language."""
    text, encoding = text_of(input)
    yield document(input, text, {"language": language_of(input.source.path), "encoding": encoding})
