"""Splitter: long documents to passages that fit an encoder, each with its place in the document."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from numpy.typing import NDArray

from ..core.errors import ParameterError
from ._kinds import kind_of
from .records import Record

CountTokens = Callable[[Sequence[str]], NDArray[Any]]
Span = tuple[int, int]

_BATCH_CHARACTERS = 1 << 20
_BATCH_RECORDS = 2048
_FILL = 0.95  # part of the limit that is aimed at; a passage that still misses it is cut again
_SLICES, _SLICE = 8, 512  # of a very long document, what is counted to learn how long its tokens are
_PARAGRAPHS = ["\n\n", "\r\n\r\n"]
_SENTENCES = [". ", "! ", "? ", ".\n", "!\n", "?\n", "。", "！", "？", "؟ ", "। "]  # noqa: RUF001
_CLAUSES = ["; ", ": ", ", ", "；", "：", "，", "、"]  # noqa: RUF001


class Splitter:
    r"""Split documents that are too long for an encoder at paragraphs, else lines, sentences, clauses and words.

    A document that fits is passed through as it is. The others become passages that each fit, overlap by no more than
    asked, and together hold all that is not white space: ``passage.text == document.text[passage.start:passage.end]``.
    The same document gives the same passages, whatever comes before and after it. Boundaries are found by chonkie's
    ``RecursiveChunker``, in characters; tokens are counted once for each passage, to make sure that it fits, and not
    once for each try.

    Parameters
    ----------
    max_tokens : the most tokens of a passage, at least 1.
    count_tokens : the number of tokens of each text of a list, as an array of integers; for texts in ASCII never more
        than there are characters. The method of that name of an encoder serves.
    overlap : the most tokens that a passage repeats of the one before it, less than half of `max_tokens`.

    Notes
    -----
    One character whose tokens are more than `max_tokens` stays one passage.

    Examples
    --------
    >>> import numpy as np
    >>> from inlay.data.records import Record
    >>> def count_words(texts):
    ...     return np.array([len(text.split()) for text in texts])
    >>> document = Record(id="a.txt", text="One two three. Four five.\n\nSix seven eight nine.", end=48)
    >>> for passage in Splitter(6, count_words).split([document]):
    ...     print(passage.id, passage.start, passage.end, repr(passage.text))
    a.txt#0 0 25 'One two three. Four five.'
    a.txt#1 27 48 'Six seven eight nine.'
    """

    def __init__(self, max_tokens: int, count_tokens: CountTokens, *, overlap: int = 0) -> None:
        if max_tokens < 1:
            raise ParameterError(f"max_tokens is at least 1; {max_tokens} was given")
        if not 0 <= 2 * overlap < max_tokens:
            raise ParameterError(
                f"overlap is at least 0 and less than max_tokens / 2; {overlap} of {max_tokens} was given"
            )
        self.max_tokens = max_tokens
        self.overlap = overlap
        self._count_tokens = count_tokens

    def split(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the passages of each record, in order, reading a batch of about a million characters ahead."""
        batch: list[Record] = []
        characters = 0
        for record in records:
            batch.append(record)
            characters += len(record.text)
            if characters >= _BATCH_CHARACTERS or len(batch) >= _BATCH_RECORDS:
                yield from self._split(batch)
                batch, characters = [], 0
        yield from self._split(batch)

    def _split(self, batch: list[Record]) -> Iterator[Record]:
        passages = self._passages([record for record in batch if not self._surely_fits(record.text)])
        for record in batch:
            spans = None if self._surely_fits(record.text) else next(passages)
            if spans is None:
                yield record
                continue
            for number, (start, end) in enumerate(spans):
                yield Record(
                    id=f"{record.id}#{number}",
                    text=record.text[start:end],
                    source=record.source,
                    start=record.start + start,
                    end=record.start + end,
                    fields=record.fields,
                )

    def _surely_fits(self, text: str) -> bool:
        return text.isascii() and len(text) < self.max_tokens

    def _passages(self, records: list[Record]) -> Iterator[list[Span] | None]:
        """Return the spans of the passages of each record; None where the whole fits."""
        texts = [record.text for record in records]
        samples = [self._sample(text) for text in texts]
        budget = self.max_tokens - self.overlap
        pending: list[tuple[int, int, int, int]] = []  # row, start, end, most characters
        widths: dict[int, float] = {}
        for row, (text, sample, tokens) in enumerate(zip(texts, samples, self._count(samples), strict=True)):
            if tokens > self.max_tokens or len(sample) < len(text):
                widths[row] = len(sample) / max(tokens, 1)
                pending.append((row, 0, len(text), max(1, int(widths[row] * budget * _FILL))))
        spans: dict[int, list[Span]] = {row: [] for row in widths}
        totals = dict.fromkeys(widths, 0)
        while pending:
            cuts = [
                (row, start + first, start + last)
                for row, start, end, most in pending
                for first, last in _cut(texts[row][start:end], most, kind_of(_path(records[row])) == "markdown")
            ]
            pending = []
            counts = self._count([texts[row][start:end] for row, start, end in cuts])
            for (row, start, end), tokens in zip(cuts, counts, strict=True):
                if tokens <= budget or end - start == 1:
                    spans[row].append((start, end))
                    totals[row] += tokens
                else:
                    most = int((end - start) * min(0.6, _FILL * budget / tokens))
                    pending.append((row, start, end, max(1, most)))
        for row in widths:
            if totals[row] <= self.max_tokens and self._count([texts[row]])[0] <= self.max_tokens:
                del spans[row]
        for row, found in spans.items():
            found.sort()
            spans[row] = self._overlapping(texts[row], found, widths[row]) if self.overlap else found
        return (spans.get(row) for row in range(len(texts)))

    def _overlapping(self, text: str, spans: list[Span], width: float) -> list[Span]:
        """Let each passage start earlier, at a word, where it then still fits; `width` is characters for a token."""
        longer = []
        for (before_start, before_end), (start, end) in pairwise(spans):
            reach = range(max(before_start, before_end - int(width * self.overlap)), before_end)
            begins = (at for at in reach if not text[at].isspace() and (at == 0 or text[at - 1].isspace()))
            word = next(begins, start)
            longer.append((min(word, start), end))
        wholes = self._count([text[start:end] for start, end in longer])
        shared = self._count([text[start : before[1]] for (start, _), before in zip(longer, spans, strict=False)])
        fits = [a <= self.max_tokens and b <= self.overlap for a, b in zip(wholes, shared, strict=True)]
        return spans[:1] + [new if fit else old for new, old, fit in zip(longer, spans[1:], fits, strict=True)]

    def _sample(self, text: str) -> str:
        """Return the text, or evenly spaced slices of it where it is so long that it cannot well fit."""
        if len(text) <= max(16 * self.max_tokens, 2 * _SLICES * _SLICE):
            return text
        step = (len(text) - _SLICE) // (_SLICES - 1)
        return "\n".join(text[at * step : at * step + _SLICE] for at in range(_SLICES))

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [int(n) for n in self._count_tokens(texts)] if texts else []


