"""``inlay build``: files to a space."""

from typing import Annotated, Literal

import typer

from .exits import guarded
from .options import AsJson, Id, MaxTokens, OnErrorOption, Paths, Text, check, fields


@guarded("Stopped. What was encoded is kept; run the same command again to go on from there.")
def build(
    paths: Paths,
    output: Annotated[str, typer.Option("-o", "--output", metavar="SPACE", help="Where the space is kept.")],
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="NAME|FOLDER",
            help="A sentence-transformers model, by name or folder, or hashing, which needs no model. "
            "Without it, the all-MiniLM-L6-v2 of the extra minilm.",
        ),
    ] = None,
    text: Text = None,
    id: Id = None,
    max_tokens: MaxTokens = None,
    dtype: Annotated[
        Literal["float32", "float16"] | None,
        typer.Option("--dtype", help="How the vectors of a new space are stored; float32 without it."),
    ] = None,
    on_error: OnErrorOption = "skip",
    as_json: AsJson = False,
) -> None:
    """Build a space from files, or bring it up to date.

    Running it again encodes only what has changed, and goes on where an interrupted run stopped.
    """
    import inlay

    from .progress import Meter
    from .report import announced, finish

    columns = fields(text)
    check(paths)
    with announced(), Meter("starting") as meter:
        space = inlay.build(
            paths, output, encoder=encoder, text=columns, id=id, max_tokens=max_tokens, dtype=dtype, progress=meter
        )
    finish(space.report, output, on_error=on_error, as_json=as_json)
