"""Tune a space: measure indexes over its own vectors on its own queries, and use the fastest that will do."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from sklearn.base import clone

from ._compression.chosen import halves, record
from ._compression.measured import Trial, milliseconds
from ._compression.trial import trial
from .core.contracts import Index
from .core.errors import MissingExtra, ParameterError
from .core.resampling import with_interval
from .core.sample import Sample
from .core.values import Reading
from .indexes import HNSW, Coded, Exact, Faiss, TurboVec
from .space import Space, open
from .transforms.quantize import BinaryQuantizer, ScalarQuantizer

EFFORTS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
# name -> the index, and the values of the parameter that finds more the larger it is, and takes longer
WAYS: Mapping[str, tuple[Index, str, tuple[int, ...]]] = {
    "exact": (Exact(), "", (0,)),
    "hnsw": (HNSW(), "ef_search", EFFORTS),
    "faiss": (Faiss("HNSW16,SQ8", ef_search=16, rescore=2), "ef_search", EFFORTS),
    "turbovec4": (TurboVec(4, rescore=2), "rescore", (2, 4, 8)),
    "turbovec2": (TurboVec(2, rescore=4), "rescore", (4, 8, 16, 32)),
    "int8": (Coded(ScalarQuantizer(), rescore=1), "rescore", (1, 2)),
    "binary": (Coded(BinaryQuantizer(), rescore=10), "rescore", (10, 20, 40, 80)),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One setting of one index.

    Parameters
    ----------
    name : of the index and its setting, such as ``"hnsw ef_search=64"``.
    index : that is meant, not fitted.
    recall : the share of the exact hits that it finds.
    search_ms : milliseconds that one query takes, the median.
    fit_s : seconds to build it.
    memory, disk : bytes of a vector in memory, and of one that is read from disk to compare the best again.
    """

    name: str
    index: Index
    recall: Reading
    search_ms: float
    fit_s: float
    memory: float
    disk: float

    def reaches(self, recall: float) -> bool:
        """Say whether the 95 % interval of one half of the queries lies above `recall`, and the value of the other."""
        first, second = self.halves()
        return (first.interval or (first.value,))[0] >= recall and second.value >= recall

    def halves(self) -> tuple[Reading, Reading]:
        """Return the recall of every other query, and that of the rest, with their intervals."""
        return halves(self.recall)


