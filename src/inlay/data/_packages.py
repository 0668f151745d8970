"""Where the sources of an installed package lie; nothing is imported to find them."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from .records import Problem
from .source import OnProblem, Source, why

STDLIB = "stdlib"
_COMPILED = "this module is compiled; there is no source to read its docstrings from"
# Programs and data that come with the standard library and are not for import.
_PROGRAMS = {"antigravity", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this", "turtledemo"}
_OTHER_PATHS = {"ntpath", "posixpath"} - {os.path.__name__}  # os.path of another system, the same docstrings again
_SKIPPED_FOLDERS = frozenset({"test", "tests", "__pycache__", "site-packages", "node_modules"})
_SKIPPED_FILES = frozenset({"conftest.py", "setup.py"})


def find_package(name: str, on_problem: OnProblem) -> Iterator[Source]:
    """Yield the source of ``python:NAME``, or tell why there is none."""
    module = name.removeprefix("python:")
    if not all(part.isidentifier() for part in module.split(".")):
        on_problem(Problem(name, _unknown(module) or "this is not the name of a module; write python:package.module"))
        return
    if module in sys.builtin_module_names:
        on_problem(Problem(name, _COMPILED))
        return
    path = Path(sysconfig.get_path("stdlib")) if module == STDLIB else _locate(module)
    if path is None:
        on_problem(Problem(name, _unknown(module) or "no module of this name is installed for this Python"))
        return
    if path.is_file() and path.suffix not in (".py", ".pyi"):
        on_problem(Problem(name, _COMPILED))
        return
    try:
        files = tuple(_standard_library(path) if module == STDLIB else _files(path))
        size = sum(file.stat().st_size for file in files)
    except OSError as error:
        on_problem(Problem(name, why(error)))
        return
    if not files:
        on_problem(Problem(name, "this package holds no Python sources"))
        return
    yield Source(name, path, "docstrings", size, files)


def _locate(module: str) -> Path | None:
    """Return the folder or file of a module, looking for the first name on ``sys.path`` and for the rest below it."""
    top, *rest = module.split(".")
    spec = PathFinder.find_spec(top)
    if spec is None:
        return None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if not folders:
        return Path(spec.origin) if spec.origin and not rest else None
    for folder in folders:
        path = folder.joinpath(*rest)
        if path.is_dir():
            return path
        for suffix in (".py", ".pyi", ".so", ".pyd"):
            found = sorted(
                path.parent.glob(f"{path.name}*{suffix}" if suffix in (".so", ".pyd") else path.name + suffix)
            )
            if rest and found:
                return found[0]
    return None


def _standard_library(folder: Path) -> Iterator[Path]:
    for name in sorted(sys.stdlib_module_names - _PROGRAMS - _OTHER_PATHS):
        for path in (folder / f"{name}.py", folder / name):
            if path.exists():
                yield from _files(path)


def _files(path: Path) -> Iterator[Path]:
    """Yield the sources at and below `path`, sorted; tests are left out."""
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS and name.isidentifier())
        present = set(names)
        for name in sorted(names):
            stub = name.endswith(".pyi") and name[:-1] not in present
            if (name.endswith(".py") or stub) and name not in _SKIPPED_FILES:
                yield Path(folder, name)


def _unknown(module: str) -> str:
    """Return a hint where `module` is the name that a package is installed under and not the one it is imported by."""
    wanted = module.replace("_", "-").lower()
    owners = metadata.packages_distributions().items()
    names = [top for top, owned in owners if any(own.replace("_", "-").lower() == wanted for own in owned)]
    shown = ", ".join(f"python:{name}" for name in sorted(names) if not name.startswith("_"))
    return f"no module of this name is installed; {module} is imported by another name: {shown}" if shown else ""
