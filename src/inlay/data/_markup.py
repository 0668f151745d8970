"""Markup: Markdown and reStructuredText as they stand, HTML as the text that a reader sees; each with its title."""

import re
from collections.abc import Iterator
from typing import Any

from ._columns import plain
from ._input import Input
from ._texts import document, text_of
from .records import Record

_FRONT = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^(```|~~~).*?(^\1|\Z)", re.DOTALL | re.MULTILINE)
_MARKDOWN_TITLE = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$|^(\S.*)\n(?:=+|-{3,})[ \t]*$", re.MULTILINE)
_RST_TITLE = re.compile(r"""^(\S.*)\n([=\-`:.'"~^_*+#<>])\2{2,}[ \t]*$""", re.MULTILINE)
_ASIDE = ["nav", "footer", "aside", "[role=navigation]", "[role=contentinfo]"]
_FRONT_LIMIT = 1 << 14
_BRACKETS = 500


def read_markdown(input: Input) -> Iterator[Record]:
    """Yield a Markdown file: its front matter becomes fields, its first heading the title."""
    text, encoding = text_of(input)
    front = _FRONT.match(text)
    fields = _front_matter(input, front[1]) if front and len(front[1]) <= _FRONT_LIMIT else None
    if front and fields is not None:
        text = text[front.end() :]
    heading = _MARKDOWN_TITLE.search(_FENCE.sub("", text))
    title = (heading[1] or heading[2]).strip() if heading else ""
    yield document(input, text, {"title": title, "encoding": encoding, **(fields or {})})


def read_rst(input: Input) -> Iterator[Record]:
    """Yield a reStructuredText file: its first heading becomes the title."""
    text, encoding = text_of(input)
    heading = _RST_TITLE.search(text)
    yield document(input, text, {"title": heading[1].strip() if heading else "", "encoding": encoding})


def read_html(input: Input) -> Iterator[Record]:
    """Yield the visible text of an HTML file, without navigation and footers, and its title."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    source, encoding = text_of(input)
    tree = HTMLTree.parse(source)
    text = extract_plain_text(tree, alt_texts=True, skip_elements=_ASIDE)
    yield document(input, text, {"title": " ".join((tree.title or "").split()), "encoding": encoding})


def _front_matter(input: Input, front: str) -> dict[str, Any] | None:
    """Return the fields of YAML front matter, or None where it is none, or cannot be read and so stays text."""
    import yaml

    try:
        # Aliases of aliases can fill the memory, and time goes with the square of the depth.
        if front.count("[") + front.count("{") + front.count("- -") > _BRACKETS:
            raise yaml.YAMLError("it is nested too deeply")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(front, yaml.SafeLoader)):
            raise yaml.YAMLError("it uses aliases")
        values = yaml.safe_load(front)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = getattr(error, "problem", None) or str(error) or type(error).__name__
        input.problem(f"the front matter is not YAML that can be read ({message}); it is kept as text", 1)
        return None
    if not isinstance(values, dict):
        return None
    return {str(key): plain(value) for key, value in values.items()}
