"""``inlay info`` and ``inlay export``: what a space holds, to read and to take away."""

from typing import Annotated, Any

import typer

from .exits import guarded
from .options import AsJson, SpacePath


@guarded()
def info(space: SpacePath, as_json: AsJson = False) -> None:
    """Show what is inside a space, how it was made, sizes and versions."""
    import inlay

    from .output import print_json

    facts = inlay.open(space).info()
    if as_json:
        print_json(facts)
    else:
        _print_facts(facts)


def _print_facts(facts: dict[str, Any], indent: str = "", *, bytes_: bool = False) -> None:
    width = max((len(str(key)) for key in facts), default=0)
    for key, value in facts.items():
        if key == "source_hashes":  # one line for each file; --json has them
            continue
        if isinstance(value, dict) and value:
            typer.echo(f"{indent}{key}")
            _print_facts(value, indent + "  ", bytes_=key == "bytes")
        else:
            typer.echo(f"{indent}{key!s:<{width}}  {_words(value, bytes_=bytes_)}")


def _words(value: Any, *, bytes_: bool) -> str:
    from .output import size

    if isinstance(value, int) and not isinstance(value, bool):
        return size(value) if bytes_ else f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None or value == {} else str(value)


@guarded()
def export(
    space: SpacePath,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Where to write; .parquet, .arrow, .csv or .jsonl says how.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write all records and vectors of a space to one file."""
    import inlay

    from .output import count, print_json
    from .progress import Meter

    with Meter("exporting"):
        opened = inlay.open(space)
        opened.export(file)
    if as_json:
        print_json({"space": space, "file": file, "passages": len(opened)})
    else:
        typer.echo(f"Wrote {count(len(opened), 'passage')} to {file}.")
