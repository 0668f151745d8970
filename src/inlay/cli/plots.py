"""Plots for HTML pages that need nothing beside them."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import Any

from inlay.core.extras import load


def load_all() -> None:
    """Load what a report needs, or say which command installs it."""
    for module in ("matplotlib", "jinja2"):
        load(module, extra="eval", purpose="The HTML report")


@contextmanager
def drawing(width: float, height: float) -> Iterator[tuple[Any, list[str]]]:
    """Give a figure to draw on, and a list to which its SVG is added at the end; the same bytes in every run."""
    load("matplotlib", extra="eval", purpose="The HTML report")
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    done: list[str] = []
    with rc_context({"svg.hashsalt": "inlay", "svg.fonttype": "none"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, done
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
        done.append("".join(out.getvalue().partition("<svg")[1:]))


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template of this folder."""
    jinja2 = load("jinja2", extra="eval", purpose="The HTML report")
    text = resources.files(__package__).joinpath(template).read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return str(environment.from_string(text).render(values))
