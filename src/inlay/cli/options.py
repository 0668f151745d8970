"""Arguments and options that several commands share."""

import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from inlay.data.records import Problem

SpacePath = Annotated[str, typer.Argument(metavar="SPACE", help="The space, a folder that build made.")]
Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH",
        help="Files, folders, or python:NAME for the docstrings of an installed package (python:stdlib for the "
        "standard library).",
    ),
]
Questions = Annotated[
    list[str], typer.Argument(metavar="QUERY", help="One or more questions; - reads one from each line of stdin.")
]
Where = Annotated[
    str | None,
    typer.Option("--where", metavar="SQL", help='Only records for which this holds, such as "year >= 2020".'),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else on stdout.")]
Text = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="FIELD[,FIELD]",
        help="Columns of tables and JSON that hold the text; the usual names are found without it.",
    ),
]
Id = Annotated[str | None, typer.Option("--id", metavar="FIELD", help="The column that holds the id.")]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", metavar="N", min=1, help="The longest passage, in tokens; the encoder's limit without it."
    ),
]

Queries = Annotated[
    str | None,
    typer.Option(
        "--queries", metavar="FILE", help="Texts as they will be asked, one a line; held-back vectors without it."
    ),
]


OnError = Literal["skip", "fail"]
OnErrorOption = Annotated[
    OnError,
    typer.Option("--on-error", help="What cannot be read is passed over and named; with fail, the exit code is 1."),
]


def questions_of(queries: list[str]) -> list[str]:
    """Return the questions, with the lines of stdin in the place of each ``-``."""
    asked = [line for query in queries for line in (_lines() if query == "-" else [query])]
    if not asked or not all(query.strip() for query in asked):
        raise typer.BadParameter("A query is empty; give at least one word.")
    return asked


def _lines() -> list[str]:
    return [line.strip() for line in sys.stdin if line.strip()]


def fields(text: str | None) -> list[str] | None:
    """Return the names in a comma-separated list, None where none was given."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise typer.BadParameter(f"--text needs names between commas, got {text!r}.")
    return names


def lines_of(file: str | None) -> list[str] | None:
    """Return the lines of a file that are not empty, None where no file was given."""
    from inlay.core.errors import DataError

    if file is None:
        return None
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8, at byte {error.start}; convert it.") from error
    texts = [line.strip() for line in lines if line.strip()]
    if not texts:
        raise DataError(f"{file} has no query; put one on each line.")
    return texts


def check(paths: list[str]) -> None:
    """Refuse paths that are not there: a slip of the pen must not pass for an empty folder."""
    for path in paths:
        if path.startswith("python:"):
            from inlay.data.find import find

            find([path], on_problem=_refuse)
        elif not Path(path).expanduser().exists():
            there = [entry.name for entry in Path(path).expanduser().parent.glob("*")]
            near = get_close_matches(Path(path).name, there, n=1)
            hint = f" Did you mean {Path(path).with_name(near[0])}?" if near else ""
            raise typer.BadParameter(f"There is no file or folder {path}.{hint}")


def _refuse(problem: "Problem") -> None:
    raise typer.BadParameter(f"{problem.source}: {problem.message}")
