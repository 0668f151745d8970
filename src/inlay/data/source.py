"""Source: one file, or one installed package, to be read."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .records import Problem

OnProblem = Callable[[Problem], object]


@dataclass(frozen=True, slots=True)
class Source:
    """One file, or one installed package, to be read.

    Parameters
    ----------
    name : what the user calls it: the path as it was given, or ``python:NAME``.
    path : the file; for ``python:NAME`` the folder or file of the module.
    kind : ``"jsonl"``, ``"json"``, ``"csv"``, ``"tsv"``, ``"parquet"``, ``"arrow"``, ``"text"``, ``"markdown"``,
        ``"rst"``, ``"html"``, ``"code"``, ``"pdf"``, ``"docx"``, ``"pptx"``, ``"xlsx"`` or ``"docstrings"``.
    size : bytes of all its files.
    files : the files of a package; empty for a single file.
    """

    name: str
    path: Path
    kind: str
    size: int
    files: tuple[Path, ...] = ()

    def digest(self) -> str:
        """Return the SHA-256 of the content in hexadecimal, read in pieces.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from inlay.data.find import find
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.txt").write_text("abc")
        >>> [source] = find([folder], on_problem=print)
        >>> source.digest()[:16]
        'ba7816bf8f01cfea'
        """
        if not self.files:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        total = hashlib.sha256()
        for path in self.files:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{path.relative_to(self.path.parent).as_posix()}\0{content}\n".encode())
        return total.hexdigest()


def why(error: Exception) -> str:
    """Say why a file or folder cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, PermissionError):
        return "no permission to read this"
    return f"this cannot be read: {getattr(error, 'strerror', None) or error}"
