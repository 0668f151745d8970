"""Compress a space: measure on its own vectors what each way to store them costs and keeps, choose one, use it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ._compression import choices
from ._compression.chosen import halves, record, summary
from ._compression.measured import Known, Measured, measure
from ._compression.trial import trial
from .core.errors import InlayError, ParameterError
from .core.values import Reading
from .space import Space, open

MAX_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Choice:
    """The way that was chosen.

    Parameters
    ----------
    name : of the way.
    why : in a sentence.
    kept : what it keeps, on queries that had no part in the choice, where `keep` decided.
    """

    name: str
    why: str
    kept: Reading


@dataclass(frozen=True, slots=True)
class Compression:
    """What compressing a space costs and keeps.

    Parameters
    ----------
    path : of the space.
    vectors : how many were stored for the measurement.
    queries : which queries it was made with, in words.
    dim : of the vectors.
    measured : one for each way that was tried, float32 first.
    choice : the way that was chosen; None where nothing was asked for.
    applied : whether the space uses it now.
    skipped : ways that could not be tried, with the reason.
    """

    path: str
    vectors: int
    queries: str
    dim: int
    measured: tuple[Measured, ...]
    choice: Choice | None = None
    applied: bool = False
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def frontier(self) -> list[str]:
        """The names of the ways beside which no other keeps more in no more memory."""
        best, names = -np.inf, []
        for one in sorted(self.measured, key=lambda one: (one.memory, -one.kept.value, one.disk)):
            if one.kept.value > best:
                best = one.kept.value
                names.append(one.name)
        return names

    def as_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold."""
        rows = []
        for one in self.measured:
            row: dict[str, Any] = {"name": one.name, "bytes": one.memory, "disk_bytes": one.disk}
            for name, reading in (("recall", one.recall), ("ndcg", one.ndcg), ("kept", one.kept)):
                row[name] = reading and {"name": reading.name, "value": reading.value, "interval": reading.interval}
            row |= {"fit_s": one.fit_s, "encode_us": one.encode_us, "search_ms": one.search_ms}
            rows.append({**row, "bound": one.bound and asdict(one.bound), "frontier": one.name in self.frontier})
        choice = self.choice and {"name": self.choice.name, "why": self.choice.why, **summary(self.choice.kept)}
        head = {"space": self.path, "vectors": self.vectors, "queries": self.queries, "dim": self.dim}
        return {**head, "measured": rows, "choice": choice, "applied": self.applied, "skipped": dict(self.skipped)}


