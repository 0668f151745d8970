"""What the engines on servers without transactions share: connections, and marks of what a collection holds."""

import atexit
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from inlay.core.errors import DataError

NEW = "new"  # the mark of a collection that holds nothing yet
_clients: dict[tuple[Any, ...], Any] = {}
_lock = threading.RLock()


def connected(name: tuple[Any, ...], connect: Callable[[], Any]) -> Any:
    """Return the connection of this process that has the name; `connect` makes it where there is none yet."""
    with _lock:
        key = os.getpid(), *name
        if key not in _clients:
            _clients[key] = connect()
        return _clients[key]


@atexit.register
def _close() -> None:
    """Close while the modules that this needs are still there; the process that forked this one has its own."""
    for key, client in _clients.items():
        if key[0] == os.getpid():
            with suppress(Exception):
                client.close()


@contextmanager
def changing(
    before: str, now: str, held: Callable[[], str | None], mark: Callable[[str], None], changed: Callable[[], DataError]
) -> Iterator[None]:
    """Mark a collection as unfinished while it changes, and then as what it holds.

    The mark names the change, so that the same one can be made again where it failed, and no other.

    Parameters
    ----------
    before, now : digests of what the collection holds before and after.
    held, mark : read and write the mark; None is that of a server that keeps none.
    changed : makes the error for a collection that somebody else changed.
    """
    unfinished = f"unfinished {before} {now}"
    if held() not in (before, unfinished, None):
        raise changed()
    mark(unfinished)
    yield
    if held() not in (unfinished, None):
        mark("mixed")  # what it holds is the work of both
        raise changed()
    try:
        mark(now)
    except Exception:
        if held() != now:  # else only the answer was lost
            raise


@contextmanager
def checked(check: Callable[[], None]) -> Iterator[None]:
    """Check a collection after it has answered: a change before or meanwhile is noticed, also where it is an error."""
    try:
        yield
    except Exception:
        check()
        raise
    check()
