import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from inlay.core.errors import ParameterError
from inlay.data.find import find
from inlay.data.read import read
from inlay.data.records import Problem
from inlay.data.source import Source


def listed(*paths: Path | str) -> tuple[list[Source], list[Problem]]:
    problems: list[Problem] = []
    return find(paths, on_problem=problems.append), problems


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "deep" / "er").mkdir(parents=True)
    root = tmp_path / "docs"
    (root / "b.md").write_text("# B")
    (root / "a.txt").write_text("A")
    (root / "deep" / "er" / "x.py").write_text("x = 1")
    (root / "shallow").mkdir()
    (root / "shallow" / "y.rs").write_text("fn y() {}")
    return root


def test_folder_is_listed_in_order_whatever_was_made_first(folder: Path) -> None:
    (folder / "Makefile").write_text("all:\n\techo é")
    sources, problems = listed(folder)
    assert [source.name for source in sources] == [
        f"{folder.as_posix()}/{name}" for name in ("Makefile", "a.txt", "b.md", "deep/er/x.py", "shallow/y.rs")
    ]
    assert [source.kind for source in sources] == ["text", "text", "markdown", "code", "code"]
    assert not problems


@pytest.mark.parametrize("where", [".", "deep", "deep/er"])
def test_spaces_are_not_read(folder: Path, where: str) -> None:
    space = folder / where / "my.space"
    (space / "records.lance" / "data").mkdir(parents=True)
    (space / "index").mkdir()
    before = listed(folder)[0]
    for name in ("records.lance/notes.txt", "index/method.json", "readme.md"):
        (space / name).write_text("not wanted")
    assert listed(folder) == (before, [])
    assert "no file that can be read" in listed(space)[1][0].message
    (space / "records.lance").rename(space / "records")  # now it is a folder like any other
    assert len(listed(folder)[0]) == len(before) + 3


@pytest.mark.parametrize("name", [".git", ".hidden", "node_modules", "__pycache__", "venv", "site-packages"])
def test_ignored_folders(folder: Path, name: str) -> None:
    before = listed(folder)[0]
    (folder / name).mkdir()
    (folder / name / "readme.md").write_text("not wanted")
    assert listed(folder) == (before, [])
    assert len(listed(folder / name)[0]) == 1  # but it is read when it is named


def test_what_is_not_text_is_passed_over_in_folders_and_named_when_given(folder: Path) -> None:
    before = listed(folder)[0]
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (folder / "latin").write_bytes("é".encode("latin-1") * 9)
    (folder / "empty.txt").touch()
    (folder / ".env").write_text("secret")
    os.mkfifo(folder / "pipe.txt")
    assert listed(folder) == (before, [])
    for name, part in (
        ("logo.png", "not text"),
        ("empty.txt", "empty"),
        ("pipe.txt", "pipe"),
        ("gone", "no such"),
        ("a\0b", "cannot be read"),
    ):
        sources, [problem] = listed(folder / name)
        assert not sources
        assert part in problem.message


def test_a_character_cut_by_the_sniffed_head_is_text(tmp_path: Path) -> None:
    for shift in range(4):
        (tmp_path / f"readme{shift}").write_text("x" * (8192 - shift) + "€" * 10)
    assert len(listed(tmp_path)[0]) == 4


def test_folder_without_files(tmp_path: Path) -> None:
    sources, [problem] = listed(tmp_path)
    assert not sources
    assert "no file that can be read" in problem.message


def test_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").mkdir()
    (tmp_path / "x.jsonl" / "a.txt").write_text("inside")
    assert [source.kind for source in listed(tmp_path / "x.jsonl")[0]] == ["text"]


