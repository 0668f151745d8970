"""What goes to stdout: one JSON document, or lines for people."""

import json
import math
import re
import shutil
import sys
from collections.abc import Mapping
from typing import Any

import typer

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has neither NaN nor infinity
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def print_json(value: Any) -> None:
    """Print `value` as the one JSON document of this run; what JSON does not know is written as text."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=2, default=str))


def print_columns(cells: list[list[str]]) -> None:
    """Print lines of cells, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def result_json(query: str, rank: int, result: Any) -> dict[str, Any]:
    """Return one hit as JSON wants it."""
    return {
        "query": query,
        "rank": rank,
        "id": result.id,
        "document": result.document,
        "score": round(float(result.score), 6),
        "source": result.source,
        "start": result.start,
        "end": result.end,
        "text": result.text,
        "fields": dict(result.fields),
    }


def excerpt(text: str, query: str, width: int) -> str:
    """Return about `width` characters of `text`, from the sentence that shares most words with `query`.

    Examples
    --------
    >>> excerpt("Cats sleep. Dogs bark at night. Birds sing.", "why do dogs bark", 24)
    '... Dogs bark at night. ...'
    """
    asked = set(re.findall(r"\w{3,}", query.lower()))
    sentences = [" ".join(part.split()) for part in _SENTENCE.split(text)]
    shared = [len(asked & set(re.findall(r"\w{3,}", part.lower()))) for part in sentences]
    best = max(range(len(sentences)), key=lambda i: (shared[i], -i))
    tail = " ".join(sentences[best:])
    if len(tail) > width:
        tail = tail[: width + 1].rpartition(" ")[0] or tail[:width]
        tail += " ..."
    return f"... {tail}" if best and any(sentences[:best]) else tail


def print_result(query: str, rank: int, result: Any) -> None:
    """Print one hit for people: rank, score, source and offsets, then the passage over two lines."""
    width = shutil.get_terminal_size().columns
    place = f"{result.source or result.id}  [{result.start}:{result.end}]"
    bold = sys.stdout.isatty()
    typer.echo(f"{rank:>2}  {result.score:.3f}  " + (typer.style(place, bold=True) if bold else place))
    words = excerpt(result.text, query, 2 * (width - 4) - 8)
    cut = len(words) if len(words) <= width - 4 else (words.rfind(" ", 0, width - 3) + 1 or width - 4)
    for line in (words[:cut], words[cut:]):
        if line.strip():
            typer.echo(f"    {line.strip()}")


def count(n: int, thing: str) -> str:
    """Return ``"1 passage"``, ``"2,000 passages"``."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def size(n: float) -> str:
    """Return a number of bytes for people.

    Examples
    --------
    >>> size(512), size(3_400_000)
    ('512 B', '3.4 MB')
    """
    for unit in ("B", "kB", "MB"):
        if n < 1000:
            return f"{n:.1f} {unit}" if unit != "B" else f"{int(n)} B"
        n /= 1000
    return f"{n:.1f} GB"
