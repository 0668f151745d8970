"""What a space does for its user: build, search, add, delete, export, info."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import inlay
from inlay.core.errors import DataError, ParameterError
from inlay.core.vectors import product_top_k
from inlay.data.records import Record
from inlay.encoders.text import HashingEncoder
from inlay.space import Space

ENCODER = HashingEncoder(dim=64)
WORDS = ["bee", "wax", "hive", "stock", "fund", "bond", "river", "lake", "sea"]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def rows(n: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"id": f"d{i}", "text": f"{WORDS[i % 9]} {WORDS[i % 7]} number{i}", "year": 1900 + i % 100}
        for i in range(start, start + n)
    ]


@pytest.fixture
def space(tmp_path: Path) -> Space:
    return inlay.build(lines(tmp_path / "in" / "a.jsonl", rows(300)), tmp_path / "s", encoder=ENCODER)


def test_search_equals_a_slow_search_over_the_vectors(space: Space) -> None:
    X, ids = space.vectors(), space.ids()
    queries = ["bee wax", "stock number17", "river"]
    found = space.search(queries, k=5)
    expected = product_top_k(ENCODER.encode(queries), X, 5)
    for hits, at, scores in zip(found, expected.ids, expected.scores, strict=True):
        assert [hit.id for hit in hits] == [ids[i] for i in at]
        np.testing.assert_allclose([hit.score for hit in hits], scores, atol=1e-6)
    assert space.search("bee wax", k=5) == found[0]
    assert space.search(ENCODER.encode(queries), k=5) == found


@pytest.mark.parametrize("where", ["year = 1950", "year < 1990 AND id <> 'd3'", "source LIKE '%:7'", "year > 3000"])
def test_where_gives_k_results_where_k_exist(space: Space, where: str) -> None:
    rows = space._table.read(["id"], where)["id"].to_pylist()
    hits = space.search("bee", k=20, where=where)
    assert len(hits) == min(20, len(rows))
    assert {hit.id for hit in hits} <= set(rows)


def test_a_result_has_everything(space: Space, tmp_path: Path) -> None:
    [hit] = space.search("number7", k=1)
    assert (hit.id, hit.text, hit.document) == ("d7", "lake bee number7", "d7")
    assert hit.source.endswith("a.jsonl:8")
    assert hit.fields == {"year": 1907}
    assert hit.text[hit.start : hit.end] == hit.text


def test_a_second_build_encodes_only_what_is_new(tmp_path: Path) -> None:
    file = lines(tmp_path / "in" / "a.jsonl", rows(50))
    other = lines(tmp_path / "in" / "b.jsonl", [{"id": f"b{i}", "text": "other"} for i in range(10)])
    space = inlay.build(tmp_path / "in", tmp_path / "s", encoder=ENCODER)
    assert (space.report.added, space.report.documents) == (60, 60)
    space.add([{"id": "own", "text": "from elsewhere"}])
    before = dict(zip(space.ids(), space.vectors(), strict=True))

    changed = rows(50)[5:]  # five are gone, and every line number moves
    changed[0]["text"] = "another text"
    changed[1]["year"] = 7
    lines(file, [*changed, *rows(3, 50)])
    other.unlink()
    space = inlay.build(tmp_path / "in", tmp_path / "s")
    report = space.report
    assert (report.added, report.updated, report.deleted) == (3, 45, 15)
    assert set(space.ids()) == {f"d{i}" for i in range(5, 53)} | {"own"}
    after = dict(zip(space.ids(), space.vectors(), strict=True))
    for name in before.keys() & after.keys() - {"d5"}:
        np.testing.assert_array_equal(before[name], after[name])
    assert [hit.fields["year"] for hit in space.search("x", where="id = 'd6'")] == [7]
    again = inlay.build(tmp_path / "in", tmp_path / "s").report
    assert (again.unchanged, again.changes, again.documents) == (48, 0, 48)


def test_changed_text_alone_is_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lines(tmp_path / "a.jsonl", rows(50))
    inlay.build(file, tmp_path / "s", encoder=ENCODER)
    texts: list[str] = []
    encode = HashingEncoder.encode
    monkeypatch.setattr(
        HashingEncoder, "encode", lambda self, items, role="document": texts.extend(items) or encode(self, items)
    )
    changed = rows(50)[1:]
    changed[4]["text"] = "another"
    lines(file, changed)
    assert inlay.build(file, tmp_path / "s").report.updated == 49
    assert texts == ["another"]


def test_what_cannot_be_read_keeps_its_rows(tmp_path: Path) -> None:
    file = lines(tmp_path / "in" / "a.jsonl", rows(10))
    inlay.build([file], tmp_path / "s", encoder=ENCODER)
    file.write_text(json.dumps(rows(1)[0]) + "\n{broken\n")
    space = inlay.build([file], tmp_path / "s")
    assert len(space) == 10
    assert any("9 passages of an earlier reading are kept" in str(problem) for problem in space.report.problems)
    assert any(problem.line == 2 for problem in space.report.problems)
    file.unlink()
    space = inlay.build([file], tmp_path / "s")
    assert len(space) == 10
    assert [str(problem) for problem in space.report.problems if "10 passages" in str(problem)]
    with pytest.raises(DataError, match=r"passed over.*The rest is stored"):
        inlay.build([file], tmp_path / "s", on_error="fail")


def test_of_equal_ids_the_first_wins(tmp_path: Path) -> None:
    a = lines(tmp_path / "a.jsonl", [{"id": "x", "text": "first"}, {"id": "x", "text": "second"}])
    b = lines(tmp_path / "b.jsonl", [{"id": "x", "text": "third"}, {"id": "y", "text": "other"}])
    for _ in range(2):
        space = inlay.build([a, b], tmp_path / "s", encoder=ENCODER)
        texts = [hit.text for hit in space.search("first second third", k=9)]
        assert sorted(texts) == ["first", "other"]
        problems = [str(problem) for problem in space.report.problems]
        assert len(problems) == 2
        assert "a.jsonl:2" in problems[0]
        assert "a.jsonl" in problems[0].partition("taken by")[2]
        assert "b.jsonl:1" in problems[1]
        assert "a.jsonl" in problems[1].partition("taken by")[2]
    # When the first gives the id up, the second has it.
    lines(a, [{"id": "z", "text": "first"}])
    space = inlay.build([a, b], tmp_path / "s")
    assert sorted(space.ids()) == ["x", "y", "z"]
    assert space.report.problems == []


def test_a_table_that_was_put_back_is_brought_up_to_date(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", rows(20))
    inlay.build(file, tmp_path / "s", encoder=ENCODER)
    shutil.copytree(tmp_path / "s" / "records.lance", tmp_path / "backup")
    lines(file, rows(30))
    inlay.build(file, tmp_path / "s")
    shutil.rmtree(tmp_path / "s" / "records.lance")
    shutil.move(tmp_path / "backup", tmp_path / "s" / "records.lance")
    assert inlay.build(file, tmp_path / "s").report.added == 10
    shutil.rmtree(tmp_path / "s" / "sources.lance")
    assert inlay.build(file, tmp_path / "s").report.unchanged == 30


def test_delete_is_undone_by_a_build(space: Space, tmp_path: Path) -> None:
    assert space.delete("year < 1950") == 150
    assert len(space) == 150
    assert not space.search("bee", where="year < 1950")
    assert inlay.build(tmp_path / "in" / "a.jsonl", tmp_path / "s").report.added == 150


def test_a_reader_keeps_its_version(space: Space, tmp_path: Path) -> None:
    reader = inlay.open(tmp_path / "s")
    before = reader.ids()
    for i in range(5):
        space.add([{"id": f"n{i}", "text": "new"}])
        space.delete(f"year = {1900 + i}")
    space.compact()
    assert reader.ids() == before
    assert len(reader.search("bee", k=300)) == 300
    assert reader.refresh().ids() == space.ids() != before


def test_nothing_is_left_behind(space: Space, tmp_path: Path) -> None:
    def files() -> int:
        return sum(path.is_file() for path in (tmp_path / "s").rglob("*"))

    once = files()
    for i in range(80):
        space.add([{"id": "same", "text": f"text {i}"}])
    assert files() < once + 3 * 33 + 10
    space.compact()
    assert files() <= once + 2


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_export_gives_back_what_is_inside(tmp_path: Path, dtype: Any) -> None:
    space = inlay.build(lines(tmp_path / "a.jsonl", rows(30)), tmp_path / "s", encoder=ENCODER, dtype=dtype)
    readers: dict[str, Callable[[Path], list[Any]]] = {
        "parquet": lambda path: pq.read_table(path).to_pylist(),
        "arrow": lambda path: pa.ipc.open_file(pa.memory_map(str(path))).read_all().to_pylist(),
        "jsonl": lambda path: [json.loads(line) for line in path.read_text().splitlines()],
    }
    for suffix, read in readers.items():
        space.export(tmp_path / f"out.{suffix}")
        out = read(tmp_path / f"out.{suffix}")
        assert [row["id"] for row in out] == space.ids()
        assert [row["year"] for row in out] == [row["year"] for row in rows(30)]
        np.testing.assert_array_equal(np.array([row["vector"] for row in out], np.float32), space.vectors())
    space.export(tmp_path / "out.csv")
    out = pa.csv.read_csv(tmp_path / "out.csv").to_pylist()
    np.testing.assert_array_equal(np.array([json.loads(row["vector"]) for row in out], np.float32), space.vectors())
    np.testing.assert_allclose(space.vectors(), ENCODER.encode([row["text"] for row in rows(30)]), atol=1e-3)
    with pytest.raises(ParameterError, match=r"\.parquet.*'out.xls' ends in none"):
        space.export(tmp_path / "out.xls")


def test_info_is_json(space: Space) -> None:
    facts = json.loads(json.dumps(space.info()))
    assert (facts["passages"], facts["documents"], facts["vectors"]["dim"]) == (300, 300, 64)
    assert facts["encoder"]["parameters"] == {"dim": 64, "ngram": 1}
    [digest] = facts["source_hashes"].values()
    assert len(digest) == 64


@pytest.mark.parametrize("where", ["nope = 1", "year >", "id"])
def test_a_bad_condition_is_explained(space: Space, where: str) -> None:
    for use in (lambda: space.search("bee", where=where), lambda: space.delete(where)):
        with pytest.raises(ParameterError, match=r"SQL condition on the columns.*'year'"):
            use()
    assert len(space) == 300


def test_bad_arguments_are_explained(space: Space, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="k must be"):
        space.search("bee", k=0)
    with pytest.raises(ParameterError, match="a text, texts"):
        space.search([1, 2])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match="wrap it as"):
        space.add({"id": "a", "text": "b"})  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="on_error"):
        inlay.build([], tmp_path / "t", encoder=ENCODER, on_error="ignore")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"text=\['a'\]"):
        inlay.build([], tmp_path / "t", encoder=ENCODER, text="a")
    with pytest.raises(DataError, match="There is no space at"):
        inlay.open(tmp_path / "nothing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    with pytest.raises(DataError, match="holds other files"):
        inlay.build([], tmp_path / "full", encoder=ENCODER)


def test_an_empty_space(tmp_path: Path) -> None:
    space = inlay.build([], tmp_path / "s", encoder=ENCODER)
    assert (len(space), space.search("bee"), space.search(["bee", "wax"]), space.ids()) == (0, [], [[], []], [])
    assert space.vectors().shape == (0, 64)
    assert space.delete("id = 'a'") == 0
    space.add([Record("a", "bee")])
    assert space.delete("id = 'a'") == 1
    assert space.search("bee") == []
    assert space.info()["passages"] == 0


def test_vectors_of_half_precision(tmp_path: Path) -> None:
    space = inlay.build(lines(tmp_path / "a.jsonl", rows(100)), tmp_path / "s", encoder=ENCODER, dtype="float16")
    assert space.info()["vectors"]["dtype"] == "float16"
    assert space.search("number7 lake", k=1)[0].id == "d7"
    space.add(rows(5, 200))
    assert len(space) == 105
