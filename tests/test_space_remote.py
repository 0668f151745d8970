"""A space on object storage is used as one in a folder; a server on this machine stands for it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import servers

SCRIPT = """
import sys, threading
import inlay
from inlay.core.errors import ConflictError
from inlay.encoders.text import HashingEncoder
from inlay.pipeline import Pipeline

place, corpus = sys.argv[1:]
space = inlay.build(corpus, place, encoder=HashingEncoder(dim=64))
assert len(space) == 3 and space.report.added == 3, space.report
assert inlay.build(corpus, place).report.unchanged == 3
reader = inlay.open(place)
space.add([{"id": "n", "text": "river delta", "year": 5}])
assert [hit.id for hit in inlay.open(place).search("river delta", k=1, where="year = 5")] == ["n"]
assert space.delete("id = 'n'") == 1 and len(reader) == 3
space.compact()
assert reader.ids() == ["a", "b", "c"]

# Two writers at once: both succeed or one is told, and never does an id stand there twice.
told = []
def write(n):
    mine = inlay.open(place)
    try:
        mine.add([{"id": f"x{i}", "text": f"by {n}"} for i in range(20)])
    except ConflictError as error:
        told.append(str(error))
threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
ids = inlay.open(place).ids()
assert len(ids) == len(set(ids)) == 23, ids
rows = inlay.open(place).search("by", k=30, where="id LIKE 'x%'")
assert len({hit.text for hit in rows}) == 1, rows
print(len(told))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    try:
        with servers.object_storage() as environment:
            yield environment
    except servers.Absent as error:
        pytest.skip(str(error))


def test_everything_works_there(server: dict[str, str], tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.csv"
    corpus.write_text("id,text,year\na,bees dance,1\nb,stocks fell,2\nc,rivers run,3\n")
    command = [sys.executable, "-c", SCRIPT, "s3://bucket/my.space", str(corpus)]
    environment = {**server, "INLAY_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    print("told of a conflict:", done.stdout)
