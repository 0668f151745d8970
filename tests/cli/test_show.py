"""``inlay info`` and ``inlay export``."""

import json

import pyarrow.parquet as pq


def test_info(inlay, space):
    facts = json.loads(inlay("info", space, "--json").stdout)
    assert facts["passages"] == 4
    shown = inlay("info", space).stdout
    assert facts["vectors"]["fingerprint"] in shown
    assert "HashingEncoder" in shown
    assert "year" in shown


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
