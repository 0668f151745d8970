"""What goes wrong leaves a space as it was, or to be finished later."""

import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

import inlay
from inlay._space import writer
from inlay.core.errors import ConflictError, DataError
from inlay.core.values import Encoded
from inlay.encoders.text import HashingEncoder
from inlay.indexes import HNSW
from inlay.pipeline import Pipeline
from inlay.space import Space

ENCODER = HashingEncoder(dim=64)


def records(n: int, text: str = "text") -> Iterator[dict[str, Any]]:
    return ({"id": f"d{i}", "text": f"{text} number{i}", "n": i} for i in range(n))


@pytest.fixture
def space(tmp_path: Path) -> Space:
    space = inlay.build([], tmp_path / "s", encoder=ENCODER)
    space.add(records(50))
    return space


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GROUP", 32)


def state(path: Path) -> tuple[list[str], bytes, int]:
    space = inlay.open(path)
    return space.ids(), space.vectors().tobytes(), space.info()["version"]


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError(28, "No space left on device")])
def test_an_add_that_fails_midway_changes_nothing(space: Space, tmp_path: Path, error: Any) -> None:
    before = state(tmp_path / "s")
    size = sum(path.stat().st_size for path in (tmp_path / "s").rglob("*"))

    def broken() -> Iterator[dict[str, Any]]:
        yield from records(500, "other")
        raise error

    with pytest.raises(type(error) if isinstance(error, BaseException) else error):
        space.add(broken())
    assert state(tmp_path / "s") == before
    assert len(space.search("other", k=60)) == 50
    assert sum(path.stat().st_size for path in (tmp_path / "s").rglob("*")) <= size + 1000
    assert space.add(records(40, "other")).updated == 40