def compress(
    space: Space | str | os.PathLike[str],
    *,
    budget: str | int | None = None,
    keep: float | None = None,
    choose: str | None = None,
    queries: Sequence[str] | None = None,
    judgments: Any = None,
    k: int = 10,
    only: Sequence[str] | None = None,
    thorough: bool = False,
    apply: bool = True,
    max_rows: int = MAX_ROWS,
    random_state: int = 0,
    on_progress: Callable[[str, int, int], object] = lambda name, done, total: None,
) -> Compression:
    """Measure what each way to store the vectors of a space costs and keeps, and use the one that was asked for.

    Without `budget`, `keep` and `choose` everything is measured and nothing changes. The full vectors stay on disk
    whatever is chosen: searches read them where the way has ``+rescore``, and the choice can be taken back with
    ``choose="float32"``. What was chosen, and the figures it was chosen by, are written into the space (`Space.info`).

    Parameters
    ----------
    space : a space, or where it is.
    budget : the most bytes of a vector in memory, such as ``"64B"``; what keeps most within it is chosen.
    keep : the share of the quality of exact search that must be left, above 0 and up to 1: of the nDCG where there
        are judgments, of the recall of its k best otherwise. What takes the least memory is chosen whose 95 % interval
        lies above it on one half of the queries, and whose value does on the other half, which gives the interval
        that is told.
    choose : the name of the way; it and those of `only` are measured.
    queries : texts as they will be asked. Where there are neither these nor judgments, vectors of the space stand for
        them, which are nearer to its other vectors than real queries are.
    judgments : a data set with ``queries`` and ``relevant``, by name, file or columns; its documents go by the ids of
        the space. Where a way learns from them, it learns from one half, and all are measured on the other.
    k : places that count.
    only : the ways to try, instead of the usual ones.
    thorough : try further ways, which take minutes to learn.
    apply : False measures and chooses, and leaves the space as it is.
    max_rows : vectors that are stored for the measurement; a sample where there are more. Recall is higher among fewer.
    random_state : seed of the samples.
    on_progress : called with the way that is measured, how many are done, and how many there are.

    Returns
    -------
    Compression

    Raises
    ------
    ParameterError
        If a way does not exist or one that was named does not fit the vectors, nothing fits the budget, or more than
        one of budget, keep and choose is given.
    MissingExtra
        If a way that was named needs a library that is not installed; others are passed over.
    UnsupportedError
        If a way that was named learns from judgments, and there are none or too few.
    DataError
        If the space has fewer than a hundred vectors, or the judgments name none of its documents.

    Examples
    --------
    >>> import tempfile
    >>> from inlay.building import build
    >>> space = build([], tempfile.mkdtemp(), encoder="hashing")
    >>> words = ["bee", "fox", "oak", "sea", "ice", "sun"]
    >>> rows = [{"id": f"{a}{b}{c}", "text": f"{a} {b} {c}"} for a in words for b in words for c in words]
    >>> found = compress(space.add(rows) and space, budget="1.1kB", only=["float16", "int8"])
    >>> found.choice.name, found.measured[-1].memory, space.info()["compression"]["choice"]
    ('int8', 1024, 'int8')
    """
    asked = [name for name, value in (("budget", budget), ("keep", keep), ("choose", choose)) if value is not None]
    if len(asked) > 1:
        raise ParameterError(f"Give one of budget, keep and choose; got {' and '.join(asked)}.")
    if keep is not None and not 0 < keep <= 1:
        raise ParameterError(f"keep must be above 0 and at most 1, such as 0.99, got {keep}.")
    if k < 1 or max_rows < 100:
        raise ParameterError(f"k must be at least 1 and max_rows at least 100, got {k} and {max_rows}.")
    room = None if budget is None else choices.bytes_of(budget)
    opened = space if isinstance(space, Space) else open(space)
    named = only if choose is None else [*(only or ()), choose]
    for name in named or ():
        choices.index(name)  # a wrong name is told before anything is encoded
    learn = thorough if named is None else any(map(choices.learns_from_judgments, named))
    on, told = trial(opened, queries, judgments, k, max_rows, random_state, learn=learn)
    dim = on.X.shape[1]
    names = choices.checked(named, dim, thorough=thorough)
    measured: list[Measured] = []
    skipped: list[tuple[str, str]] = []
    known: Known = {}
    for number, name in enumerate(names):
        on_progress(name, number, len(names))
        try:
            measured.append(measure(name, choices.index(name), on, known))
        except InlayError as error:  # such as too few vectors for so many dimensions
            if name == choose or name in (only or ()):
                raise
            skipped.append((name, str(error)))
    found = Compression(opened.path, len(on.X), told, dim, tuple(measured), skipped=tuple(skipped))
    choice = _chosen(found, room, keep, choose)
    if choice is None:
        return found
    found = replace(found, choice=choice)
    if apply:
        one = _named(found, choice.name)
        said = record(
            one.name,
            choice.why,
            choice.kept,
            memory=one.memory,
            disk=one.disk,
            bound=one.bound,
            vectors=found.vectors,
            queries=found.queries,
        )
        opened.store_as(one.index, said)
    return replace(found, applied=apply)


def _chosen(found: Compression, room: int | None, keep: float | None, choose: str | None) -> Choice | None:
    if choose is not None:
        return Choice(choose, "it was named", _named(found, choose).kept)
    if room is not None:
        small = [one for one in found.measured if one.memory <= room]
        if not small:
            least = min(found.measured, key=lambda one: one.memory)
            raise ParameterError(
                f"Nothing that was tried fits into {room} bytes; the smallest is {least.name} with {least.memory:g}."
            )
        best = max(small, key=lambda one: (one.kept.value, -one.memory, -one.disk))
        return Choice(best.name, f"of all that fits into {room} bytes it keeps most", best.kept)
    if keep is None:
        return None
    smaller = (one for one in found.measured if one.name != "float32")
    for one in sorted(smaller, key=lambda one: (one.memory, one.disk, -one.kept.value)):  # never by the clock
        first, second = halves(one.kept)
        if first.interval and first.interval[0] >= keep and second.value >= keep:
            why = f"it is the smallest that keeps {keep:g} on one half of the queries and on the other"
            return Choice(one.name, why, second)
    return Choice("float32", f"nothing smaller is sure to keep {keep:g}", found.measured[0].kept)


def _named(found: Compression, name: str) -> Measured:
    return next(one for one in found.measured if one.name == name)
