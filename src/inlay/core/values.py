"""Plain values that the contracts pass to each other: Hits, Search, Reading, Ragged, Encoded.

Decided once, here: ids are int64 row numbers, padded with -1 where there are fewer hits than asked for;
scores are float32, larger is always better, and -inf where the id is -1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError, ShapeError
from .sample import Sample

FloatArray = NDArray[np.float32]
IdArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What an index found: row numbers and scores, best first.

    Parameters
    ----------
    ids : (n queries, k) int64, -1 where there is no hit, which is after all real ones.
    scores : (n queries, k) float32, larger is better, never rising along a row; -inf where the id is -1.

    Both are copied as these types and can only be read.

    Raises
    ------
    ShapeError
        If the shapes differ, an id is below -1, a score is not a number, or a row is not in order.

    Examples
    --------
    >>> hits = Hits([[2, 0, -1]], [[0.9, 0.4, -np.inf]])
    >>> len(hits), hits.k
    (1, 3)
    >>> hits.counts
    array([2])
    """

    ids: IdArray
    scores: FloatArray

    def __post_init__(self) -> None:
        given, scores = np.asarray(self.ids), np.asarray(self.scores, np.float32)
        ids = np.array(given, np.int64)
        if given.dtype.kind == "f" and (ids != given).any():
            raise ShapeError("Hits has ids that are not whole numbers.")
        if ids.ndim != 2 or ids.shape != scores.shape:
            raise ShapeError(
                f"Hits needs ids and scores of one shape (n queries, k), got {ids.shape} and {scores.shape}."
            )
        if np.isnan(scores).any():
            raise ShapeError("Hits has scores that are not a number; check the vectors for NaN.")
        if (ids < -1).any():
            raise ShapeError(f"Hits has the id {ids.min()}; ids are row numbers, and -1 where there is no hit.")
        scores = np.where(ids < 0, np.float32(-np.inf), scores)
        unordered = (scores[:, 1:] > scores[:, :-1]) | ((ids[:, 1:] >= 0) & (ids[:, :-1] < 0))
        if unordered.any():
            row = int(unordered.any(axis=1).argmax())
            raise ShapeError(f"Hits must be best first, with -1 last; query {row} has {ids[row]} with {scores[row]}.")
        for name, array in (("ids", ids), ("scores", scores)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def k(self) -> int:
        """The number of places a query has."""
        return int(self.ids.shape[1])

    @property
    def counts(self) -> IdArray:
        """The number of real hits of each query, (n queries,)."""
        return np.asarray((self.ids >= 0).sum(axis=1), np.int64)

    def top(self, k: int) -> Hits:
        """Return the first `k` places of each query."""
        return Hits(self.ids[:, :k], self.scores[:, :k])


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search under way: what was asked, what was found, and what a ranker may look at; None where it is not there.

    Parameters
    ----------
    hits : what was found so far.
    others : further lists of hits for the same queries, to be fused with the first.
    Q : (n queries, d) query vectors.
    X : (n rows, d) stored vectors; row i belongs to id i.
    queries : the queries as they were asked, one for each row of `hits`.
    items : the stored items; item i belongs to id i.
    Q_parts, X_parts : the vectors of the parts (tokens, sentences, characters) of each query and of each stored item.
    legs : (n queries, k, m) the scores that each hit has in m lists that were fused; NaN where a list lacks it.
    rows : the row numbers that may be hits, ascending, for rankers that search again; None where all may.

    Examples
    --------
    >>> search = Search(Hits([[2, 0]], [[0.9, 0.4]]), legs=np.float32([[[0.9, np.nan], [0.4, 12.0]]]))
    >>> search.found(Hits([[0]], [[1.0]])).legs.tolist()
    [[[0.4000000059604645, 12.0]]]
    """

    hits: Hits
    others: tuple[Hits, ...] = ()
    Q: FloatArray | None = None
    X: FloatArray | None = None
    queries: Sequence[Any] | None = None
    items: Sequence[Any] | None = None
    Q_parts: Ragged | None = None
    X_parts: Ragged | None = None
    legs: FloatArray | None = None
    rows: IdArray | None = None

    def __post_init__(self) -> None:
        n = len(self.hits)
        named = [(name, getattr(self, name)) for name in ("Q", "queries", "Q_parts")]
        for name, value in (*named, *(("others", hits) for hits in self.others)):
            if value is not None and len(value) != n:
                raise ShapeError(f"Search has hits for {n} queries, but {name} for {len(value)}.")
        if self.legs is not None and (self.legs.ndim != 3 or self.legs.shape[:2] != self.hits.ids.shape):
            raise ShapeError(f"Search has hits of the shape {self.hits.ids.shape}, but legs of {self.legs.shape}.")

    def found(self, hits: Hits) -> Search:
        """Return the same search with other hits; the scores of legs follow the rows that they belong to."""
        if self.legs is None:
            return replace(self, hits=hits)
        legs = np.full((*hits.ids.shape, self.legs.shape[2]), np.nan, np.float32)
        # One number for each query and row, by which the legs are looked up.
        span = 1 + max(int(found.ids.max(initial=0)) for found in (hits, self.hits))
        old, new = (np.arange(len(hits))[:, None] * span + found.ids for found in (self.hits, hits))
        there = np.flatnonzero(self.hits.ids.ravel() >= 0)
        there = there[np.argsort(old.ravel()[there], kind="stable")]
        if len(there):
            place = np.minimum(np.searchsorted(old.ravel()[there], new), len(there) - 1)
            same = (old.ravel()[there][place] == new) & (hits.ids >= 0)
            legs[same] = self.legs.reshape(-1, self.legs.shape[2])[there[place[same]]]
        return replace(self, hits=hits, legs=legs)

    def need(self, ranker: str, *names: str) -> None:
        """Raise a ParameterError where one of the named members is not there, which `ranker` has to look at."""
        missing = [name for name in names if getattr(self, name) is None]
        if missing:
            raise ParameterError(f"{ranker} looks at {' and '.join(missing)} of the search, which it does not have.")


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured number that knows how to be read.

    Parameters
    ----------
    name : what was measured, such as ``"ndcg@10"``.
    value : the number.
    n : the number of items (queries, pairs, vectors) behind it.
    unit : ``""`` for a pure number, else ``"%"``, ``"s"``, ``"bytes"`` and so on.
    better : which direction is better; None where neither is.
    interval : the 95 % interval (low, high), where one was asked for.
    sample : what is known of each item, where the value is a statistic of items; intervals and comparisons need it.

    Examples
    --------
    >>> print(Reading("ndcg@10", 0.645, n=300, interval=(0.6, 0.69)))
    ndcg@10 0.645 [0.6, 0.69] (n=300, higher is better)
    """

    name: str
    value: float
    n: int
    unit: str = ""
    better: Literal["higher", "lower"] | None = "higher"
    interval: tuple[float, float] | None = None
    sample: Sample | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(
        cls, name: str, sample: Sample, *, unit: str = "", better: Literal["higher", "lower"] | None = "higher"
    ) -> Reading:
        """Return the reading that a sample gives."""
        return cls(name, sample.value(), len(sample), unit=unit, better=better, sample=sample)

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        interval = f" [{self.interval[0]:.4g}, {self.interval[1]:.4g}]" if self.interval else ""
        better = f", {self.better} is better" if self.better else ""
        return f"{self.name} {self.value:.4g}{unit}{interval} (n={self.n}{better})"


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """Items of several vectors each, stored end to end.

    Parameters
    ----------
    values : (total, d) float32, the vectors of all items one after another.
    offsets : (n + 1,) int64; item i owns ``values[offsets[i]:offsets[i + 1]]``.

    Examples
    --------
    >>> items = Ragged.stack([np.ones((2, 3)), np.zeros((0, 3)), np.ones((1, 3))])
    >>> len(items), items.lengths.tolist(), items[0].shape
    (3, [2, 0, 1], (2, 3))
    """

    values: FloatArray
    offsets: IdArray

    def __post_init__(self) -> None:
        values, offsets = np.asarray(self.values, np.float32), np.asarray(self.offsets, np.int64)
        ends_meet = offsets.ndim == 1 and len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(values)
        if values.ndim != 2 or not ends_meet or (np.diff(offsets) < 0).any():
            raise ShapeError(
                "Ragged needs values (total, d) and non-decreasing offsets from 0 to total, "
                f"got values {values.shape} and offsets {offsets.shape}."
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "offsets", offsets)

    @classmethod
    def stack(cls, items: Sequence[NDArray[Any]]) -> Ragged:
        """Lay arrays of shape (any, d) end to end."""
        if not items:
            raise ShapeError("Ragged.stack needs at least one array, to know the dimension.")
        shapes = {np.shape(item)[1:] for item in items}
        if len(shapes) > 1:
            raise ShapeError(f"Ragged.stack needs arrays (any, d) of one d, got rows of the shapes {sorted(shapes)}.")
        return cls(np.concatenate(list(items)), np.cumsum([0, *map(len, items)], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> FloatArray:
        i = range(len(self))[i]
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def __iter__(self) -> Iterator[FloatArray]:
        return (self[i] for i in range(len(self)))

    @property
    def lengths(self) -> IdArray:
        """The number of vectors of each item, (n,)."""
        return np.diff(self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Vectors, and what the encoder's limit on input length cut away.

    Parameters
    ----------
    vectors : (n, d) float32.
    tokens : (n,) int64, the tokens each whole input has, special tokens not counted.
    lost : (n,) int64, how many of them the encoder did not see.
    """

    vectors: FloatArray
    tokens: IdArray
    lost: IdArray

    def __post_init__(self) -> None:
        if not len(self.vectors) == len(self.tokens) == len(self.lost):
            raise ShapeError(
                f"Encoded needs one count for each vector, got {len(self.vectors)} vectors, "
                f"{len(self.tokens)} token counts and {len(self.lost)} losses."
            )
