"""``inlay eval`` and ``inlay compare``: how good, how sure, and which is better."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import guarded
from .options import AsJson, check_report

if TYPE_CHECKING:
    from inlay.evaluation import Comparison, Evaluation

BASELINE = "hashing"

Tasks = Annotated[
    list[str],
    typer.Option(
        "--task",
        metavar="NAME",
        help="A task, a suite of tasks, a suite in a .toml file, or a file of your own data, whose columns say which "
        "protocol it is for; may be given several times.",
    ),
]
Results = Annotated[
    str, typer.Option("--results", metavar="DIR", help="Where results are kept; what is there is not run again.")
]
Again = Annotated[bool, typer.Option("--again", help="Run also what is there.")]
Baseline = Annotated[
    bool, typer.Option("--baseline/--no-baseline", help="Set the scores of hashed words beside, without --json.")
]
ReportFile = Annotated[
    str | None, typer.Option("--report", metavar="FILE", help="Write an HTML page with tables and plots besides.")
]


@guarded("Stopped. The tasks that are done are kept; the same command goes on from there.")
def eval_(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help='"hashing", or a model by name or folder, as build takes it.')
    ],
    task: Tasks,
    results: Results = "results",
    again: Again = False,
    baseline: Baseline = True,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Score an encoder on tasks, with 95 % intervals."""
    from .output import print_json

    check_report(report)
    beside = [BASELINE] if baseline and model != BASELINE and not as_json else []
    found = [_evaluated(name, task, results, again) for name in [model, *beside]]
    _report_skipped(found[0])
    if not as_json:
        _print(found)
    if report is not None:
        _write_report(found, [], report)
    if as_json:  # at the end: after one document there must be no room for an error
        print_json(_as_json(found[0]))
    _exit_if_broken(found)


@guarded("Stopped. The tasks that are done are kept; the same command goes on from there.")
def compare(
    models: Annotated[list[str], typer.Argument(metavar="MODEL MODEL...", help="Two models or more.")],
    task: Tasks,
    results: Results = "results",
    again: Again = False,
    report: ReportFile = None,
    as_json: AsJson = False,
) -> None:
    """Say of two encoders or more which is better, item by item, and whether the difference is real."""
    from dataclasses import asdict
    from itertools import combinations

    import inlay

    from .output import print_json

    if len(set(models)) < 2:
        raise typer.BadParameter("Name two models or more.")
    check_report(report)
    found = [_evaluated(name, task, results, again) for name in dict.fromkeys(models)]
    for one in found:
        _report_skipped(one)
    pairs = [(a, b, inlay.compare(a, b)) for a, b in combinations(found, 2)]
    if not as_json:
        _print(found)
        for a, b, comparisons in pairs:
            _print_comparisons(a, b, comparisons)
    if report is not None:
        _write_report(found, pairs, report)
    if as_json:
        rows = [(a.model, b.model, c) for a, b, comparisons in pairs for c in comparisons]
        print_json([{"models": [a, b], **asdict(c), "verdict": c.verdict} for a, b, c in rows])
    _exit_if_broken(found)


def _evaluated(model: str, tasks: list[str], results: str, again: bool) -> "Evaluation":
    import inlay
    from inlay._evaluation.suites import chosen

    from .progress import Meter
    from .report import announced

    names = [task.name for suite in chosen(tasks) for task in suite.tasks]
    done: dict[str, int] = {}
    with announced(), Meter(f"evaluating {model}") as meter:

        def on_progress(task: str, n: int) -> None:
            done[task] = done.get(task, 0) + n
            meter(model, names.index(task), len(names), "tasks")
            meter("encoding", sum(done.values()), 0, "items")

        return inlay.evaluate(model, tasks, results=results, again=again, on_progress=on_progress)


def _report_skipped(evaluation: "Evaluation") -> None:
    for one in evaluation.skipped:
        typer.echo(f"Passed over: {one.task}: {one.why}", err=True)


def _exit_if_broken(found: "list[Evaluation]") -> None:
    if not any(one.results for one in found) or any(skip.is_broken for one in found for skip in one.skipped):
        raise typer.Exit(1)


def _as_json(evaluation: "Evaluation") -> list[dict[str, Any]]:
    return [
        {
            "model": evaluation.model,
            "task": result.task,
            "name": reading.name,
            "value": reading.value,
            "n": reading.n,
            "interval": reading.interval,
            "unit": reading.unit,
            "better": reading.better,
            "main": i == 0,
        }
        for result in evaluation.results
        for i, reading in enumerate(result.readings)
    ]


def _print(found: "list[Evaluation]") -> None:
    from inlay._evaluation.table import Table

    from .output import print_columns

    rows = found[0].rows
    table = Table.of([one.results for one in found], rows)
    if not table.tasks:
        return
    results = {(result.task, one.model): result for one in found for result in one.results}
    cells = [["task", "score", "n", *table.systems]]
    for task, scores in zip(table.tasks, table.scores, strict=True):
        main = next(result for (name, _), result in results.items() if name == task).main
        line = [task, main.name, f"{main.n:,}"]
        for system, score in zip(table.systems, scores, strict=True):
            result = results.get((task, system))
            line.append(_cell(score, result.main.interval if result else None, main.unit))
        cells.append(line)
    together = table.aggregates()
    if len(table.tasks) > 1 and together.tasks:
        for name, values in (("mean", together.mean), ("mean by kind", together.by_kind), ("Borda", together.borda)):
            cells.append([name, "", f"{together.tasks}", *(f"{values[system]:.2f}" for system in table.systems)])
    print_columns(cells)


def _cell(score: float, interval: tuple[float, float] | None, unit: str) -> str:
    if score != score:
        return "-"
    scale = 1 if unit else 100
    return f"{score:.2f}" + (f" [{interval[0] * scale:.2f}, {interval[1] * scale:.2f}]" if interval else "")


def _print_comparisons(a: "Evaluation", b: "Evaluation", comparisons: "list[Comparison]") -> None:
    from .output import print_columns

    typer.echo(f"\n{a.model} against {b.model}, in points")
    cells = [["task", "difference", "p", "verdict"]]
    for one in comparisons:
        gap = one.difference
        if gap is None:
            cells.append([one.task, f"{100 * (one.first - one.second):+.2f}", "-", one.verdict])
            continue
        low, high = (100 * end for end in gap.interval)
        verdict = one.verdict.replace("the first", a.model).replace("the second", b.model)
        cells.append([one.task, f"{100 * gap.value:+.2f} [{low:+.2f}, {high:+.2f}]", f"{gap.p:.2g}", verdict])
    print_columns(cells)


def _write_report(found: "list[Evaluation]", pairs: list[Any], file: str) -> None:
    from .evaluation_page import page

    Path(file).write_text(page(found, pairs), encoding="utf-8")
    typer.echo(f"Wrote the report to {file}.", err=True)
