"""``inlay add`` and ``inlay delete``."""

import json


def test_add_reports_and_is_found(inlay, space, tmp_path):
    (tmp_path / "more.jsonl").write_text('{"id": "d", "text": "Whales sing."}\n')
    done = inlay("add", space, tmp_path / "more.jsonl", "--json")
    assert (done.exit_code, json.loads(done.stdout)["added"]) == (0, 1)
    hit = json.loads(inlay("search", space, "whales", "-k", "1", "--json").stdout)[0]
    assert hit["text"] == "Whales sing."


def test_add_with_problems(inlay, space, tmp_path):
    (tmp_path / "more.jsonl").write_text('{"id": "d", "text": "Whales sing."}\nnot json\n')
    done = inlay("add", space, tmp_path / "more.jsonl", "--on-error", "fail")
    assert done.exit_code == 1
    assert "more.jsonl:2: " in done.stderr
    assert "1 added" in done.stdout


def test_delete(inlay, space):
    done = inlay("delete", space, "--where", "year < 2010", "--json")
    assert json.loads(done.stdout) == {"space": space, "deleted": 2, "passages": 2}
    assert inlay("delete", space, "--where", "year < 2010").stdout == "Deleted 0 passages; 2 left.\n"


def test_delete_with_a_condition_that_is_wrong(inlay, space):
    done = inlay("delete", space, "--where", "yaer < 2010")
    assert done.exit_code == 2
    assert "year" in done.stderr
    assert json.loads(inlay("info", space, "--json").stdout)["passages"] == 4


def test_ctrl_c_after_the_commit_does_not_deny_it(inlay, space, tmp_path, monkeypatch):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("inlay.cli.report.finish", stop)
    (tmp_path / "more.jsonl").write_text('{"id": "d", "text": "Whales sing."}\n')
    done = inlay("add", space, tmp_path / "more.jsonl")
    assert done.exit_code == 130
    assert done.stderr.endswith("Stopped. What was committed is kept; run the same command again.\n")
    assert json.loads(inlay("info", space, "--json").stdout)["passages"] == 5
