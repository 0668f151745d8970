"""``inlay eval`` and ``inlay compare``: tables, JSON, a report, exit codes."""

import json

import pytest


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [("a cat sat", "a cat sat down", 5), ("a cat sat", "a dog sat", 3), ("a cat sat", "stocks fell", 0)] * 4
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps({"text1": a, "text2": b, "score": s}) + "\n" for a, b, s in rows))
    return path


def test_json_lists_readings_and_marks_the_main_one(inlay, pairs):
    done = inlay("eval", "hashing", "--task", pairs, "--json")
    assert done.exit_code == 0
    rows = json.loads(done.stdout)
    assert len(rows) == 8
    assert {"task", "name", "value", "n", "interval", "main"} <= set(rows[0])
    assert [row["name"] for row in rows if row["main"]] == ["cosine_spearman"]
    assert rows[0]["n"] == 12
    assert rows[0]["interval"][0] <= rows[0]["value"] <= rows[0]["interval"][1]


def test_a_table_and_a_report(inlay, pairs, tmp_path):
    done = inlay("eval", "HashingEncoder", "--task", pairs, "--report", tmp_path / "r.html")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.split("\n")[0].split() == ["task", "score", "n", "HashingEncoder", "hashing"]
    assert "100.00 [100.00, 100.00]" in done.stdout
    text = (tmp_path / "r.html").read_text()
    assert "<svg" in text
    assert "cosine_spearman" in text
    assert "http" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    ).replace("https://matplotlib.org", "")


def test_compare_says_which_is_better(inlay, pairs):
    done = inlay("compare", "hashing", "HashingEncoder", "--task", pairs)
    assert done.exit_code == 0, done.stderr
    assert "no difference that these items can show" in done.stdout
    rows = json.loads(inlay("compare", "hashing", "HashingEncoder", "--task", pairs, "--json").stdout)
    assert rows[0]["models"] == ["hashing", "HashingEncoder"]
    assert rows[0]["difference"]["p"] == 1.0


def test_wrong_arguments(inlay, pairs, monkeypatch, tmp_path):
    assert inlay("eval", "hashing").exit_code == 2
    done = inlay("eval", "hashing", "--task", "STS122")
    assert (done.exit_code, "Did you mean" in done.stderr) == (2, True)
    assert inlay("compare", "hashing", "--task", pairs).exit_code == 2
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    done = inlay("eval", "hashing", "--task", "STS12")
    assert done.exit_code == 1
    assert "Passed over: STS12: The data set 'sts_senteval' is not on this machine" in done.stderr


@pytest.mark.parametrize("command", [("eval", "hashing"), ("compare", "hashing", "HashingEncoder")])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(inlay, pairs, command, tmp_path):
    for file, says in (("no/where.html", "no folder for the report"), (".", "is a folder")):
        done = inlay(*command, "--task", pairs, "--report", file, "--json")
        assert (done.exit_code, done.stdout) == (2, "")
        assert says in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("command", [("eval", "hashing"), ("compare", "hashing", "HashingEncoder")])
def test_one_document_also_where_the_report_fails_at_the_end(inlay, pairs, command, monkeypatch):
    def page(*_of):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inlay.cli.evaluation_page.page", page)
    monkeypatch.setattr("inlay.cli.plots.load_all", lambda: None)
    done = inlay(*command, "--task", pairs, "--report", "r.html", "--json")
    assert (done.exit_code, json.loads(done.stdout)["error"]["message"]) == (1, "No space left on device")


def test_a_broken_line_is_named(inlay, pairs):
    pairs.write_text(pairs.read_text() + "{broken\n")
    done = inlay("eval", "hashing", "--task", pairs)
    assert done.exit_code == 1
    assert "pairs.jsonl:13: this line is not JSON" in done.stderr
