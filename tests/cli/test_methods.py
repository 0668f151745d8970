"""``inlay methods``."""

import json

from typer.testing import CliRunner

from inlay import methods
from inlay.cli.app import app


def test_json_lists_every_method_as_documented():
    done = CliRunner().invoke(app, ["methods", "--json"])
    listed = json.loads(done.stdout)
    assert [entry["name"] for entry in listed] == [entry.name for entry in methods()]
    assert set(listed[0]) == {"name", "contract", "path", "paper", "requires", "summary", "claim"}
    assert all(isinstance(entry["requires"], list) for entry in listed)
    assert all(set(entry["claim"]) == {"status", "name", "why", "date", "commit"} for entry in listed)
    assert next(entry for entry in listed if entry["name"] == "Exact")["claim"]["status"] == "excused"


def test_one_contract_only():
    done = CliRunner().invoke(app, ["methods", "--contract", "encoder"])
    assert "HashingEncoder" in done.stdout
    assert "index " not in done.stdout


def test_an_empty_contract_says_so():
    empty = {"loss", "sampler"} - {entry.contract for entry in methods()}
    for contract in empty:
        assert CliRunner().invoke(app, ["methods", "--contract", contract]).stdout.startswith("No method")
