"""``inlay search``: questions to passages."""

import sys
from typing import Annotated

import typer

from .exits import guarded
from .options import AsJson, SpacePath


@guarded()
def search(
    space: SpacePath,
    queries: Annotated[
        list[str],
        typer.Argument(metavar="QUERY", help="One or more questions; - reads one from each line of stdin."),
    ],
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, help="How many passages for each query.")] = 5,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="SQL", help='Only records for which this holds, such as "year >= 2020".'),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the passages nearest to a question."""
    import inlay

    from .output import print_json, print_result, result_json
    from .progress import Meter
    from .report import announced

    asked = [line for query in queries for line in (_lines() if query == "-" else [query])]
    if not asked or not all(query.strip() for query in asked):
        raise typer.BadParameter("A query is empty; give at least one word.")
    with announced(), Meter("searching"):
        found = inlay.open(space).search(asked, k=k, where=where)
    if as_json:
        hits = zip(asked, found, strict=True)
        print_json([result_json(query, rank, hit) for query, hs in hits for rank, hit in enumerate(hs, 1)])
        return
    for i, (query, results) in enumerate(zip(asked, found, strict=True)):
        if len(asked) > 1:
            typer.echo(f"{'' if i == 0 else chr(10)}{query}")
        for rank, result in enumerate(results, 1):
            print_result(query, rank, result)
        if not results:
            typer.echo("    nothing found" + (" where " + where if where else ""))


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]
