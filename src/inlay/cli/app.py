"""The application: its options, and the commands that it is made of."""

from typing import Annotated

import typer

from . import build, change, claims, classify, compress, evaluate, index, methods, search, show
from .exits import EPILOG

app = typer.Typer(
    name="inlay",
    epilog=EPILOG,
    no_args_is_help=True,
    # Rich is not needed for help, and importing it takes longer than everything else together.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from inlay import __version__

        typer.echo(f"inlay {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Embedding spaces: build one from files, folders or installed packages, and search it."""


app.command("build")(build.build)
app.command("search")(search.search)
app.command("classify")(classify.classify)
app.command("info")(show.info)
app.command("add")(change.add)
app.command("delete")(change.delete)
app.command("export")(show.export)
app.command("index")(index.index)
app.command("compress")(compress.compress)
app.command("eval")(evaluate.eval_)
app.command("compare")(evaluate.compare)
app.command("claims")(claims.claims)
app.command("methods")(methods.methods)
