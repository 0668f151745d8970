"""A claim's verdict follows from its figures and nothing else; what is kept, and the page, follow from the verdict."""

import json

import pytest
from typer.testing import CliRunner

from inlay import claims
from inlay.claims import Figure, Verdict
from inlay.cli.app import app
from inlay.cli.claims_page import page
from inlay.core import catalogue
from inlay.core.errors import DataError, ParameterError
from inlay.nn import tables

CLAIM = """
from inlay.claims import Claim, Figure
from inlay.core.errors import MissingData

def run(progress):
    progress("counting")
    {body}

CLAIM = Claim(("Exact",), "johnson2021billion", "It says so.", "Numbers.", "Nothing.", "Above 0.5.", run, "Too small.")
"""


@pytest.fixture
def folder(tmp_path):
    for name, body in {
        "fine": "return [Figure('share', 0.75, low=0.5), Figure('beside', -1.0)]",
        "poor": "return [Figure('share', 0.75, low=0.5), Figure('other', 0.75, high=0.5)]",
        "absent": "raise MissingData('The data set is not on this machine.')",
        "_private": "return []",
    }.items():
        (tmp_path / f"{name}.py").write_text(CLAIM.format(body=body))
    return tmp_path


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [(None, None, None), (0.5, None, True), (0.8, None, False), (None, 0.8, True), (0.1, 0.5, False), (0.7, 0.7, True)],
)
def test_a_figure_holds_in_its_range(low, high, holds):
    assert Figure("x", 0.7, low=low, high=high).holds is holds


def test_verdicts_follow_from_figures(folder):
    seen = []
    verdicts = {v.name: v for v in claims.run(folder=folder, on_progress=lambda *step: seen.append(step))}
    assert {name: v.status for name, v in verdicts.items()} == {"fine": "holds", "poor": "fails", "absent": "skipped"}
    assert verdicts["poor"].why == "Too small."
    assert verdicts["absent"].why == "The data set is not on this machine."
    assert ("fine", "counting") in seen


def test_unknown_and_undecided_claims_are_refused(folder):
    with pytest.raises(ParameterError, match="no claim 'finer'; there are absent, fine, poor"):
        list(claims.run(["finer"], folder=folder))
    (folder / "undecided.py").write_text(CLAIM.format(body="return [Figure('share', 0.75)]"))
    with pytest.raises(DataError, match="undecided has no figure with a range"):
        list(claims.run(["undecided"], folder=folder))
    (folder / "empty.py").write_text("CLAIM = 3\n")
    with pytest.raises(DataError, match="has no CLAIM"):
        claims.claims(folder)


def test_what_is_kept_is_read_again_and_a_skipped_run_replaces_nothing(folder, tmp_path):
    file = tmp_path / "kept.json"
    [verdict] = claims.run(["fine"], folder=folder)
    claims.record([verdict], file)
    claims.record([Verdict("fine", "skipped", why="no data")], file)
    [kept] = claims.recorded(file)
    assert kept.status == "holds"
    assert kept.figures == verdict.figures
    text = page([kept])
    assert "| share | 0.75 |  |  | at least 0.5 | yes |" in text
    assert "holds" in text
    assert "It says so." in text


def test_the_catalogue_says_how_claims_stand(tmp_path, monkeypatch, folder):
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    (tmp_path / "excused.toml").write_text('Exact = "tested"\nAuto = "chooses"\n')
    assert catalogue.standings.__wrapped__()["Exact"] == catalogue.Standing("excused", why="tested")
    claims.record(list(claims.run(["fine", "absent", "poor"], folder=folder)), tmp_path / "claims.json")
    found = catalogue.standings.__wrapped__()
    assert (found["Exact"].status, found["Exact"].name) == ("fails", "poor")  # the worst of several counts
    assert found["Auto"].status == "excused"


def test_every_claim_of_the_repository_names_methods_and_papers_that_exist():
    # Embedding tables are torch modules and follow no contract, so that the catalogue has not got them.
    names = {entry.name for entry in catalogue.methods()} | set(dir(tables))
    bib = (catalogue.ROOT / "papers.bib").read_text("utf-8")
    found = claims.claims()
    assert found
    for name, claim in found.items():
        assert set(claim.methods) <= names, name
        assert f"{{{claim.paper},\n" in bib, name


def test_what_is_kept_is_of_claims_that_exist():
    assert {verdict.name for verdict in claims.recorded()} <= set(claims.claims())


def test_every_method_has_a_claim_or_an_excuse():
    claimed = {method for claim in claims.claims().values() for method in claim.methods}
    excused = {name for name, standing in catalogue.standings().items() if standing.status == "excused"}
    own = {entry.name for entry in catalogue.methods() if entry.path.startswith("inlay.")}
    assert own - claimed - excused == set()
    assert excused <= own - claimed, "an excuse of a method that has a claim, or of none"


def test_the_command_prints_verdicts_and_fails_with_a_claim(folder, monkeypatch):
    monkeypatch.setattr(claims, "FOLDER", folder)
    monkeypatch.setattr(claims.claims, "__defaults__", (folder,))
    monkeypatch.setitem(claims.run.__kwdefaults__, "folder", folder)
    done = CliRunner().invoke(app, ["claims", "--dry-run", "--json"])
    assert done.exit_code == 1
    assert [row["status"] for row in json.loads(done.stdout)] == ["skipped", "holds", "fails"]
    done = CliRunner().invoke(app, ["claims", "fine", "--dry-run"])
    assert done.exit_code == 0
    assert "share: 0.75, has to be at least 0.5" in done.stdout
