"""Who may write to a space, and whether anyone reads it: locks on local files, released when a process dies.

On object storage there are none; there a commit that comes second is refused by Lance.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from inlay.core.errors import ConflictError, DataError

try:
    import fcntl
except ImportError:  # Windows: readers are not seen there, so old versions are kept until they are old enough
    fcntl = None  # type: ignore[assignment]

WAIT = 0.5  # seconds


@contextmanager
def writing(folder: Path | None) -> Iterator[None]:
    """Be the only writer of the space in `folder`; None is a space on object storage."""
    if folder is None:
        yield
        return
    lock = FileLock(folder / ".lock", timeout=WAIT)
    try:
        lock.acquire()
    except Timeout as error:
        raise ConflictError(
            f"{folder} is being written to by another process (it holds {lock.lock_file}). "
            "Nothing was changed; wait until that one ends, then run the same again."
        ) from error
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written: {error.strerror or error}. Nothing was changed; copy the space to where "
            "you may write, or ask for the right to write there, then run the same again."
        ) from error
    try:
        yield
    finally:
        lock.release()


class Reading:
    """A sign for writers that a space is open, so that they keep the version that its reader sees.

    It is entered as a context by each thread that reads through it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._handle = -1
        self._threads = 0
        self._counting = threading.Lock()
        if folder is None or fcntl is None:
            return
        file = folder / ".readers"
        try:
            self._handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            try:  # a space on a read-only disk
                self._handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                return
        weakref.finalize(self, os.close, self._handle)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Tell whether nobody else has the space open, and no other thread is reading."""
        if self._handle < 0 or self._threads:
            return False
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fcntl.flock(self._handle, fcntl.LOCK_SH)
            return False
        fcntl.flock(self._handle, fcntl.LOCK_SH)
        return True

    def __enter__(self) -> None:
        with self._counting:
            self._threads += 1

    def __exit__(self, *error: object) -> None:
        with self._counting:
            self._threads -= 1
