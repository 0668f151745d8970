"""``inlay search``."""

import json

import pytest


def test_json_is_a_list_of_hits(inlay, space):
    done = inlay("search", space, "dance of the bees", "-k", "2", "--json")
    hits = json.loads(done.stdout)
    assert [hit["rank"] for hit in hits] == [1, 2]
    best = hits[0]
    assert best["id"].endswith("a")
    assert best["text"] == "Bees dance in the hive."
    assert best["query"] == "dance of the bees"
    assert best["fields"]["year"] == 1973
    assert best["end"] - best["start"] == len(best["text"])
    assert set(best) == {"query", "rank", "id", "document", "score", "source", "start", "end", "text", "fields"}
    assert done.stderr == ""


def test_lines_for_people(inlay, space):
    lines = inlay("search", space, "bonds and honey", "-k", "3").stdout.splitlines()
    # A path is printed whole, however long: it is there to be opened.
    assert all(len(line) <= 100 for line in lines if line.startswith("    "))
    shown = "\n".join(lines)
    assert " 1  0." in shown
    assert "corpus.jsonl" in shown
    assert "\n    ... Bonds rose." in shown
    assert "\x1b" not in shown


def test_where(inlay, space):
    hits = json.loads(inlay("search", space, "bees", "--where", "year >= 2000", "--json").stdout)
    assert {hit["fields"]["year"] for hit in hits} == {2008, 2020}
    assert json.loads(inlay("search", space, "bees", "--where", "year > 3000", "--json").stdout) == []
    assert "nothing found" in inlay("search", space, "bees", "--where", "year > 3000").stdout


def test_several_queries_and_stdin(inlay, space):
    done = inlay("search", space, "bees", "-", "-k", "1", "--json", stdin="stocks\n\ncat\n")
    assert [(hit["query"], hit["id"][-1]) for hit in json.loads(done.stdout)] == [
        ("bees", "a"),
        ("stocks", "b"),
        ("cat", "c"),
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [("yaer > 2000", "year"), ("year >", "year"), ("1", "year"), ("text = 'a'; drop", "year")],
)
def test_bad_sql_names_the_columns(inlay, space, where, expected):
    done = inlay("search", space, "bees", "--where", where)
    assert done.exit_code == 2
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1


def test_not_a_space(inlay, docs, tmp_path):
    for path in (tmp_path / "missing", docs, docs / "honey.md"):
        done = inlay("search", path, "bees")
        assert done.exit_code == 1
        assert str(path) in done.stderr
        assert "not expected" not in done.stderr


def test_a_corrupt_space_is_named(inlay, space, tmp_path):
    for file in sorted((tmp_path / "my.space").rglob("*")):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:7])
    done = inlay("search", space, "bees")
    assert done.exit_code == 1
    assert "my.space" in done.stderr
    assert "not expected" not in done.stderr