@pytest.mark.usefixtures("small_groups")
def test_ctrl_c_leaves_a_build_to_be_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records(200)))
    encode, texts = HashingEncoder.encode, []

    def interrupted(self: Any, items: Any, *, role: str = "document") -> Any:
        if len(texts) == 96:
            signal.raise_signal(signal.SIGINT)
        texts.extend(items)
        return encode(self, items)

    monkeypatch.setattr(HashingEncoder, "encode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        inlay.build(tmp_path / "a.jsonl", tmp_path / "s", encoder=ENCODER)
    assert len(inlay.open(tmp_path / "s")) == 96
    texts.append("from now on it works")
    space = inlay.build(tmp_path / "a.jsonl", tmp_path / "s", encoder=ENCODER)
    assert space.ids() == [f"d{i}" for i in range(200)]
    assert len(texts) == 201


def test_a_second_writer_is_told(space: Space, tmp_path: Path) -> None:
    with FileLock(tmp_path / "s" / ".lock"):
        for change in (
            lambda: space.add(records(1)),
            lambda: space.delete("n = 1"),
            lambda: inlay.build([], tmp_path / "s"),
            space.compact,
        ):
            with pytest.raises(ConflictError, match=r"another process.*Nothing was changed"):
                change()
        assert len(space.search("text", k=50)) == 50
    assert space.delete("n = 1") == 1


def _write(path: str, who: int, results: Any) -> None:
    done = []
    for i in range(10):
        try:
            inlay.open(path).add([{"id": f"{i}", "text": f"by{who}"}, {"id": f"{who}-{i}", "text": "own"}])
            done.append(f"{who}-{i}")
        except ConflictError:
            continue
    results.put(done)


def test_processes_that_write_at_once_never_mix(space: Space, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    writers = [context.Process(target=_write, args=(str(tmp_path / "s"), who, results)) for who in range(3)]
    for process in writers:
        process.start()
    done = [name for _ in writers for name in results.get(timeout=120)]
    for process in writers:
        process.join(60)
    ids = space.refresh().ids()
    assert len(ids) == len(set(ids))
    assert {name for name in ids if "-" in name} == set(done)
    assert done


def test_a_space_that_was_made_anew_is_left_alone(space: Space, tmp_path: Path) -> None:
    def anew(n: int) -> Space:
        shutil.rmtree(tmp_path / "s")
        made = inlay.build([], tmp_path / "s", encoder=ENCODER)
        made.add(records(20))
        for i in range(n):
            made.add([{"id": f"more{i}", "text": "more"}])
        return made

    for more in (0, 2):  # 0 is as many versions as the old one has
        version = space.info()["version"]
        made = anew(more)
        assert made.info()["version"] == version + more
        for change, given in ((space.refresh, ()), (space.add, (records(60),)), (space.store_as, (HNSW(),))):
            with pytest.raises(DataError, match="was deleted and made anew since it was opened"):
                change(*given)
        again = inlay.open(tmp_path / "s")
        assert again.ids() == made.ids()
        assert len(again.search("number3", k=50)) == 20 + more
        space = anew(0)
    shutil.rmtree(tmp_path / "s")
    with pytest.raises(DataError, match="is gone since it was opened"):
        space.refresh()


DISK_FULL = """
import resource, signal, sys
import inlay
from inlay.core.errors import DataError

space = inlay.open(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    space.add({"id": f"n{i}", "text": f"new {i}" * 10} for i in range(5000))
except DataError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_space_as_it_was(space: Space, tmp_path: Path) -> None:
    before = state(tmp_path / "s")
    command = [sys.executable, "-c", DISK_FULL, str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    assert "free some space" in done.stdout
    assert state(tmp_path / "s") == before
    assert space.add(records(60)).added == 10


def test_a_damaged_space_is_named(space: Space, tmp_path: Path) -> None:
    for file in (tmp_path / "s" / "records.lance" / "data").iterdir():
        file.write_bytes(b"x" * 100)
    with pytest.raises(DataError, match=r"records.lance cannot be written or read"):
        inlay.open(tmp_path / "s").search("text")
    for file in (tmp_path / "s" / "records.lance" / "_versions").iterdir():
        file.write_bytes(b"x" * 100)
    with pytest.raises(DataError, match=r"records.lance") as told:
        inlay.open(tmp_path / "s")
    assert ".rs:" not in str(told.value)


class Counting(HashingEncoder):
    """Sees ten words; the first time it is used it settles on a seed."""

    max_tokens = 10

    def identity(self) -> dict[str, object]:
        return {"dim": self.dim}

    def encode(self, items: Any, *, role: str = "document") -> Any:
        if not hasattr(self, "engine_"):
            self.engine_ = "bf16"
        return super().encode(items)

    def count_tokens(self, items: Any) -> Any:
        return np.array([len(item.split()) for item in items], np.int64)

    def encode_counted(self, items: Any, *, role: str = "document", progress: Any = None) -> Encoded:
        tokens = self.count_tokens(items)
        if progress:
            progress(len(items))
        return Encoded(self.encode(items), tokens, (tokens - 10).clip(0))


def test_what_is_cut_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" ".join(f"word{i}" for i in range(95)))
    (tmp_path / "b.txt").write_text("x" * 5 + " and a few more words")
    calls: list[tuple[str, int, int, str]] = []
    space = inlay.build(
        [tmp_path / "a.txt", tmp_path / "b.txt"],
        tmp_path / "s",
        encoder=Counting(64),
        progress=lambda *call: calls.append(call),
    )
    assert space.report.tokens >= 95 + 6
    assert (space.report.tokens_lost, space.report.documents_touched) == (0, 0)
    assert all(len(hit.text.split()) <= 10 for hit in space.search("word1", k=99))
    total = sum((tmp_path / name).stat().st_size for name in ("a.txt", "b.txt"))
    assert calls[-1] == ("encode", total, total, "bytes")
    assert [done for stage, done, *_ in calls if stage == "read"][-1] == total
    vector = np.ones(64, np.float32)
    fingerprint = space.info()["vectors"]["fingerprint"]
    assert space.add([{"id": "v", "text": "w " * 30, "vector": vector}], fingerprint=fingerprint).tokens == 0


def test_what_an_encoder_settled_at_first_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some words")
    inlay.build(tmp_path / "a.txt", tmp_path / "s", encoder=Counting(64))
    assert inlay.open(tmp_path / "s").pipeline.encoder.engine_ == "bf16"
    mine = Counting(64)
    mine.engine_ = "f32"
    assert inlay.build(tmp_path / "a.txt", tmp_path / "s", encoder=mine).pipeline.encoder.engine_ == "bf16"
    assert mine.engine_ == "f32"


def _peak(path: Path, n: int) -> int:
    space = inlay.build([], path, encoder=Pipeline(ENCODER))
    tracemalloc.start()
    try:
        space.add(records(n))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("small_groups")
def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    small, large = _peak(tmp_path / "a", 3000), _peak(tmp_path / "b", 12000)
    # An id takes 24 bytes, and several times that for a moment; a record with its vector takes 700.
    assert large - small < 9000 * 200
