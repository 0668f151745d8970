"""Find what can be read under the paths of the user."""

import codecs
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from ..core.errors import ParameterError
from ._kinds import kind_of
from ._packages import find_package
from .records import Problem
from .source import OnProblem, Source, why

# Folders that hold what tools made, not what people wrote; hidden folders (.git, .venv) are passed over as well.
IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "__MACOSX"})
_OF_A_SPACE = "records.lance"
_SNIFFED = 8192
NO_HOME = "this starts with ~ and the name of no user; write the whole path, or ./~ for a file that is called so"


def find(paths: Sequence[str | os.PathLike[str]], *, on_problem: OnProblem) -> list[Source]:
    """List what can be read under `paths`, in a fixed order, each file once.

    A path is a file, a folder, which is listed with all its folders, or ``python:NAME`` for the docstrings of an
    installed package or module (``python:stdlib`` for the standard library). In folders these are passed over
    without a word: hidden files and folders (``.git``), spaces, ``node_modules``, ``__pycache__``, ``site-packages``,
    ``venv``, empty files, files that are not text and of no known kind (images, archives), pipes, sockets and
    devices, and links to something else in the same folder, which is found under its own name. A link that
    leads out of the folder, or to what is passed over as hidden or ignored, is a problem, and is not followed.

    Parameters
    ----------
    paths : what the user named; links among them are followed.
    on_problem : called with each `Problem`: a missing path, an empty file or folder, a folder that cannot be
        read, a link that leads out of its folder, to what is hidden or ignored there, or nowhere.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "b.md").write_text("# Title"), (folder / "a.csv").write_text("text")
    >>> _ = (folder / ".hidden.txt").write_text("secret"), (folder / "logo.png").write_bytes(bytes(9))
    >>> [(source.path.name, source.kind, source.size) for source in find([folder], on_problem=print)]
    [('a.csv', 'csv', 4), ('b.md', 'markdown', 7)]
    """
    if isinstance(paths, (str, os.PathLike)):
        raise ParameterError(
            f"paths is a list; {os.fspath(paths)!r} is one path. Write find([{os.fspath(paths)!r}], ...)"
        )
    if len(paths) == 1:  # each file is met once, and a million of them need no second list
        return list(_sources(os.fspath(paths[0]), on_problem))
    seen: set[str] = set()
    found: list[Source] = []
    for path in paths:
        for source in _sources(os.fspath(path), on_problem):
            key = source.name if source.kind == "docstrings" else os.path.realpath(source.path)
            if key not in seen:
                seen.add(key)
                found.append(source)
    return found


def _sources(name: str, on_problem: OnProblem) -> Iterator[Source]:
    if name.startswith("python:"):
        yield from find_package(name, on_problem)
        return
    try:
        path = Path(os.path.normpath(Path(name).expanduser()))
    except RuntimeError:  # ~name of nobody
        on_problem(Problem(_shown(name), NO_HOME))
        return
    shown = _shown(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        on_problem(Problem(shown or name, why(error)))
        return
    if stat.S_ISDIR(status.st_mode):
        empty = True
        for source in _walk(path, on_problem):
            empty = False
            yield source
        if empty:
            on_problem(Problem(shown, "this folder has no file that can be read (hidden files are passed over)"))
    elif not stat.S_ISREG(status.st_mode):
        on_problem(Problem(shown, "this is a pipe, a socket or a device; give a file or a folder"))
    elif not status.st_size:
        on_problem(Problem(shown, "this file is empty"))
    elif kind := _kind(path):
        yield Source(shown, path, kind, status.st_size)
    else:
        on_problem(Problem(shown, "this is not text and of no kind that can be read"))


def _walk(root: Path, on_problem: OnProblem) -> Iterator[Source]:
    """Yield the files below `root`, sorted by name in each folder, without recursion and without following links."""
    inside = os.path.realpath(root)
    folders = [str(root)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            on_problem(Problem(_shown(folder), why(error)))
            continue
        if any(entry.name == _OF_A_SPACE for entry in entries):
            continue  # the space that is being built may lie among its own sources
        below = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_symlink():
                    _check_link(entry, inside, on_problem)
                elif entry.is_dir():
                    if entry.name not in IGNORED_FOLDERS:
                        below.append(entry.path)
                elif entry.is_file() and (size := entry.stat().st_size):
                    path = Path(entry.path)
                    if kind := _kind(path):
                        yield Source(_shown(path), path, kind, size)
            except OSError as error:
                on_problem(Problem(_shown(entry.path), why(error)))
        folders.extend(reversed(below))


def _check_link(entry: os.DirEntry[str], inside: str, on_problem: OnProblem) -> None:
    target = os.path.realpath(entry.path)
    name = _shown(entry.path)
    if target != inside and not target.startswith(inside.rstrip(os.sep) + os.sep):
        on_problem(Problem(name, f"this link leads out of its folder, to {target}; name the target itself to read it"))
    elif not os.path.exists(target):  # noqa: PTH110 - a string is at hand
        on_problem(Problem(name, "this link leads nowhere"))
    elif _passed_over(parts := PurePath(target).relative_to(inside).parts, is_folder=os.path.isdir(target)):  # noqa: PTH112
        within = _shown(PurePath(*parts))
        on_problem(Problem(name, f"this link leads to {within}, which is hidden or ignored; name the link to read it"))


def _passed_over(parts: Sequence[str], *, is_folder: bool) -> bool:
    """Tell whether the walk leaves out what lies there, so that it is not found under its own name."""
    folders = parts if is_folder else parts[:-1]
    return any(part.startswith(".") for part in parts) or not IGNORED_FOLDERS.isdisjoint(folders)


def _kind(path: Path) -> str:
    """Tell the kind from the name, else whether the file looks like text; ``""`` for neither."""
    if kind := kind_of(path):
        return kind
    with path.open("rb") as file:
        head = file.read(_SNIFFED)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a character may be cut in two at the end of the head
    except UnicodeDecodeError:
        return ""
    return "" if b"\0" in head else "text"


def _shown(path: str | PurePath) -> str:
    """Return a path as text that can be stored, whatever bytes the file system holds."""
    return os.fsencode(PurePath(path).as_posix()).decode("utf-8", "replace")
