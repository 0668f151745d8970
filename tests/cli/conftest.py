"""A small folder of input, a space of it, and the command as a function."""

import os

import pytest
from typer.testing import CliRunner

from inlay.cli.app import app

LINES = [
    '{"id": "a", "text": "Bees dance in the hive.", "year": 1973}',
    '{"id": "b", "text": "Stocks fell on Monday. Bonds rose.", "year": 2008}',
    '{"id": "c", "text": "The cat sat on the mat.", "year": 2020}',
]


@pytest.fixture
def inlay(monkeypatch):
    """Return a function that runs the command line in this process."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("INLAY_DEBUG", raising=False)

    def run(*arguments, stdin=None):
        return CliRunner().invoke(app, list(map(str, arguments)), input=stdin, prog_name="inlay")

    return run


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text("\n".join(LINES) + "\n")
    (folder / "honey.md").write_text("# Honey\n\nHow honey is made.\n")
    return folder


@pytest.fixture
def space(docs, inlay):
    path = docs.parent / "my.space"
    done = inlay("build", docs, "-o", path, "--encoder", "hashing", "--json")
    assert done.exit_code == 0, done.stderr
    return os.fspath(path)
