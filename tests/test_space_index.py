"""The saved index: made with little memory, with progress, and the same as one that was fitted to the vectors."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import inlay
from inlay._space import memory, saved
from inlay._space.saved import Saved
from inlay.core.errors import DataError
from inlay.data.source import Source
from inlay.encoders.text import HashingEncoder
from inlay.indexes import HNSW, Exact, Filtered, hnsw
from inlay.pipeline import Pipeline
from inlay.space import Space

DIM = 1024


def filled(path: Path, index: Any, n: int) -> Space:
    space = inlay.build([], path, encoder=Pipeline(HashingEncoder(dim=DIM), index=index))
    space.add({"id": f"{i}", "text": f"word{i} and {i % 17}"} for i in range(n))
    return space


def test_progress_is_told_and_the_graph_is_that_of_the_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("usearch")
    monkeypatch.setattr(hnsw, "BLOCK", 64)
    calls: list[tuple[int, int]] = []
    space = inlay.build([], tmp_path / "s", encoder=Pipeline(HashingEncoder(dim=32), index=HNSW(M=4)))
    space.add(
        ({"id": f"{i}", "text": f"word{i}"} for i in range(500)),
        progress=lambda stage, done, total, unit: calls.append((done, total)) if stage == "index" else None,
    )
    assert calls[0] == (0, 500)
    assert calls[-1] == (500, 500)
    assert len(calls) > 6
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    monkeypatch.setattr(hnsw, "BLOCK", 500)
    found = space._keeper.view.saved()
    assert found is not None
    again = HNSW(M=4).fit(space.vectors())
    np.testing.assert_array_equal(found.index.graph_, again.graph_)
    np.testing.assert_array_equal(found.index.vectors_, again.vectors_)


def test_vectors_are_not_held_in_memory_while_the_index_is_made(tmp_path: Path) -> None:
    space = filled(tmp_path / "s", Exact(), 5000)
    view = space._keeper.view
    tracemalloc.start()
    try:
        Saved.make(view.table, view.addresses, space.pipeline, tmp_path / "s" / "index", lambda done, total: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5000 * 4 * DIM / 2


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("inlay._space.saved.TemporaryFile", OSError(28, "No space left")),
        ("inlay.core.storage.write", DataError("No space left")),
    ],
)
def test_without_room_for_the_index_the_change_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str, error: Exception
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(step, full)
    space = filled(tmp_path / "s", Exact(), 10)
    assert len(space) == 10
    assert "The index was not made" in caplog.text
    assert "No space left" in caplog.text
    assert [hit.id for hit in space.search("word7", k=1)] == ["7"]
    assert "the index is missing" in caplog.text
    monkeypatch.undo()
    assert inlay.build([], tmp_path / "s").info()["index"]["missing"] is False


BUILD = """
import logging, sys
import inlay
from inlay.cli.report import peak_memory
from inlay._space import job
from inlay.encoders.text import HashingEncoder
from inlay.indexes import HNSW
from inlay.pipeline import Pipeline

job.TOLD = 1000
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
pipeline = Pipeline(HashingEncoder(dim=1024), index=HNSW(M=4, ef_construction=4))
space = inlay.build(sys.argv[1], sys.argv[2], encoder=pipeline)
print(space.report.memory_ceiling_bytes, peak_memory())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a process held is told without its parent on Linux")
def test_a_build_stays_below_its_ceiling(tmp_path: Path) -> None:
    pytest.importorskip("usearch")
    rows, words = 4500, "größere Wörter " * 266  # a whole group of passages that are as long as counts for one
    (tmp_path / "a.jsonl").write_text("".join(f'{{"id": "d{i}", "text": "{i} {words}"}}\n' for i in range(rows)))
    command = [sys.executable, "-c", BUILD, str(tmp_path / "a.jsonl"), str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    ceiling, peak = map(int, done.stdout.split()[-2:])
    assert ceiling == memory.ceiling(rows, DIM, (tmp_path / "a.jsonl").stat().st_size, 4)
    assert peak < ceiling, done.stdout
    assert done.stdout.startswith("Memory: at most ")
    assert "for up to 1,000 passages" in done.stdout


def test_200_000_records_stay_below_2_gb() -> None:
    assert memory.ceiling(200_000, 384, 64 << 20) < 2e9


def test_the_largest_record_is_bounded_by_what_readers_refuse() -> None:
    def source(kind: str, size: int) -> Source:
        return Source("x", Path("x"), kind, size)

    assert memory.largest_record([]) == 0
    assert memory.largest_record([source("jsonl", 5), source("text", 9)]) == 9
    assert memory.largest_record([source("jsonl", 1 << 40)]) == 64 << 20
    assert memory.largest_record([source("json", 1 << 40), source("jsonl", 9)]) == 2 * (256 << 20)
    assert memory.largest_record([source("html", 5), source("jsonl", 9)]) == 25


def test_a_plan_is_that_of_the_index_among_the_live_rows(tmp_path: Path) -> None:
    pytest.importorskip("usearch")
    space = inlay.build([], tmp_path / "s", encoder=Pipeline(HashingEncoder(dim=32), index=Filtered(HNSW(M=4))))
    space.add({"id": f"{i}", "text": f"word{i} and {i % 17}", "n": i} for i in range(400))
    assert space.plan() == space.plan("n >= 0")
    assert getattr(space.plan(), "name", None) == "all"
    space.delete("n = 399")
    space.add([{"id": "new", "text": "word", "n": 0}])  # compared on its own, beside the index
    saved = space._keeper.view.saved()
    assert saved is not None
    assert isinstance(saved.index, Filtered)
    assert space.plan() == saved.index.plan(np.arange(399), 10)  # the deleted row is filtered out
    for bound, k in ((3, 5), (40, 5), (40, 100), (350, 10)):
        plan = space.plan(f"n < {bound}", k)
        assert plan == saved.index.plan(np.arange(bound), k)
        assert plan.selectivity == bound / 400
        assert len(space.search("word3", k, where=f"n < {bound}")) == min(k, bound + 1)
    space.store_as(Exact())
    assert space.plan("n < 3") is None
    assert inlay.build([], tmp_path / "t", encoder="hashing").plan() is None


def test_vectors_too_large_to_be_held_are_mapped_or_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    space = inlay.build([], tmp_path / "s", encoder=Pipeline(HashingEncoder(dim=DIM)))
    space.add({"id": f"{i}", "text": f"word{i} and {i % 17} of {i % 5}", "n": i} for i in range(9000))
    space.delete("n % 7 = 0")
    asked = [f"word{i} and 3 of 4" for i in range(0, 40, 3)]

    def answers() -> list[list[tuple[str, float]]]:
        opened = inlay.open(tmp_path / "s")
        wheres = (None, "n % 2 = 0", "n < 30", "n < 0")
        return [[(hit.id, hit.score) for hit in found] for w in wheres for found in opened.search(asked, 12, where=w)]

    want = answers()
    assert sum(map(len, want)) > 30 * 12
    assert not (tmp_path / "s" / "index").exists()
    monkeypatch.setattr(saved, "HELD", 4 * DIM * 100)  # of 7,714 vectors; few enough allowed ones are taken
    tracemalloc.start()
    try:
        assert answers() == want
        assert tracemalloc.get_traced_memory()[1] < 4 * DIM * 7714 / 2
    finally:
        tracemalloc.stop()
    assert "the index is missing" in caplog.text
    inlay.build([], tmp_path / "s")
    assert inlay.open(tmp_path / "s").info()["index"]["missing"] is False
    assert (tmp_path / "s" / "index").exists()
    caplog.clear()
    assert answers() == want
    assert not caplog.text
