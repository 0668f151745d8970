"""``inlay index``: tuning, words, JSON and exit codes."""

import json

import pytest

import inlay as package


@pytest.fixture
def space(tmp_path):
    space = package.build([], tmp_path / "a.space", encoder="hashing")
    space.add([{"id": f"t{i}", "text": f"report {i} on case {i % 9} of item{i}"} for i in range(200)])
    return tmp_path / "a.space"


def test_the_fastest_that_finds_enough_is_used(inlay, space):
    done = inlay("index", space, "--recall", "0.8", "--only", "int8")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "180 vectors; 20 vectors of the space itself, held back."
    assert [line.lstrip("* ").split()[0] for line in lines[2:4]] == ["exact", "int8"]
    assert sum(line.startswith("*") for line in lines) == 1
    assert lines[-1].endswith("searches so from now on.")
    assert package.open(space).info()["compression"]["choice"] in ("exact", "int8 rescore=1")


def test_words_alone(inlay, space):
    done = inlay("index", space, "--words", "--dry-run")
    assert (done.exit_code, done.stdout) == (0, "The words are not indexed (--dry-run).\n")
    assert not package.open(space).has_words
    assert inlay("index", space, "--words").stdout == "The words are indexed.\n"
    assert package.open(space).has_words
    assert json.loads(inlay("index", space, "--words", "--json").stdout) == {"words": True}


def test_json(inlay, space):
    found = json.loads(inlay("index", space, "--only", "int8", "--dry-run", "--json").stdout)
    assert [one["name"] for one in found["tried"]][:2] == ["exact", "int8 rescore=1"]
    assert found["applied"] is False
    assert found["tried"][0]["recall"]["value"] == 1.0


def test_wrong_arguments(inlay, space, tmp_path):
    assert "recall must be above 0" in inlay("index", space, "--recall", "1.5").stderr
    assert "There is no index 'ivff'" in inlay("index", space, "--only", "ivff").stderr
    assert "cannot be read" in inlay("index", space, "--queries", tmp_path / "none.txt").stderr
    assert inlay("index", tmp_path / "no.space").exit_code != 0


def test_ctrl_c_after_the_words_does_not_deny_them(inlay, space, monkeypatch):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(package, "tune", stop)
    done = inlay("index", space, "--words", "--recall", "0.9")
    assert (done.exit_code, "Stopped. What was committed is kept." in done.stderr) == (130, True)
    assert package.open(space).has_words
