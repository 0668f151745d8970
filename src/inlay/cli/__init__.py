"""The command line: ``inlay build``, ``search``, ``info``, ``add``, ``delete``, ``export``, ``methods``.

Nothing imports this package. Its modules import the rest of Inlay inside the commands, so that ``inlay --help``
answers at once.
"""


def main() -> None:
    """Run the command line; the exit codes are listed in `inlay.cli.exits`."""
    import os

    # Libraries that draw bars of their own do so also where nobody looks; ours come from `inlay.cli.progress`.
    os.environ.setdefault("TQDM_DISABLE", "1")
    from .app import app

    app(prog_name="inlay")
