"""Arguments and options that several commands share."""

import os
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
    for query in asked:
        if not _is_unicode(query):  # bytes of the shell that are not UTF-8 arrive as halves of surrogate pairs
            raise typer.BadParameter(f"The query {query!a} is not UTF-8; write it in UTF-8.")
    return asked


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _lines() -> list[str]:
    try:
        return [line.strip() for line in sys.stdin if line.strip()]
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            "The queries on stdin are not UTF-8; convert them: iconv -f ENCODING -t UTF-8."
        ) from error


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
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
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
    from inlay.data.find import NO_HOME, find

    for path in paths:
        if not path:  # it would stand for the current folder
            raise typer.BadParameter(
                "A path is empty; is a variable of the shell not set? Write . for the folder you are in."
            )
        if path.startswith("python:"):
            find([path], on_problem=_refuse)
            continue
        try:
            place = Path(path).expanduser()
        except RuntimeError as error:
            raise typer.BadParameter(f"{path}: {NO_HOME}.") from error
        if not place.exists():
            there = [entry.name for entry in place.parent.glob("*")]
            near = get_close_matches(Path(path).name, there, n=1)
            hint = f" Did you mean {Path(path).with_name(near[0])}?" if near else ""
            raise typer.BadParameter(f"There is no file or folder {path}.{hint}")


def check_report(file: str | None) -> None:
    """Refuse a report that could not be written, before the work is done that it is to report."""
    if file is None:
        return
    path = Path(file)
    if path.is_dir():
        raise typer.BadParameter(
            f"The report {file or repr(file)} is a folder; name a file in it, such as report.html."
        )
    folder = path.absolute().parent
    if not folder.is_dir():
        raise typer.BadParameter(f"There is no folder for the report {file}; make {folder} first.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise typer.BadParameter(f"There is no permission to write the report {file}; name another place.")
    from .plots import load_all

    load_all()


def _refuse(problem: "Problem") -> None:
    raise typer.BadParameter(f"{problem.source}: {problem.message}")
