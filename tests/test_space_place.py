"""Where a space lies: in folders of any name, from wherever the process is, and with pieces that are damaged."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import inlay
from inlay._space import place
from inlay._space.place import Place
from inlay.core.errors import DataError
from inlay.encoders.text import HashingEncoder
from inlay.indexes import Exact
from inlay.pipeline import Pipeline
from inlay.space import Space

ENCODER = HashingEncoder(dim=32)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"note {name} of bees")
    return folder


def test_a_space_stays_where_it_is_when_the_process_moves(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    space = inlay.build("corpus", "my.space", encoder=ENCODER)
    assert space.path == "my.space"
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert space.delete("id = 'corpus/a.txt'") == 1
    assert list(Path().iterdir()) == []
    monkeypatch.chdir(tmp_path)
    assert inlay.build("corpus", "my.space").report.added == 1


def test_object_storage_has_no_folder() -> None:
    found = Place.of("s3://bucket/my.space/")
    assert (found.root, found.folder, found.records) == (
        "s3://bucket/my.space",
        None,
        "s3://bucket/my.space/records.lance",
    )


def test_a_file_is_no_space(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    for use in (lambda: inlay.open(file), lambda: inlay.build([], file, encoder=ENCODER)):
        with pytest.raises(DataError, match=r"a\.txt is a file; a space is a folder"):
            use()


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [Path.unlink, _cut, lambda file: file.write_bytes(b"")])
@pytest.mark.parametrize("part", ["data", "_versions"])
def test_a_damaged_ledger_is_written_anew(
    tmp_path: Path, corpus: Path, part: str, damage: Callable[[Path], Any]
) -> None:
    inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    for file in (tmp_path / "s" / "sources.lance" / part).iterdir():
        damage(file)
    assert inlay.open(tmp_path / "s").info()["sources"] == 3
    space = inlay.build(corpus, tmp_path / "s")
    assert (space.report.unchanged, space.report.tokens) == (3, 0)
    assert len(space.info()["source_hashes"]) == 3


def test_a_delete_beside_a_damaged_ledger_is_undone_by_a_build(tmp_path: Path, corpus: Path) -> None:
    space = inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    files = {file: file.read_bytes() for file in (tmp_path / "s" / "sources.lance" / "data").iterdir()}
    for file in files:
        file.unlink()
    assert space.delete("text = 'note a of bees'") == 1
    for file, content in files.items():  # the disk is there again
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    assert inlay.build(corpus, tmp_path / "s").report.added == 1


def test_a_lost_file_of_the_table_is_no_fault_of_the_condition(tmp_path: Path, corpus: Path) -> None:
    inlay.build(corpus, tmp_path / "s", encoder=ENCODER)
    for file in (tmp_path / "s" / "records.lance" / "data").iterdir():
        file.unlink()
    space = inlay.open(tmp_path / "s")
    for use in (lambda: space.count("start = 0"), space.ids, lambda: space.delete("start = 0")):
        with pytest.raises(DataError, match=r"records\.lance cannot be written or read: Not found"):
            use()


def _read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder and access(path, mode))


def test_the_index_of_a_space_that_cannot_be_written_is_used(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    space: Space = inlay.build(corpus, tmp_path / "s", encoder=Pipeline(ENCODER, index=Exact()))
    _read_only(monkeypatch, tmp_path / "s")
    assert inlay.open(tmp_path / "s").info()["index"]["missing"] is False
    view = space._keeper.view
    before = (tmp_path / "s" / "index").stat().st_mtime_ns
    os.utime(tmp_path / "s" / "index", (0, 0))
    monkeypatch.setattr(type(view), "saved", lambda self: None)
    view.prepare(None)  # what is new goes to where it can be written, and is read from there
    assert (tmp_path / "s" / "index").stat().st_mtime_ns < before
    assert Place.of(tmp_path / "s").index(view.table.meta["uid"]) == place.cache() / view.table.meta["uid"]
    monkeypatch.undo()
    assert Place.of(tmp_path / "s").index("x") == tmp_path / "s" / "index"


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = inlay.build(corpus, tmp_path / "s", encoder=ENCODER)

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", denied)
    with pytest.raises(DataError, match=r"s cannot be written: Permission denied\. Nothing was changed; copy"):
        space.delete("start = 0")


def test_what_lies_above_stays_when_the_folder_beside_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "above.txt").write_text("above")
    for name in ("in", "gone"):
        (tmp_path / "b" / f"{name}.txt").write_text(name)
    monkeypatch.chdir(tmp_path / "b" / "c")
    path = tmp_path / "s"
    inlay.build(["../../above.txt", ".."], path, encoder=ENCODER)
    assert inlay.build("..", path).report.deleted == 0
    (tmp_path / "b" / "gone.txt").unlink()
    assert inlay.build("..", path).report.deleted == 1
    assert inlay.open(path).ids() == ["../../above.txt", "../in.txt"]


def test_json_lines_are_json(tmp_path: Path) -> None:
    space = inlay.build([], tmp_path / "s", encoder=ENCODER)
    numbers = {"nan": float("nan"), "large": float("inf"), "one": 1.0}
    space.add(
        [{"id": "a", "text": "x", **numbers, "nest": {"x": [1, float("nan")]}}, {"id": "b", "text": "y", "nan": 2.0}]
    )
    space.export(tmp_path / "a.jsonl")

    def refuse(name: str) -> None:
        raise AssertionError(name)

    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    a, b = (json.loads(line, parse_constant=refuse) for line in lines)
    assert (a["one"], a["extra"]) == (1.0, {"nest": {"x": [1, None]}})
    assert not {"nan", "large"} & a.keys()
    assert b["nan"] == 2.0


def test_the_home_of_nobody_is_refused():
    with pytest.raises(DataError, match="the name of no user"):
        inlay.open("~nobody-of-that-name/a.space")