def test_links(folder: Path) -> None:
    before = listed(folder)[0]
    outside = folder.parent / "secret.txt"
    outside.write_text("secret")
    (folder.parent / "docs-next").mkdir()  # a neighbour whose name starts like the folder's is outside
    (folder / "loop").symlink_to(folder)
    (folder / "deep" / "up").symlink_to("..")
    (folder / "again.txt").symlink_to("a.txt")
    assert listed(folder) == (before, [])
    (folder / "out.txt").symlink_to(outside)
    (folder / "out").symlink_to(folder.parent / "docs-next")
    (folder / "broken").symlink_to("nowhere")
    sources, problems = listed(folder)
    assert sources == before
    assert [(Path(p.source).name, p.message[:26]) for p in problems] == [
        ("broken", "this link leads nowhere"),
        ("out", "this link leads out of its"),
        ("out.txt", "this link leads out of its"),
    ]
    assert [source.name for source in listed(folder / "out.txt")[0]] == [(folder / "out.txt").as_posix()]


@pytest.mark.parametrize("within", ["..data/a.txt", ".git/annex/a.txt", "node_modules/x/a.txt", "venv"])
def test_a_link_to_what_is_hidden_or_ignored_is_a_problem(folder: Path, within: str) -> None:
    before = listed(folder)[0]
    target = folder / within
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix:
        target.write_text("kept elsewhere")
    else:
        target.mkdir()
        (target / "a.txt").write_text("kept elsewhere")
    (folder / "config").symlink_to(within)
    sources, [problem] = listed(folder)
    assert sources == before
    assert problem.source == (folder / "config").as_posix()
    assert problem.message == f"this link leads to {within}, which is hidden or ignored; name the link to read it"
    assert len(listed(folder / "config")[0]) == 1


def test_a_link_to_a_file_with_the_name_of_an_ignored_folder(folder: Path) -> None:
    (folder / "venv").write_text("text")
    (folder / "linked.txt").symlink_to("venv")
    sources, problems = listed(folder)
    assert "venv" in [source.path.name for source in sources]
    assert not problems


def test_the_home_of_nobody(folder: Path) -> None:
    sources, [problem] = listed(folder / "a.txt", "~no_such_user/x")
    assert len(sources) == 1
    assert problem.message.startswith("this starts with ~ and the name of no user")


def test_each_file_once(folder: Path) -> None:
    before = listed(folder)[0]
    assert (
        listed(folder, folder / "a.txt", folder / "deep" / ".." / "b.md", "python:json", "python:json")[0][:-1]
        == before
    )


def test_names_are_those_of_the_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert listed("./docs/")[0][0].name == "docs/a.txt"
    assert listed(".")[0][0].name == "docs/a.txt"


def test_names_that_are_not_unicode_can_be_stored(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(path, "w") as file:  # noqa: PTH123 - the name is bytes
        file.write("text")
    [source] = listed(tmp_path)[0]
    assert source.name.endswith("caf\ufffd.txt")
    assert next(read(source, on_problem=print)).text == "text"


def test_digest(folder: Path) -> None:
    [source] = listed(folder / "a.txt")[0]
    assert source.digest() == hashlib.sha256(b"A").hexdigest()
    (folder / "a.txt").write_text("B")
    assert source.digest() == hashlib.sha256(b"B").hexdigest()


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[None]:
    """Be someone to whom permissions apply."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_permission(folder: Path, request: pytest.FixtureRequest) -> None:
    [source] = listed(folder / "a.txt")[0]
    (folder / "a.txt").chmod(0)
    folder.chmod(0)
    request.getfixturevalue("nobody")
    problems: list[Problem] = []
    try:
        assert list(read(source, on_problem=problems.append)) == []
        assert listed(folder)[0] == []
        problems += listed(folder)[1]
    finally:
        if not os.getuid():
            os.seteuid(0)
        folder.chmod(0o700)
    assert all("no permission" in problem.message for problem in problems[:2])


def test_sockets_and_devices(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.txt"))
        assert "pipe, a socket or a device" in listed(tmp_path / "s.txt")[1][0].message
    assert "pipe, a socket or a device" in listed("/dev/null")[1][0].message


def test_one_path_is_not_a_list(folder: Path) -> None:
    with pytest.raises(ParameterError, match=r"Write find\(\['docs'\]"):
        find("docs", on_problem=print)


def test_many_small_files(tmp_path: Path) -> None:
    for number in range(1500):
        (tmp_path / f"{number}.txt").write_text("x")
    sources, problems = listed(tmp_path)
    assert [source.path.stem for source in sources] == sorted(map(str, range(1500)))
    assert not problems
