"""``inlay compress``: what each way to store the vectors of a space costs and keeps, and the one to use."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exits import guarded
from .options import AsJson, Queries, SpacePath, check_report, lines_of

if TYPE_CHECKING:
    from inlay.compression import Compression


@guarded("Stopped. What was committed is kept.")
def compress(
    space: SpacePath,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="BYTES", help="The most memory of a vector, such as 64B.")
    ] = None,
    keep: Annotated[
        float | None,
        typer.Option(
            "--keep",
            metavar="SHARE",
            help="The share of exact search's quality that must be left, such as 0.99: of nDCG with judgments, else "
            "of recall.",
        ),
    ] = None,
    choose: Annotated[
        str | None, typer.Option("--choose", metavar="NAME", help="The way by name; float32 takes a choice back.")
    ] = None,
    queries: Queries = None,
    judgments: Annotated[
        str | None,
        typer.Option(
            "--judgments", metavar="DATA", help="A known retrieval set, or a file with queries and relevant ids."
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Places that count.")] = 10,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Ways to try; may be given several times.")
    ] = None,
    thorough: Annotated[bool, typer.Option("--thorough", help="Try ways that take minutes to learn as well.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Use what is chosen, or leave the space as it is.")
    ] = True,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", min=100, help="Vectors that are measured; a sample of more.")
    ] = 50_000,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write an HTML page with a plot.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what each way to store the vectors costs and keeps, on the space itself, and use one of them.

    Without --budget, --keep or --choose the table is printed and nothing changes. Full vectors stay on disk.
    """
    import inlay

    from .output import print_json
    from .progress import Meter
    from .report import announced

    asked = lines_of(queries)
    check_report(report)
    with announced(), Meter("measuring") as meter:
        found = inlay.compress(
            space,
            budget=budget,
            keep=keep,
            choose=choose,
            queries=asked,
            judgments=judgments,
            k=k,
            only=only,
            thorough=thorough,
            apply=apply,
            max_rows=rows,
            on_progress=lambda name, done, total: meter(f"measuring {name}", done, total, "ways"),
        )
    for name, why in found.skipped:
        typer.echo(f"Passed over: {name}: {why}", err=True)
    if not as_json:
        _print(found)
    if report is not None:
        from .compression_page import page

        Path(report).write_text(page(found), encoding="utf-8")
        typer.echo(f"Wrote the report to {report}.", err=True)
    if as_json:  # at the end: after one document there must be no room for an error
        print_json(found.as_dict())


def _print(found: "Compression") -> None:
    from .compression_table import table
    from .output import print_columns

    typer.echo(f"{found.vectors:,} vectors of {found.dim} numbers; {found.queries}.")
    print_columns(table(found))
    typer.echo("* nothing else that was tried keeps more in as little memory. Intervals are of 95 %.")
    typer.echo("The last columns hold for certain: what codes lose, how far down a hit can fall, which stay found.")
    choice = found.choice
    if choice is None:
        typer.echo("Nothing was changed; choose with --keep 0.99, --budget 64B or --choose NAME.")
        return
    low, high = choice.kept.interval or (choice.kept.value, choice.kept.value)
    typer.echo(f"{choice.name}: {choice.why}; {choice.kept.name} {choice.kept.value:.4f} [{low:.4f}, {high:.4f}].")
    typer.echo(f"{found.path} searches so from now on." if found.applied else "The space is as it was (--dry-run).")
