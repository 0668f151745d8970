"""``inlay compress``: the table, JSON, a report, a choice that is kept, and exit codes."""

import json
import sys
from types import ModuleType

import numpy as np
import pytest

import inlay as package
from inlay.cli.options import lines_of

WORDS = [a + b for a in ("ba", "ko", "mi", "ru", "te", "zo") for b in ("lan", "mer", "pit", "dos", "fug", "wex")]


@pytest.fixture
def space(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space = package.build([], tmp_path / "a.space", encoder="hashing")
    rng = np.random.default_rng(0)
    space.add([{"id": f"t{i}", "text": " ".join(rng.choice(WORDS, 7))} for i in range(216)])
    return tmp_path / "a.space"


def test_a_table_and_nothing_changed(inlay, space):
    done = inlay("compress", space, "--only", "int8", "--only", "int4")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "195 vectors of 1024 numbers; 21 vectors of the space itself, held back."
    assert [line.lstrip("* ").split()[0] for line in lines[2:5]] == ["float32", "int8", "int4"]
    assert "Nothing was changed" in lines[-1]
    assert package.open(space).info()["compression"] is None


def test_a_choice_is_made_reported_and_kept(inlay, space, tmp_path):
    pytest.importorskip("matplotlib", reason="needs pip install 'inlay[eval]'")
    done = inlay("compress", space, "--only", "int8", "--keep", "0.5", "--report", tmp_path / "r.html", "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["choice"]["name"] == "int8"
    assert found["applied"] is True
    assert {"name", "bytes", "recall", "kept", "search_ms", "bound", "frontier"} <= set(found["measured"][0])
    page = (tmp_path / "r.html").read_text()
    assert "<svg" in page
    assert "int8" in page
    assert json.loads(inlay("info", space, "--json").stdout)["compression"]["choice"] == "int8"


def test_queries_of_a_file(inlay, space, tmp_path):
    (tmp_path / "asked.txt").write_text("bee sun\n\nfox ice\n")
    done = inlay(
        "compress", space, "--only", "int8", "--queries", tmp_path / "asked.txt", "--choose", "int8", "--dry-run"
    )
    assert done.exit_code == 0, done.stderr
    assert "2 queries." in done.stdout
    assert "The space is as it was (--dry-run)." in done.stdout


def test_the_mark_that_windows_begins_a_file_with_is_no_part_of_a_query(tmp_path):
    (tmp_path / "asked.txt").write_text("bee sun\nfox ice\n", encoding="utf-8-sig")
    assert lines_of(str(tmp_path / "asked.txt")) == ["bee sun", "fox ice"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--only", "zip9"), 2, "no way 'zip9' to store vectors; there are float32"),
        (("--budget", "3 apples"), 2, "such as 64B"),
        (("--budget", "64B", "--keep", "0.9"), 2, "Give one of"),
        (("--queries", "nowhere.txt"), 2, "nowhere.txt cannot be read"),
        (("--queries", "broken.txt"), 1, "broken.txt is not UTF-8, at byte 0"),
        (("--queries", "empty.txt"), 1, "has no query"),
        (("--report", "no/where.html"), 2, "no folder for the report"),
        (("--report", ".", "--choose", "int8", "--json"), 2, "The report . is a folder; name a file in it"),
    ],
)
def test_wrong_arguments_and_broken_files(inlay, space, tmp_path, arguments, code, says):
    (tmp_path / "broken.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.txt").write_text("\n \n")
    done = inlay("compress", space, *arguments)
    assert done.exit_code == code
    assert done.stdout == ""
    assert says in " ".join(done.stderr.split())
    assert package.open(space).info()["compression"] is None


def test_a_report_whose_library_is_missing_changes_nothing(inlay, space, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "matplotlib", ModuleType("matplotlib"))
    done = inlay("compress", space, "--choose", "int8", "--report", "r.html", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]["type"]) == (3, "MissingExtra")
    assert package.open(space).info()["compression"] is None


def test_one_document_also_where_the_report_fails_at_the_end(inlay, space, monkeypatch):
    def page(_found):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inlay.cli.compression_page.page", page)
    monkeypatch.setattr("inlay.cli.plots.load_all", lambda: None)
    done = inlay("compress", space, "--only", "int8", "--report", "r.html", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]["message"]) == (1, "No space left on device")
