"""A process that is killed while it makes or saves the index leaves a space that is whole and finds everything."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import inlay
from inlay.core.vectors import product_top_k

RECORDS = 600
# Where the process kills itself: at calls of the progress of the index, and at the steps of saving it.
STEPS = ["begin", "middle", "end", "arrays written", "arrays in place", "saved"]

# Forked children, so that each kill does not cost an import. The launcher opens no dataset itself.
LAUNCHER = """
import os, random, shutil, signal, sys, time
from pathlib import Path
import inlay.core.storage, inlay.indexes.hnsw, inlay.data.read, inlay.data._json, inlay.building
from inlay.encoders.text import HashingEncoder
from inlay.indexes import HNSW
from inlay.pipeline import Pipeline

folder, records, steps, kills = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(","), int(sys.argv[4])
inlay.indexes.hnsw.BLOCK = 50


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def build(space, step, mark=None):
    pid = os.fork()
    if pid:
        return pid
    try:
        flush = inlay.core.storage._flush

        def flushed(path):
            flush(path)
            if (path.suffix, path == space / "index", step) in {
                (".safetensors", False, "arrays written"),
                ("", True, "saved"),
            }:
                die()

        replace = Path.replace

        def replaced(self, target):
            if self.name == "method.json" and step == "arrays in place":
                die()
            return replace(self, target)

        def progress(stage, done, total, unit):
            if stage == "index":
                if mark:
                    mark.touch()
                if done >= {"begin": 0, "middle": total // 2, "end": total}.get(step, total + 1):
                    die()

        inlay.core.storage._flush, Path.replace = flushed, replaced
        encoder = Pipeline(HashingEncoder(dim=64), index=HNSW(M=4, ef_construction=20, ef_search=600))
        inlay.building.build(folder / "in.jsonl", space, encoder=encoder, progress=progress)
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)


def finish(space):
    status = os.waitpid(build(space, ""), 0)[1]
    assert status == 0, status


finish(folder / "whole")
for step in steps:
    space = folder / step.replace(" ", "_")
    status = os.waitpid(build(space, step), 0)[1]
    assert os.WIFSIGNALED(status), (step, status)
    shutil.copytree(space, f"{space}.killed")
    finish(space)
rng = random.Random(0)
struck = run = 0
while struck < kills:
    run += 1
    space, mark = folder / f"random{run}", folder / f"mark{run}"
    pid = build(space, "", mark)
    while not mark.exists():
        time.sleep(0.0005)
    time.sleep(rng.uniform(0.0, 0.12))
    os.kill(pid, signal.SIGKILL)
    struck += os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    shutil.copytree(space, f"{space}.killed")
    finish(space)
print(struck)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Spaces that were killed, as ``NAME.killed``, and after the next build, as ``NAME``."""
    pytest.importorskip("usearch")
    folder = tmp_path_factory.mktemp("index")
    rows = ({"id": f"d{i}", "text": f"word{i} some text about {i % 97}"} for i in range(RECORDS))
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "launcher.py").write_text(LAUNCHER)
    command = [sys.executable, str(folder / "launcher.py"), str(folder), str(RECORDS), ",".join(STEPS), "8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 8
    return folder


def check(path: Path, *, missing: bool | None) -> None:
    space = inlay.open(path)
    assert space.ids() == [f"d{i}" for i in range(RECORDS)]
    X, questions = space.vectors(), ["word7 some", "word300 text", "about 5"]
    expected = product_top_k(space.pipeline.encode(questions), X, 5)
    for hits, scores in zip(space.search(questions, k=5), expected.scores.tolist(), strict=True):
        assert [hit.score for hit in hits] == scores
    assert missing in (None, space.info()["index"]["missing"])


def test_a_killed_space_finds_everything_without_its_index(folder: Path) -> None:
    for step in STEPS:
        check(folder / f"{step.replace(' ', '_')}.killed", missing=step != "saved")
    for path in folder.glob("random*.killed"):
        check(path, missing=None)


def test_the_next_build_makes_the_index_and_leaves_no_garbage(folder: Path) -> None:
    whole = sorted(path.suffix for path in (folder / "whole" / "index").rglob("*"))
    assert whole == [".json", ".safetensors"]
    for path in [folder / step.replace(" ", "_") for step in STEPS] + list(folder.glob("random*[0-9]")):
        check(path, missing=False)
        assert sorted(file.suffix for file in (path / "index").rglob("*")) == whole


def test_an_add_to_a_killed_space_makes_the_index(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "middle.killed", tmp_path / "s")
    space = inlay.open(tmp_path / "s")
    space.add([{"id": "new", "text": "a whale"}])
    assert space.info()["index"]["missing"] is False
    assert space.search("whale", k=1)[0].id == "new"
