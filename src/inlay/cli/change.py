"""``inlay add`` and ``inlay delete``: changes to a space that stands."""

from typing import Annotated

import typer

from .exits import guarded
from .options import AsJson, Id, MaxTokens, OnErrorOption, Paths, SpacePath, Text, check, fields


@guarded("Stopped. What was committed is kept; run the same command again.")
def add(
    space: SpacePath,
    paths: Paths,
    text: Text = None,
    id: Id = None,
    max_tokens: MaxTokens = None,
    on_error: OnErrorOption = "skip",
    as_json: AsJson = False,
) -> None:
    """Add files to a space.

    A record whose id is known takes the place of the old one; either all of it is added or nothing.
    """
    import inlay

    from .progress import Meter
    from .report import announced, finish

    columns = fields(text)
    check(paths)
    with announced(), Meter("starting") as meter:
        report = inlay.open(space).add_paths(paths, text=columns, id=id, max_tokens=max_tokens, progress=meter)
    finish(report, space, on_error=on_error, as_json=as_json)


@guarded()
def delete(
    space: SpacePath,
    where: Annotated[
        str, typer.Option("--where", metavar="SQL", help="Which records to delete, such as \"source LIKE 'old/%'\".")
    ],
    as_json: AsJson = False,
) -> None:
    """Delete the records for which an SQL condition holds."""
    import inlay

    from .output import count, print_json
    from .progress import Meter
    from .report import announced

    with announced(), Meter("deleting"):
        opened = inlay.open(space)
        deleted = opened.delete(where)
        left = len(opened)
    if as_json:
        print_json({"space": space, "deleted": deleted, "passages": left})
    else:
        typer.echo(f"Deleted {count(deleted, 'passage')}; {left:,} left.")
