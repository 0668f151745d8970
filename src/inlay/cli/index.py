"""``inlay index``: the index of a space, tuned to a stated recall, and that of its words."""

from typing import TYPE_CHECKING, Annotated

import typer

from .exits import guarded
from .options import AsJson, Queries, SpacePath, lines_of

if TYPE_CHECKING:
    from inlay.tuning import Tuning


@guarded("Stopped. What was committed is kept.")
def index(
    space: SpacePath,
    recall: Annotated[
        float | None,
        typer.Option(
            "--recall", metavar="SHARE", help="The share of exact hits that has to be found; 0.95 without --words."
        ),
    ] = None,
    words: Annotated[
        bool, typer.Option("--words", help="Index the words of the texts, which inlay search --hybrid needs.")
    ] = False,
    queries: Queries = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Places that count.")] = 10,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Indexes to try; may be given several times.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Use the fastest that will do, or leave the space as it is.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Build indexes over the vectors, measure what they find and how fast, and use the fastest that will do."""
    import inlay

    from .output import print_json
    from .progress import Meter
    from .report import announced

    asked = lines_of(queries)
    found = None
    with announced(), Meter("indexing") as meter:
        if words and apply:
            meter("indexing the words", 0, 1, "space")
            inlay.open(space).index_words()
        if recall is not None or not words:
            found = inlay.tune(
                space,
                recall=0.95 if recall is None else recall,
                queries=asked,
                k=k,
                only=only,
                apply=apply,
                on_progress=lambda name, done, total: meter(f"building {name}", done, total, "indexes"),
            )
    for name, why in () if found is None else found.skipped:
        typer.echo(f"Passed over: {name}: {why}", err=True)
    if as_json:
        print_json({"words": words and apply} | ({} if found is None else found.as_dict()))
        return
    if words:
        typer.echo("The words are indexed." if apply else "The words are not indexed (--dry-run).")
    if found is not None:
        _print(found)


def _print(found: "Tuning") -> None:
    from .output import print_columns

    typer.echo(f"{found.vectors:,} vectors; {found.queries}.")
    cells = [["", "index", found.tried[0].recall.name, "query ms", "build s", "bytes", "on disk"]]
    for one in found.tried:
        low, high = one.recall.interval or (one.recall.value, one.recall.value)
        row = [f"{one.recall.value:.3f} [{low:.3f}, {high:.3f}]", f"{one.search_ms:.2f}", f"{one.fit_s:.1f}"]
        row += [f"{one.memory:.0f}", f"{one.disk:.0f}" if one.disk else "-"]
        cells.append(["*" if one is found.choice else "", one.name, *row])
    print_columns(cells)
    told = found.choice.halves()[1]
    low, high = told.interval or (told.value, told.value)
    typer.echo(f"{found.choice.name}: {told.name} {told.value:.3f} [{low:.3f}, {high:.3f}] on the other half.")
    typer.echo(f"{found.path} searches so from now on." if found.applied else "The space is as it was (--dry-run).")
