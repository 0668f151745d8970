"""Templates: how a text encoder, which sees one text, is shown a text with what belongs to it."""

import string
from collections.abc import Mapping, Sequence

from inlay.core.errors import ParameterError


def filled(template: str, parts: Mapping[str, Sequence[str]], *, task: str) -> list[str]:
    """Return one text for each row of `parts`, which the template names in braces; ``{text}`` has to be among them.

    Examples
    --------
    >>> filled("{text} ({word})", {"text": ["a bank"], "word": ["bank"]}, task="WordInContext")
    ['a bank (bank)']
    """
    try:
        fields = [field[1:] for field in string.Formatter().parse(template) if field[1] is not None]
        named = {f"{name}{form}{conversion or ''}" for name, form, conversion in fields}  # a plain name alone will do
    except (TypeError, ValueError):
        named = set()
    if "text" not in named or not named <= set(parts):
        others = ", ".join(f"{{{name}}}" for name in parts if name != "text")
        raise ParameterError(f"template of {task} has to hold {{text}} and may hold {others}; got {template!r}.")
    return [template.format(**dict(zip(parts, row, strict=True))) for row in zip(*parts.values(), strict=True)]
