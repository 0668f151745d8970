"""The report on compression: one HTML page that needs nothing beside it."""

from typing import TYPE_CHECKING, Any

from .compression_table import table
from .plots import drawing, rendered

if TYPE_CHECKING:
    from inlay.compression import Compression


def page(found: "Compression") -> str:
    """Return the page."""
    values = {"found": found, "cells": table(found), "plot": _plot(found)}
    return rendered("compression_page.html.j2", values)


def _plot(found: "Compression") -> str:
    """Draw what is kept against the bytes of a vector, with the frontier as a line; SVG."""
    with drawing(9, 5) as (figure, svg):
        axes: Any = figure.subplots()
        best = [one for name in found.frontier for one in found.measured if one.name == name]
        axes.plot([one.memory for one in best], [one.kept.value for one in best], color="0.7", zorder=0)
        for disk, label in ((False, "codes alone"), (True, "the best read again from disk")):
            these = [one for one in found.measured if bool(one.disk) == disk]
            spans = [one.kept.interval or (one.kept.value, one.kept.value) for one in these]
            bars = [
                [one.kept.value - low for one, (low, _) in zip(these, spans, strict=True)],
                [high - one.kept.value for one, (_, high) in zip(these, spans, strict=True)],
            ]
            x, y = [one.memory for one in these], [one.kept.value for one in these]
            axes.errorbar(x, y, yerr=bars, fmt="s" if disk else "o", markersize=5, label=label)
        labels: dict[tuple[float, float], list[str]] = {}
        for one in found.measured:  # ways that lie on one another share a label
            labels.setdefault((one.memory, round(one.kept.value, 2)), []).append(one.name)
        for place, names in labels.items():
            text = "\n".join(names)
            axes.annotate(text, place, fontsize=7, va="top", xytext=(5, -4), textcoords="offset points")
        axes.set_xscale("log", base=2)
        axes.set_xticks(sorted({one.memory for one in found.measured}), minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("bytes of a vector in memory")
        axes.set_ylabel(found.measured[0].kept.name)
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right", frameon=False)
    return svg[0]
