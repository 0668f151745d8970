"""Where the parts of a space lie."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from inlay.core.errors import DataError

_OURS = {"records.lance", "sources.lance", "pipeline.lance", "index", ".lock", ".readers", ".index.lock"}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, or an address on object storage such as ``s3://bucket/my.space``.

    Parameters
    ----------
    root : as the user gave it.
    base : the same, wherever the process goes later.
    """

    root: str
    base: str

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> "Place":
        """Take what the user gave.

        Raises
        ------
        DataError
            If that is a file, or begins with the name of no user.
        """
        text = os.fspath(path)
        if text.startswith("file://"):
            text = text.removeprefix("file://")
        if "://" in text:
            root = base = text.rstrip("/") or text
        else:
            try:
                root = str(Path(text).expanduser())
            except RuntimeError as error:  # ~name of nobody
                raise DataError(f"{text} starts with ~ and the name of no user; write the whole path.") from error
            base = os.path.abspath(root)  # noqa: PTH100 - Lance takes ".." away in the same manner
            if os.path.isfile(base):  # noqa: PTH113
                raise DataError(f"{root} is a file; a space is a folder. Name the folder of a space, or a new one.")
        return cls(root, base)

    @property
    def folder(self) -> Path | None:
        """The folder; None on object storage."""
        return None if "://" in self.base else Path(self.base)

    @property
    def records(self) -> str:
        """The table of records and vectors."""
        return f"{self.base}/records.lance"

    @property
    def sources(self) -> str:
        """The table of sources that are held whole."""
        return f"{self.base}/sources.lance"

    @property
    def pipeline(self) -> str:
        """The table of what the pipeline has learned, where it has."""
        return f"{self.base}/pipeline.lance"

    def index(self, uid: str) -> Path:
        """Return the folder of the saved index of the space called `uid`; it may be deleted at any time."""
        own = cache() / uid
        if self.folder is None:
            return own
        beside = self.folder / "index"
        if os.access(self.folder, os.W_OK):
            return beside
        # It cannot be made there now, but it may have been; where there are two, the later one is the right one.
        made = [folder for folder in (beside, own) if folder.exists()]
        return max(made, key=lambda folder: folder.stat().st_mtime, default=own)

    def prepare(self) -> None:
        """Make the folder, unless it holds something else."""
        folder = self.folder
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            strange = sorted(entry.name for entry in folder.iterdir() if entry.name not in _OURS)
        except OSError as error:
            raise DataError(f"{folder} cannot hold a space: {error.strerror}. Choose another path.") from error
        if strange and not (folder / "records.lance").exists():
            raise DataError(
                f"{folder} holds other files ({', '.join(strange[:3])}) and no space; choose a path that is not used."
            )


def cache() -> Path:
    """Return the folder for indexes that cannot lie beside their space: INLAY_CACHE, or the user's own."""
    if named := os.environ.get("INLAY_CACHE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "inlay"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "inlay"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inlay"
