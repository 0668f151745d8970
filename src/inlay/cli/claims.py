"""``inlay claims``: what papers say, shown again."""

from typing import TYPE_CHECKING, Annotated

import typer

from .exits import guarded
from .options import AsJson

if TYPE_CHECKING:
    from inlay.claims import Verdict


@guarded("Stopped. The claims that are done are kept.")
def claims(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Claims to run; all without it.")] = None,
    show: Annotated[bool, typer.Option("--list", help="Run nothing; say what there is.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep/--dry-run", help="Keep what comes of it, and write docs/claims.md.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Run the claims of a checkout: exit code 1 if one fails."""
    from dataclasses import asdict

    from inlay import claims as module

    from .output import print_json
    from .progress import Meter

    if show:
        rows = [{"name": name, "methods": c.methods, "says": c.says} for name, c in module.claims().items()]
        if as_json:
            print_json(rows)
        for row in [] if as_json else rows:
            typer.echo(f"{row['name']}: {row['says']}")
        return
    verdicts = []
    with Meter("running claims") as meter:
        steps: dict[str, int] = {}

        def on_progress(name: str, what: str) -> None:
            steps[name] = steps.get(name, 0) + 1
            meter(f"{name}: {what}", steps[name], 0, "steps")

        for verdict in module.run(names or (), on_progress=on_progress):
            verdicts.append(verdict)
            if keep:
                module.record([verdict])
                _write_page()
            if not as_json:
                _print(verdict)
    if as_json:
        print_json([asdict(verdict) for verdict in verdicts])
    if any(verdict.status == "fails" for verdict in verdicts):
        raise typer.Exit(1)


def _write_page() -> None:
    from inlay import claims as module

    from .claims_page import page

    docs = module.FOLDER.parents[1] / "docs"
    (docs / "claims.md").write_text(page(module.recorded()), encoding="utf-8")


def _print(verdict: "Verdict") -> None:
    typer.echo(f"{verdict.name}: {verdict.status} ({verdict.seconds:.0f} s){' - ' if verdict.why else ''}{verdict.why}")
    for figure in verdict.figures:
        interval = f" [{figure.interval[0]:.4g}, {figure.interval[1]:.4g}]" if figure.interval else ""
        published = f", published {figure.published:.4g}" if figure.published is not None else ""
        span = f", has to be {figure.range}" if figure.range else ""
        mark = "  <- no" if figure.holds is False else ""
        typer.echo(f"    {figure.name}: {figure.value:.4g}{interval}{published}{span}{mark}")
