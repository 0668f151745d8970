"""``inlay info`` and ``inlay export``."""

import json
import shutil

import pyarrow.parquet as pq

from inlay._space import saved


def test_info(inlay, space):
    facts = json.loads(inlay("info", space, "--json").stdout)
    assert facts["passages"] == 4
    shown = inlay("info", space).stdout
    assert facts["vectors"]["fingerprint"] in shown
    assert "HashingEncoder" in shown
    assert "year" in shown
    assert "so few vectors (4) are all compared" in shown


def test_a_missing_index_is_told_and_made_by_the_next_build(inlay, docs, tmp_path, monkeypatch):
    monkeypatch.setattr(saved, "SMALL", 2)
    space = tmp_path / "large.space"
    build = ("build", docs, "-o", space, "--encoder", "hashing")
    search = ("search", space, "dance of the bees", "--json")
    assert inlay(*build).exit_code == 0
    facts = json.loads(inlay("info", space, "--json").stdout)
    assert facts["index"]["why"] == "4 vectors are few enough (up to 100,000) to compare with all of them"
    assert facts["bytes"]["index"] > 4 * facts["vectors"]["dim"] * facts["passages"]
    found = inlay(*search)
    assert found.stderr == ""

    shutil.rmtree(space / "index")
    done = inlay(*search)
    assert (done.exit_code, done.stdout) == (0, found.stdout)
    assert done.stderr.count("\n") == 1
    assert "the index is missing" in done.stderr
    assert "the next build" in done.stderr
    assert "the index is missing" in inlay("info", space).stdout
    assert not (space / "index").exists()

    assert inlay(*build).exit_code == 0
    assert inlay(*search).stderr == ""
    assert json.loads(inlay("info", space, "--json").stdout)["index"]["missing"] is False


def test_export(inlay, space, tmp_path):
    file = tmp_path / "out.parquet"
    done = inlay("export", space, file, "--json")
    assert json.loads(done.stdout) == {"space": space, "file": str(file), "passages": 4}
    table = pq.read_table(file)
    assert len(table) == 4
    assert {"id", "text", "vector", "year"} <= set(table.column_names)


def test_export_of_an_unknown_kind_names_what_is_allowed(inlay, space, tmp_path):
    done = inlay("export", space, tmp_path / "out.xlsx")
    assert done.exit_code == 2
    assert ".parquet" in done.stderr
    assert not (tmp_path / "out.xlsx").exists()