def _path(record: Record) -> PurePath:
    return PurePath(record.source)


def _cut(text: str, most: int, headings: bool) -> list[Span]:
    """Cut `text` into spans of up to `most` characters, without white space at their ends."""
    merged: list[Span] = []
    for chunk in _chunker(most, headings).chunk(text):
        if merged and chunk.end_index - merged[-1][0] <= most:
            merged[-1] = merged[-1][0], chunk.end_index
        else:
            merged.append((chunk.start_index, chunk.end_index))
    spans = []
    for start, end in merged:
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip())
        if start < end:
            spans.append((start, end))
    return spans


@lru_cache(maxsize=64)
def _chunker(most: int, headings: bool) -> Any:
    from chonkie import RecursiveChunker, RecursiveLevel, RecursiveRules

    levels = [RecursiveLevel(delimiters=list(marks)) for marks in (_PARAGRAPHS, ["\n"], _SENTENCES, _CLAUSES)]
    if headings:
        marks = [f"\n{'#' * depth} " for depth in range(1, 7)]
        levels.insert(0, RecursiveLevel(delimiters=marks, include_delim="next"))
    levels += [RecursiveLevel(whitespace=True), RecursiveLevel()]
    return RecursiveChunker("character", most, RecursiveRules(levels=levels), min_characters_per_chunk=1)
