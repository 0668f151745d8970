"""The report: one HTML page that needs nothing beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from inlay._evaluation.table import Table, points

from .plots import drawing, rendered

if TYPE_CHECKING:
    from inlay.evaluation import Comparison, Evaluation


def page(found: "Sequence[Evaluation]", pairs: "Sequence[tuple[Evaluation, Evaluation, list[Comparison]]]") -> str:
    """Return the page for several models on the same tasks, and for the comparisons of each two of them."""
    table = Table.of([one.results for one in found], found[0].rows)
    return rendered(
        "evaluation_page.html.j2",
        {
            "models": [one.model for one in found],
            "table": table,
            "together": table.aggregates(),
            "results": {(result.task, one.model): result for one in found for result in one.results},
            "pairs": pairs,
            "skipped": [(one.model, skip) for one in found for skip in one.skipped],
            "corpora": {result.task: result.provenance["corpus"] for one in found for result in one.results},
            "plot": _plot(found, table),
        },
    )


def _plot(found: "Sequence[Evaluation]", table: Table) -> str:
    """Draw the main scores of all systems with their intervals, a line for each task; SVG."""
    if not table.tasks:
        return ""
    with drawing(8, 1.0 + 0.22 * len(table.tasks) * len(table.systems)) as (figure, svg):
        axes: Any = figure.subplots()
        at = {task: i for i, task in enumerate(table.tasks)}
        step = 0.8 / max(1, len(table.systems))
        for j, system in enumerate(table.systems):
            own = [r for one in found if one.model == system for r in one.results]
            y = [at[r.task] + j * step for r in own] or [i + j * step for i in range(len(table.tasks))]
            x = [points(r) for r in own] or table.scores[:, j].tolist()
            scales = [1 if r.main.unit else 100 for r in own]
            spans = [
                (r.main.interval or (r.main.value, r.main.value), r.main.value, s)
                for r, s in zip(own, scales, strict=True)
            ]
            bars = [[(v - low) * s for (low, _), v, s in spans], [(high - v) * s for (_, high), v, s in spans]]
            axes.errorbar(x, y, xerr=bars if own else None, fmt="o" if own else "|", markersize=5, label=system)
        axes.set_yticks([i + 0.4 - step / 2 for i in range(len(table.tasks))], table.tasks)
        axes.set_ylim(len(table.tasks), -0.4)
        axes.set_xlabel("main score, points; bars are 95 % intervals")
        axes.grid(axis="x", alpha=0.3)
        figure.legend(loc="outside upper center", ncols=4, fontsize="small", frameon=False)
    return svg[0]
