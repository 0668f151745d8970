"""A build that is killed at any moment and run again ends as one that was never stopped."""

import json
import subprocess
import sys
from pathlib import Path

import lance
import numpy as np
import pytest

from inlay.core.vectors import normalize
from inlay.encoders.text import HashingEncoder

KILLS = 24
RECORDS = 4000
GROUP = 256

# Runs builds in forked children, so that each kill does not cost an import. It opens no dataset itself.
LAUNCHER = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path
import numpy as np
import inlay._space.finder, inlay._space.table, inlay._space.writer, inlay.data.read, inlay.data._json, inlay.building
from inlay.encoders.text import HashingEncoder

folder, corpus = Path(sys.argv[1]), sys.argv[2]
kills, group, begin = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
inlay._space.writer.GROUP = group
inlay._space.table.SMALL = 6  # so that compaction happens in the middle of things as well


class Logged(HashingEncoder):
    def encode(self, items, *, role="document"):
        with open(os.environ["LOG"], "a") as log:
            log.writelines(item.split()[0] + "\\n" for item in items)
        # Like that of many an encoder, what it gives depends a little on what is encoded together.
        return super().encode(items, role=role) * np.float32(1 + len(items) / 1000)


def build(space, log):
    if begin and not space.exists():
        shutil.copytree(begin, space)
    pid = os.fork()
    if pid:
        return pid
    try:
        table = inlay._space.table.Table.open(f"{space}/records.lance")
        before = [] if table is None else table.read(["text"])["text"].to_pylist()
        Path(f"{log}.before").write_text("".join(text.split()[0] + "\\n" for text in before))
        os.environ["LOG"] = str(log)
        inlay.building.build(corpus, space, encoder=Logged(dim=64))
        os._exit(0)
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)


def finish(space, log):
    pid = build(space, log)
    _, status = os.waitpid(pid, 0)
    assert status == 0, status


start = time.perf_counter()
finish(folder / "whole", folder / "whole.log")
whole = time.perf_counter() - start
rng = random.Random(0)
struck = runs = 0
while struck < kills:
    # A third of the kills aim at the whole length of a run, the others at its beginning, so that many runs are needed.
    pid = build(folder / "killed", folder / f"{runs:02}.log")
    time.sleep(rng.uniform(0.0, whole * (1.0 if runs % 3 == 0 else 0.4)))
    os.kill(pid, signal.SIGKILL)
    hit = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    struck += hit
    runs += 1
    if not hit or struck % 8 == 0:  # begin anew, so that each stretch of the build is hit
        finish(folder / "killed", folder / f"last{runs}.log")
        os.rename(folder / "killed", folder / f"killed{runs}")
print(json.dumps({"struck": struck, "whole": whole}))
"""


def _corpus(folder: Path, *, changed: bool) -> Path:
    """Four files; in the changed ones every fifth text is another, every seventh line is gone, and one file as well."""
    folder.mkdir()
    for part in range(4):
        if changed and part == 1:
            continue
        lines = (
            json.dumps({"id": f"d{i}", "text": f"word{'N' * new}{i} some text about {i % 97}", "year": i % 50})
            for i in range(part * RECORDS // 4, (part + 1) * RECORDS // 4)
            for new in [changed and part != 2 and i % 5 == 0]
            if not (changed and part != 2 and i % 7 == 0)
        )
        (folder / f"{part}.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module", params=["new", "update"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kinds of spaces: ``whole`` was built in one go, ``killed*`` with kills, each to its end."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "launcher.py").write_text(LAUNCHER)
    corpus, begin = _corpus(folder / "in", changed=False), ""
    if request.param == "update":
        begin = str(folder / "before")
        _run(folder, corpus, 0, "")
        (folder / "whole").rename(begin)
        for log in folder.glob("*.log*"):
            log.unlink()
        corpus.rename(folder / "old")
        _corpus(corpus, changed=True)
    assert _run(folder, corpus, KILLS, begin)["struck"] >= KILLS
    return folder


def _run(folder: Path, corpus: Path, kills: int, begin: str) -> dict[str, int]:
    command = [sys.executable, folder / "launcher.py", folder, corpus, str(kills), str(GROUP), begin]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _content(space: Path) -> dict[str, list[object]]:
    rows = lance.dataset(str(space / "records.lance")).to_table()
    return {name: rows[name].to_pylist() for name in rows.column_names}


def _texts(corpus: Path) -> dict[str, str]:
    rows = [json.loads(line) for file in corpus.glob("*.jsonl") for line in file.read_text().splitlines()]
    return {row["id"]: row["text"] for row in rows}


def test_every_killed_build_ends_like_the_whole_one(folder: Path) -> None:
    whole = _content(folder / "whole")
    assert dict(zip(whole["id"], whole["text"], strict=True)) == _texts(folder / "in")
    assert len(set(whole["id"])) == len(whole["id"])
    killed = sorted(folder.glob("killed*"))
    assert len(killed) >= 3
    for space in killed:
        found = _content(space)
        assert found.keys() == whole.keys()
        for name, values in whole.items():
            # Equal lists of floats are equal bit for bit: there are no zeros of two signs and no NaN in them.
            assert found[name] == values, name


def test_nothing_that_was_committed_is_encoded_again(folder: Path) -> None:
    resumed = 0
    for before in sorted(folder.glob("*.log.before")):
        stored = set(before.read_text().split())
        log = before.with_suffix("")
        encoded = log.read_text().split() if log.exists() else []
        assert not stored & set(encoded)
        assert len(encoded) == len(set(encoded))
        resumed += bool(stored) and bool(encoded)
    assert resumed >= 3, "the kills came too early or too late to show anything"
    old = _texts(folder / "old") if (folder / "old").exists() else {}
    new = set(_texts(folder / "in").values()) - set(old.values())
    assert sorted((folder / "whole.log").read_text().split()) == sorted(text.split()[0] for text in new)


def test_a_killed_build_leaves_no_garbage(folder: Path) -> None:
    def size(space: Path) -> int:
        return sum(file.stat().st_size for file in space.rglob("*") if file.is_file())

    for space in folder.glob("killed*"):
        assert size(space) < 1.1 * size(folder / "whole")


def test_vectors_are_those_of_the_encoder(folder: Path) -> None:
    whole = _content(folder / "whole")
    expected = HashingEncoder(dim=64).encode(whole["text"])  # type: ignore[arg-type]
    np.testing.assert_allclose(normalize(np.array(whole["vector"])), expected, atol=1e-6)
