"""Sharded: the rows spread over several copies of an index, which search at the same time."""

import copy
import os
import secrets
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if

from inlay.core.contracts import Index, Where
from inlay.core.errors import DataError, InlayError, ParameterError
from inlay.core.extras import load
from inlay.core.values import Hits, IdArray

from .._stored import allowed, queries, stored
from ..exact import Exact
from ._answers import best, named
from ._shards import Worker, clear, delete, laid

BACKENDS, ON_LOST = ("ray", "here"), ("raise", "report")


def _can(power: str) -> Any:
    return lambda self: hasattr(self.index, power)


class Sharded(Index):
    r"""Spread the rows over copies of an index, each in a process of its own, by Ray (Moritz et al. 2018).

    Row numbers are cut into `n_shards` runs; an actor of Ray holds each with a copy of `index`, on whatever machine of
    the cluster Ray chooses. A query goes to all, and the best of what they find are put together by score, equal ones
    by row number: over `Exact` the hits are those of one machine, to the last bit.

    Use it where one machine is too slow or has too little memory. With `folder`, vectors go to the shards as files
    there, each process maps its shard from there, and the machine that asks holds row numbers only: to `fit` it may be
    given a memory-mapped array larger than its memory. Without, it holds the shards as well. A single `HNSW` serves
    millions of rows.

    A shard whose process or machine is gone is never passed over in silence. By default the search stops with an
    error; with ``on_lost="report"`` it warns and answers from the rest, and `missing` tells the rows that were not
    searched. `restart` brings them back.

    Where Ray runs already, or RAY_ADDRESS names a cluster, that is used; else one is started on this machine.

    Parameters
    ----------
    index : an index of vectors that holds them itself, such as `Exact` or `HNSW`; each shard fits a copy of it.
    n_shards : at least 1.
    backend : "ray", or "here" for shards in this process, one after another: to look into what a cluster has saved.
    on_lost : "raise" or "report", what a search does when a shard is lost.
    timeout : seconds that a search waits for the shards, more than 0; one that has not answered then counts as lost.
        None waits as long as its process and its machine are there. The first search after loading starts the shards.
    folder : where the shards are kept, a folder that all machines of the cluster see; None keeps them in the object. A
        change writes them anew, and deletes those of before when all are written: save the object again after it.

    Attributes
    ----------
    shards_ : the fitted copies, or where they are in `folder`.
    rows_ : for each shard the numbers of its rows, ascending.
    dim_ : columns of the vectors.

    References
    ----------
    Moritz, Nishihara, Wang, Tumanov, Liaw, Liang, Elibol, Yang, Paul, Jordan, Stoica (2018). Ray: A Distributed
    Framework for Emerging AI Applications. OSDI. arXiv:1712.05889.

    Examples
    --------
    >>> from inlay.indexes import Exact
    >>> index = Sharded(Exact(), 2, backend="here").fit([[1, 0], [0, 1], [0.6, 0.8]])
    >>> index.search([[1, 0]], k=2).ids, [len(rows) for rows in index.rows_]
    (array([[0, 2]]), [2, 1])
    """

    paper: ClassVar[str] = "moritz2018ray"
    requires: ClassVar[tuple[str, ...]] = ("ray",)

    shards_: list[Any]
    rows_: list[IdArray]
    dim_: int

    def __init__(
        self,
        index: Index,
        n_shards: int = 2,
        *,
        backend: str = "ray",
        on_lost: str = "raise",
        timeout: float | None = None,
        folder: str | Path | None = None,
    ) -> None:
        self.index = index
        self.n_shards = n_shards
        self.backend = backend
        self.on_lost = on_lost
        self.timeout = timeout
        self.folder = folder

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(Exact(), 3, backend="here")  # starting Ray takes seconds: its own tests do

    @property
    def missing(self) -> IdArray:
        """The rows of shards that were found lost."""
        lost = [self.rows_[i] for i in sorted(getattr(self, "_lost", ()))]
        return np.concatenate([np.empty(0, np.int64), *lost])

    def fit(self, X: ArrayLike) -> Self:
        """Cut (n, d) vectors into shards, and fit a copy of the index to each, all at the same time.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `index` is not an index of vectors.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        self._check_parameters()
        if not isinstance(self.index, Index) or self.index.stores != "vectors":
            raise ParameterError(f"index must be an index of vectors, got {self.index!r}.")
        inside = [self.index, *self.index.get_params(deep=True).values()]
        if any(kind.__module__.startswith(f"{__package__}.") for one in inside for kind in type(one).__mro__):
            raise ParameterError(
                f"index must hold its vectors itself; the shards of {self.index!r} would share a place."
            )
        X = stored(X, "float32")
        self._workers: list[Any] | None = None
        copies = [clone(self.index) for _ in range(self.n_shards)]
        rows: list[IdArray] = np.array_split(np.arange(len(X)), self.n_shards)
        self.shards_ = self._change("fit", np.array_split(X, self.n_shards), copies)
        self.rows_, self.dim_ = rows, X.shape[1]
        return self

    @available_if(_can("add"))  # type: ignore[untyped-decorator]
    def add(self, X: ArrayLike) -> Self:
        """Store further vectors behind those there are, an equal part of them in each shard.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more = stored(X, "float32", dim=self.dim_)
        n = sum(map(len, self.rows_))
        rows = np.array_split(np.arange(n, n + len(more)), len(self.rows_))
        self.shards_ = self._change("add", np.array_split(more, len(self.rows_)), self.shards_)
        self.rows_ = [np.concatenate([old, new]) for old, new in zip(self.rows_, rows, strict=True)]
        return self

    @available_if(_can("remove"))  # type: ignore[untyped-decorator]
    def remove(self, rows: Where) -> Self:
        """Take rows out of all later searches; the others keep their numbers."""
        self._check_fitted()
        self.shards_ = self._change("remove", self._within(named(rows)), self.shards_)
        return self

    def search(self, Q: ArrayLike, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows of all shards for each query; see `Exact.search` for the parameters.

        Raises
        ------
        DataError
            If a shard is lost, unless that is to be reported.
        """
        self._check_fitted()
        self._check_parameters()
        Q, k = queries(Q, k, self.dim_)
        within, crew = self._within(where), self._crew()
        if self.backend == "here":
            found = [worker.search(Q, k, rows) for worker, rows in zip(crew, within, strict=True)]
        else:
            # Vectors are laid down once in shared memory; each worker reads them there.
            shared = load("ray", extra="ray", purpose="Sharded").put(Q)
            asked = [w.search.remote(shared, k, rows) for w, rows in zip(crew, within, strict=True)]
            found = self._received(asked)
        ids, scores = np.full((len(Q), k), -1, np.int64), np.full((len(Q), k), -np.inf, np.float32)
        for rows, hits in zip(self.rows_, found, strict=True):
            if hits is not None and len(rows):
                numbers = np.where(hits.ids >= 0, rows[hits.ids], -1)
                ids, scores = best(np.hstack([ids, numbers]), np.hstack([scores, hits.scores]), k)
        return Hits(ids, scores)

    def restart(self) -> Self:
        """Give the shards that were lost to new processes, and wait until these have them."""
        self._check_fitted()
        crew = self._crew()
        for i in self._lost:
            if self.backend == "ray":
                load("ray", extra="ray", purpose="Sharded").kill(crew[i])  # it may be there, without answering
            crew[i] = self._start(self.shards_[i])
        if self.backend == "ray" and self._lost:  # else a search would wait for them, and count them as lost again
            starting = [crew[i].__ray_ready__.remote() for i in self._lost]
            load("ray", extra="ray", purpose="Sharded").wait(starting, num_returns=len(starting))
        self._lost: set[int] = set()
        return self

    def _check_parameters(self) -> None:
        if self.n_shards < 1:
            raise ParameterError(f"n_shards must be at least 1, got {self.n_shards}.")
        if self.timeout is not None and not self.timeout > 0:
            raise ParameterError(f"timeout must be more than 0 seconds, or None, got {self.timeout}.")
        for name, choices in (("backend", BACKENDS), ("on_lost", ON_LOST)):
            if getattr(self, name) not in choices:
                raise ParameterError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}.")

    def _within(self, where: Where | None) -> list[IdArray | None]:
        """Return the allowed rows of each shard by their places in it."""
        rows = allowed(where, sum(map(len, self.rows_)))
        if rows is None:
            return [None if where is None else np.arange(len(own)) for own in self.rows_]
        return [np.flatnonzero(np.isin(own, rows)) for own in self.rows_]

    def _change(self, verb: str, given: Sequence[Any], shards: list[Any]) -> list[Any]:
        """Call `verb` of each shard, and return the shards as they are then, or where they are."""
        crew = self._crew(shards)
        mark = secrets.token_hex(4)
        folder = None if self.folder is None else Path(self.folder).absolute()  # workers started elsewhere
        places = [None if folder is None else str(folder / f"shard-{mark}-{i}") for i in range(len(crew))]
        jobs = zip(crew, (laid(part, place) for part, place in zip(given, places, strict=True)), places, strict=True)
        try:
            if self.backend == "here":
                for worker, shard in zip(crew, shards, strict=True):
                    if worker.index is shard:  # which has to stay as it is where another one fails
                        worker.index = copy.deepcopy(shard)
                changed = [worker.change(verb, part, place) for worker, part, place in jobs]
            else:
                asked = [worker.change.remote(verb, part, place) for worker, part, place in jobs]
                changed = self._received(asked, change=True)
        except BaseException:
            self._workers = None  # some may have changed: all start again from the shards as they were
            delete(places)
            raise
        finally:
            clear(places)
        delete(getattr(self, "shards_", ()))
        return changed

    def _crew(self, shards: list[Any] | None = None) -> list[Any]:
        """Return what works for the shards, one for each; start them where there are none yet."""
        crew = getattr(self, "_workers", None)
        if crew is None or getattr(self, "_started", None) != self.backend:
            self._workers = crew = [self._start(shard) for shard in shards or self.shards_]
            self._lost, self._started = set(), self.backend
        return crew

    def _start(self, shard: Any) -> Any:
        if self.backend == "here":
            return Worker(shard)
        ray = load("ray", extra="ray", purpose="Sharded")
        if not ray.is_initialized():
            local = {"address": "local", "num_cpus": 2, "include_dashboard": False}
            ray.init(log_to_driver=False, logging_level="error", **({} if os.environ.get("RAY_ADDRESS") else local))
        return ray.remote(Worker).options(num_cpus=0, scheduling_strategy="SPREAD").remote(shard)

    def _received(self, asked: list[Any], *, change: bool = False) -> list[Any]:
        """Wait for all shards; None for one that is lost, where that is to be reported."""
        ray = load("ray", extra="ray", purpose="Sharded")
        found: list[Any] = []
        lost: dict[int, Any] = {}
        refused = None
        end = np.inf if change or self.timeout is None else time.monotonic() + self.timeout
        for i, one in enumerate(asked):
            try:
                found.append(ray.get(one, timeout=None if end == np.inf else max(0.0, end - time.monotonic())))
            except ray.exceptions.GetTimeoutError:
                lost[i] = f"no answer within {self.timeout} s"
                found.append(None)
            except ray.exceptions.RayTaskError as error:  # the index itself refused; told when no other works any more
                refused = refused or (error.cause if isinstance(error.cause, InlayError) else error)
            except ray.exceptions.RayError as error:
                lost[i] = error
                found.append(None)
        if refused is not None:
            raise refused from None
        self._lost = {*lost}
        if lost:
            numbers = f"{len(lost)} of {len(asked)} shards ({', '.join(map(str, lost))})"
            told = f"{numbers} of this Sharded are lost: {str(next(iter(lost.values())))[:200]}. Call restart()"
            if change or self.on_lost == "raise" or len(lost) == len(asked):
                raise DataError(f"{told} and run the same again, or fit the index again.")
            warnings.warn(f"{told}; the hits lack their {len(self.missing)} rows.", stacklevel=3)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the actors: others are started from the shards."""
        return {
            key: value for key, value in super().__getstate__().items() if key not in ("_workers", "_started", "_lost")
        }
