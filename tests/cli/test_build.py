"""``inlay build``: summary, problems, exit codes, and going on after Ctrl-C."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import inlay as package


def test_summary_for_people(inlay, docs, tmp_path):
    done = inlay("build", docs, "-o", tmp_path / "my.space", "--encoder", "hashing")
    assert done.exit_code == 0
    assert "4 documents, 4 passages: 4 added, 0 updated, 0 unchanged, 0 deleted" in done.stdout
    assert re.search(r"[\d.]+ s, [\d,.]+ passages/s, at most [\d.]+ [MG]B of memory", done.stdout)
    assert f"inlay search {tmp_path / 'my.space'}" in done.stdout
    assert re.fullmatch(r"Memory: at most \d\.\d GB beside the model for up to 200,000 passages in .*\n", done.stderr)


def test_json_and_a_second_run(inlay, docs, tmp_path):
    command = ("build", docs, "-o", tmp_path / "my.space", "--encoder", "hashing", "--json")
    first, second = json.loads(inlay(*command).stdout), json.loads(inlay(*command).stdout)
    assert (first["added"], first["unchanged"], first["problems"]) == (4, 0, [])
    assert (second["added"], second["unchanged"]) == (0, 4)
    assert first["space"] == str(tmp_path / "my.space")
    assert {
        "documents",
        "passages",
        "tokens",
        "tokens_lost",
        "documents_touched",
        "seconds",
        "peak_memory_bytes",
        "memory_ceiling_bytes",
    } <= first.keys()


def test_problems_are_named_with_file_and_line(inlay, docs, tmp_path):
    with (docs / "corpus.jsonl").open("a") as file:
        file.write("not json\n" * 12)
    command = ("build", docs, "-o", tmp_path / "my.space", "--encoder", "hashing")
    done = inlay(*command)
    assert done.exit_code == 0
    assert "corpus.jsonl:4: " in done.stderr
    assert done.stderr.count("Passed over: ") == 10
    assert "2 more" in done.stderr
    done = inlay(*command, "--on-error", "fail", "--json")
    assert done.exit_code == 1
    problems = json.loads(done.stdout)["problems"]
    assert [problem["line"] for problem in problems] == list(range(4, 16))


def test_a_broken_table_is_named_and_the_rest_is_built(inlay, docs, tmp_path):
    for name, content in (
        ("archive.csv", b"PK\3\4\x14\0\x91\n\0\xff"),
        ("blank.csv", b"\n\n"),
        ("ragged.csv", b"id,text\nr1,bees dance\nr2,too,many\nr3,ants walk\n"),
        ("open.csv", b'id,text\no1,bees sleep\no2,"ants sleep\no3,wasps sleep\n'),
        ("lost.csv", b'id,"text\nl1,bees fly\n'),
    ):
        (docs / name).write_bytes(content)
    done = inlay("build", docs, "-o", tmp_path / "my.space", "--encoder", "hashing", "--json")
    assert done.exit_code == 0
    told = {Path(p["source"]).name: (p["line"], p["message"]) for p in json.loads(done.stdout)["problems"]}
    assert told == {
        "archive.csv": (0, "this file is not text (it holds null bytes); UTF-16 needs a byte order mark"),
        "blank.csv": (0, "all of its lines are empty; the first row has to name the columns"),
        "ragged.csv": (3, "this row has 3 values, and there are 2 columns"),
        "open.csv": (3, "the row that starts here cannot be read (unexpected end of data); is a quote missing?"),
        "lost.csv": (
            1,
            "the first row, which names the columns, is lost: the row that starts here cannot be read (unexpected end "
            "of data); is a quote missing?",
        ),
    }
    assert {"r1", "r3", "o1"} < set(package.open(tmp_path / "my.space").ids())


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["doc", "-o", "new.space"], 2, "no file or folder doc. Did you mean docs?"),
        (["docs", "-o", "docs"], 1, "other files"),
        (["docs", "-o", "docs/honey.md"], 1, "honey.md"),
        (["docs", "-o", "new.space", "--encoder", "/no/such/model"], (1, 2), "/no/such/model"),
        (["docs", "-o", "new.space", "--encoder", ""], 2, "model must be"),
        (["docs", "python:no_such_package", "-o", "new.space"], 2, "no_such_package"),
        (["docs", "-o", "new.space", "--text", "a,,b"], 2, "names between commas"),
        (["", "-o", "new.space"], 2, "A path is empty"),
        (["docs", "~no_such_user/x", "-o", "new.space"], 2, "~no_such_user/x: this starts with ~"),
    ],
)
def test_wrong_arguments(inlay, docs, monkeypatch, arguments, code, expected):
    monkeypatch.chdir(docs.parent)
    if "--encoder" not in arguments:
        arguments = [*arguments, "--encoder", "hashing"]
    done = inlay("build", *arguments)
    assert done.exit_code in (code if isinstance(code, tuple) else (code,))
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert "not expected" not in done.stderr
    assert (docs / "honey.md").read_text().startswith("# Honey")
    assert not (docs.parent / "new.space").exists()


def test_the_space_may_lie_in_the_folder_that_is_read(inlay, docs, monkeypatch):
    monkeypatch.chdir(docs)
    command = ("build", ".", "-o", "my.space", "--encoder", "hashing", "--json")
    assert json.loads(inlay(*command).stdout)["passages"] == 4
    again = json.loads(inlay(*command).stdout)
    assert (again["passages"], again["unchanged"], again["problems"]) == (4, 4, [])


@pytest.fixture
def large(tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    line = " ".join(f"word{i}" for i in range(60))
    for part in range(8):
        lines = (json.dumps({"id": f"{part}-{i}", "text": f"{i} {line}"}) for i in range(5000))
        (folder / f"{part}.jsonl").write_text("\n".join(lines))
    return folder


def test_ctrl_c_on_a_terminal(large, tmp_path):
    # A real terminal, so that the bars are drawn and cleared as well.
    space = tmp_path / "my.space"
    command = [sys.executable, "-m", "inlay", "build", str(large), "-o", str(space), "--encoder", "hashing"]
    master, slave = pty.openpty()
    run = subprocess.Popen(command, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"})
    os.close(slave)
    shown = _read(master, until=b"/s", seconds=60)
    run.send_signal(signal.SIGINT)
    shown += _read(master, seconds=30)
    os.close(master)
    assert run.wait(30) == 130
    assert b"run the same command again" in shown
    assert b"Traceback" not in shown
    assert b"of" in shown
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=120)
    report = json.loads(done.stdout)
    assert (done.returncode, report["added"] + report["unchanged"]) == (0, 40_000)
    assert done.stderr.startswith("Memory: at most ")
    assert done.stderr.count("\n") == 1


def _read(master, *, until=None, seconds):
    shown, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            part = os.read(master, 1 << 16)
        except OSError:  # the other end has closed
            break
        if not part:
            break
        shown += part
        if until is not None and until in shown:
            break
    return shown
