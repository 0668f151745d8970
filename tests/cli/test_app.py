"""The application as a whole: help, its speed, completion, wrong usage."""

import os
import statistics
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

import inlay
from inlay.cli.app import app
from inlay.cli.exits import CODES


def run(*command, **options):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=120, **options)


def seconds(*command):
    times = []
    for _ in range(7):
        start = time.perf_counter()
        run(*command)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def test_help_costs_little_more_than_typer():
    # Relative, since the machine may be slow or busy: typer alone is 50 to 150 ms, and Rich would double it.
    bare = seconds("-c", "import typer")
    assert seconds("-m", "inlay", "--help") < 1.8 * bare + 0.05


def test_help_loads_nothing_heavy():
    code = (
        "import sys, runpy; sys.argv = ['inlay', '--help']\ntry: runpy.run_module('inlay')\nexcept SystemExit: pass\n"
    )
    out = run("-c", code + "print([m for m in ('numpy', 'sklearn', 'rich', 'lance', 'torch') if m in sys.modules])")
    assert out.stdout.splitlines()[-1] == "[]"


def test_help_lists_commands_and_exit_codes():
    out = CliRunner().invoke(app, ["--help"], prog_name="inlay").output
    for name in ("build", "search", "info", "add", "delete", "export", "methods"):
        assert f"\n  {name} " in out
    for code, meaning in CODES.items():
        assert f"{code}  {meaning}" in out


def test_version_and_module():
    done = run("-m", "inlay", "--version")
    assert (done.returncode, done.stdout.strip()) == (0, f"inlay {inlay.__version__}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["serch"], "Did you mean 'search'?"),
        (["search", "x", "q", "-k", "0"], "greater than or equal to 1"),
        (["search", "x", "q", "-k", "two"], "-k"),
        (["search", "x"], "QUERY"),
        (["build", "docs"], "--output"),
        (["build", "docs", "-o", "x", "--on-error", "ignore"], "'skip', 'fail'"),
        (["build", "docs", "-o", "x", "--outputs", "y"], "--output"),
        (["delete", "x"], "--where"),
        (["methods", "--contract", "indx"], "'index'"),
        (["build", "docs", "-o", "x", "--text", "a,,b"], "names between commas"),
        (["search", "x", "  "], "empty"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_allowed(arguments, expected):
    done = CliRunner().invoke(app, arguments, prog_name="inlay")
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stdout == ""


def test_completion_of_commands_and_options():
    def complete(words):
        cursor = str(len(words.split(" ")) - 1)
        env = {**os.environ, "_INLAY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": cursor}
        return run("-m", "inlay", env=env).stdout.split()

    assert "search" in complete("inlay se")
    assert "--encoder" in complete("inlay build --enc")
    assert complete("inlay methods --contract enc") == ["encoder"]


def test_show_completion_prints_a_script():
    env = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = run("-m", "inlay", "--show-completion", "bash", env=env)
    assert "complete -o default -F _inlay_completion inlay" in done.stdout