@dataclass(frozen=True, slots=True)
class Tuning:
    """What indexes over the vectors of a space find, and how fast.

    Parameters
    ----------
    path : of the space.
    vectors : how many it has.
    queries : which queries were asked, in words.
    tried : one for each setting, in the order in which they were tried.
    choice : the fastest that reaches the recall asked for.
    applied : whether the space uses it now.
    skipped : indexes that could not be tried, with the reason.
    """

    path: str
    vectors: int
    queries: str
    tried: tuple[Tried, ...]
    choice: Tried
    applied: bool = False
    skipped: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold."""
        rows = [
            {
                "name": one.name,
                "recall": {"name": one.recall.name, "value": one.recall.value, "interval": one.recall.interval},
                **{name: getattr(one, name) for name in ("search_ms", "fit_s", "memory", "disk")},
            }
            for one in self.tried
        ]
        head = {"space": self.path, "vectors": self.vectors, "queries": self.queries}
        return {
            **head,
            "tried": rows,
            "choice": self.choice.name,
            "applied": self.applied,
            "skipped": dict(self.skipped),
        }


def tune(
    space: Space | str | os.PathLike[str],
    *,
    recall: float = 0.95,
    queries: Sequence[str] | None = None,
    k: int = 10,
    only: Sequence[str] | None = None,
    apply: bool = True,
    random_state: int = 0,
    on_progress: Callable[[str, int, int], object] = lambda name, done, total: None,
) -> Tuning:
    """Build indexes over the vectors of a space, and use the fastest that finds the share of exact hits asked for.

    Every index is tried with settings that find more and take longer, until one reaches the recall; the fastest of
    these is taken. What is fast differs from machine to machine: tune where the space is searched.

    Parameters
    ----------
    space : a space, or where it is.
    recall : the share of the exact k best that has to be found, above 0 and up to 1. A setting reaches it whose 95 %
        interval lies above it on one half of the queries, and whose value does on the other.
    queries : texts as they will be asked; vectors of the space that are held back where None, which are nearer to its
        other vectors than real queries are.
    k : places that count.
    only : the indexes to try: exact, hnsw, faiss, turbovec4, turbovec2, int8, binary. All where None; exact is always
        there.
    apply : False measures, and leaves the space as it is.
    random_state : seed of the vectors that are held back.
    on_progress : called with the index that is built, how many are done, and how many there are.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.
    MissingExtra
        If an index that was named needs a library that is not installed; others are passed over.
    DataError
        If the space has fewer than a hundred vectors.

    Examples
    --------
    >>> import tempfile
    >>> from inlay.building import build
    >>> space = build([], tempfile.mkdtemp(), encoder="hashing")
    >>> _ = space.add([{"id": str(i), "text": f"note {i} of {i % 9}"} for i in range(300)])
    >>> found = tune(space, recall=0.9, only=["int8"])
    >>> [one.name for one in found.tried], found.applied
    (['exact', 'int8 rescore=1'], True)
    """
    if not 0 < recall <= 1:
        raise ParameterError(f"recall must be above 0 and at most 1, such as 0.95, got {recall}.")
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    unknown = [name for name in only or () if name not in WAYS]
    if unknown:
        raise ParameterError(f"There is no index {unknown[0]!r} to try; there are {', '.join(WAYS)}.")
    names = ["exact", *(name for name in WAYS if name != "exact" and (only is None or name in only))]
    opened = space if isinstance(space, Space) else open(space)
    on, told = trial(opened, queries, None, k, len(opened), random_state)
    tried: list[Tried] = []
    skipped: list[tuple[str, str]] = []
    for number, name in enumerate(names):
        on_progress(name, number, len(names))
        try:
            for one in _settings(name, on):
                tried.append(one)
                if one.reaches(recall):
                    break
        except MissingExtra as error:
            if only is not None:
                raise
            skipped.append((name, str(error)))
    choice = min((one for one in tried if one.reaches(recall)), key=lambda one: one.search_ms)
    found = Tuning(opened.path, len(on.X), told, tuple(tried), choice, skipped=tuple(skipped))
    if apply:
        why = f"it is the fastest that finds {recall:g} of the exact hits on one half of the queries and on the other"
        kept = choice.halves()[1]  # on the queries that had no part in the choice
        said = record(
            choice.name, why, kept, memory=choice.memory, disk=choice.disk, vectors=found.vectors, queries=told
        )
        opened.store_as(choice.index, said)
    return replace(found, applied=apply)


def _settings(name: str, on: Trial) -> Iterator[Tried]:
    """Yield the settings of an index from the fastest to the one that finds most; it is built once."""
    template, parameter, values = WAYS[name]
    start = perf_counter()
    built: Any = clone(template).fit(on.X)
    seconds = perf_counter() - start
    for value in values:
        one = copy(built)
        if parameter:
            setattr(one, parameter, value)
        hits = one.search(on.Q, on.k)
        reading = with_interval(Reading.of(f"recall@{on.k}", Sample("mean", (on.recall(hits),))))
        memory, disk = _bytes(one)
        said = f"{name} {parameter}={value}" if parameter else name
        yield Tried(said, clone(one), reading, milliseconds(one, on.Q, on.k), seconds, memory, disk)


def _bytes(index: Any) -> tuple[float, float]:
    whole = float(index.vectors_.itemsize * index.vectors_.shape[1])
    if isinstance(index, Exact):
        return whole, 0.0
    if isinstance(index, HNSW):
        return whole + index.graph_.nbytes / max(1, len(index.vectors_)), 0.0
    if isinstance(index, Faiss):
        return (index.index_.nbytes / len(index.vectors_), whole) if len(index.index_) else (whole, 0.0)
    return float(index.bytes_per_vector), whole
