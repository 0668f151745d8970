"""An error becomes one line and the documented code."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from inlay.cli.exits import CODES, guarded
from inlay.core import errors

DOCS = Path(__file__).parents[2] / "docs" / "guides" / "command_line.md"


def command(error):
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.command()
    @guarded("Stopped; go on.")
    def fails(as_json: bool = typer.Option(False, "--json")) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (errors.DataError("a.jsonl is damaged;\nrepair it"), 1, "Error: a.jsonl is damaged; repair it"),
        (errors.ParameterError("k"), 2, "Error: k"),
        (errors.MissingExtra("pip install x"), 3, "Error: pip install x"),
        (errors.ConflictError("busy"), 4, "Error: busy"),
        (errors.FingerprintError("other"), 5, "Error: other"),
        (OSError(28, "No space left on device", "my.space"), 1, "Error: No space left on device: my.space"),
        (MemoryError(), 1, "Error: Out of memory."),
        (KeyError("x"), 1, "Error: KeyError: 'x' (not expected; INLAY_DEBUG=1 shows where it happened)"),
        (KeyboardInterrupt(), 130, "Stopped; go on."),
    ],
)
def test_one_line_and_a_code(error, code, line, monkeypatch):
    monkeypatch.delenv("INLAY_DEBUG", raising=False)
    done = CliRunner().invoke(command(error), [])
    assert done.exit_code == code
    assert done.stderr == line + "\n"
    assert done.stdout == ""
    assert code in CODES


def test_ctrl_c_that_a_native_library_makes_an_error_of_its_own():
    app = typer.Typer()

    @app.command()
    @guarded("Stopped; go on.")
    def native() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt as error:
            raise RuntimeError("Operation has been terminated") from error

    done = CliRunner().invoke(app, [])
    assert (done.exit_code, done.stderr) == (130, "Stopped; go on.\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_json_gets_one_document_also_for_an_error():
    done = CliRunner().invoke(command(errors.ConflictError("busy")), ["--json"])
    expected = {"error": {"type": "ConflictError", "message": "busy", "exit_code": 4}}
    assert json.loads(done.stdout) == expected


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setenv("INLAY_DEBUG", "1")
    done = CliRunner().invoke(command(errors.DataError("damaged")), [])
    assert isinstance(done.exception, errors.DataError)


def test_codes_are_documented():
    page = DOCS.read_text("utf-8")
    for code, meaning in CODES.items():
        assert f"| {code} | {meaning.replace('--on-error fail', '`--on-error fail`')} |" in page


def test_a_reader_that_goes_away_is_no_error():
    code = f"{sys.executable} -m inlay methods --json"
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {code} | true; {code} | head -c 1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
