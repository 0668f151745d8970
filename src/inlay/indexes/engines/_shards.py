"""The processes that work for the shards of Sharded, and the files between them and the machine that asks."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inlay.core.method import Method
from inlay.core.values import Hits

GIVEN = "-given.npy"  # behind the place of a shard: what it is given, while it takes it in


class Worker:
    """What works for a shard, given as an index or as the folder it was saved to."""

    def __init__(self, shard: Any) -> None:
        self.index: Any = Method.load(shard, mmap=True) if isinstance(shard, str) else shard

    def change(self, verb: str, given: Any, place: str | None) -> Any:
        """Change the index, and return it, or the `place` where it was saved."""
        given = np.load(given, mmap_mode="r") if isinstance(given, Path) else given
        self.index = getattr(self.index, verb)(given)
        if place is None:
            return self.index
        self.index.save(place)
        self.index = Method.load(place, mmap=True)
        return place

    def search(self, Q: Any, k: int, rows: Any) -> Hits:
        """Search the shard."""
        found: Hits = self.index.search(Q, k, where=rows)
        return found


def laid(given: Any, place: str | None) -> Any:
    """Write what a shard is given to a file beside its place, so that it is never in the memory of who asks."""
    if place is None or given is None:
        return given
    file = Path(place + GIVEN)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, given)
    return file


def clear(places: Sequence[str | None]) -> None:
    """Delete what was laid there."""
    for place in places:
        if place is not None:
            Path(place + GIVEN).unlink(missing_ok=True)


def delete(shards: Sequence[Any]) -> None:
    """Delete those of the shards that are in folders."""
    for place in shards:
        if isinstance(place, str):
            shutil.rmtree(place, ignore_errors=True)
