"""Running a suite: what is there already is not run again, and what cannot be run is passed over with the reason."""

import hashlib
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inlay.core.contracts import Encoder
from inlay.core.description import describe
from inlay.core.errors import DataError, MissingData, MissingExtra, ParameterError
from inlay.core.fingerprint import fingerprint
from inlay.data.complexity import complexity, texts
from inlay.data.datasets import Columns, digest
from inlay.pipeline import Pipeline

from . import result as results
from .result import Result
from .suites import Planned
from .watched import Watch

_LIBRARIES = ("inlay", "numpy", "scipy", "scikit-learn", "torch", "sentence-transformers", "ir-measures")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A task that was passed over, why, and whether something is wrong with it rather than absent."""

    task: str
    why: str
    is_broken: bool = False


def run(
    encoder: Encoder | Pipeline,
    model: str,
    tasks: tuple[Planned, ...],
    *,
    folder: Path | None,
    again: bool = False,
    progress: Callable[[str, int], object],
) -> Iterator[Result | Skipped]:
    """Yield the result of each task, from `folder` where the same was run before.

    Parameters
    ----------
    model : the name under which results are stored.
    folder : of results; None neither reads nor writes.
    again : run also what is there.
    progress : called with the name of a task, and the number of items encoded since the last call.
    """
    chain = (encoder.encoder, *encoder.transforms) if isinstance(encoder, Pipeline) else (encoder,)
    revision = fingerprint(*chain)
    if isinstance(encoder, Pipeline) and (encoder.index is not None or encoder.rankers):
        revision = fingerprint(encoder)
    for planned in tasks:
        try:
            columns = planned.columns()
        except DataError as error:
            yield Skipped(planned.name, str(error), is_broken=not isinstance(error, MissingData))
            continue
        identity = {"data": digest(columns), "protocol": _protocol(planned)}
        file = None if folder is None else results.place(folder, model, revision, planned.name)
        known = None if file is None or again else results.read(file)
        if known is not None and all(known.provenance.get(key) == value for key, value in identity.items()):
            yield _named(known, planned)
            continue
        try:
            yield _run(encoder, model, planned, columns, identity | {"fingerprint": revision}, file, progress)
        except (MissingExtra, DataError) as error:  # the other tasks go on
            yield Skipped(planned.name, str(error), is_broken=isinstance(error, DataError))


def _run(
    encoder: Encoder | Pipeline,
    model: str,
    planned: Planned,
    columns: Columns,
    identity: dict[str, Any],
    file: Path | None,
    progress: Callable[[str, int], object],
) -> Result:
    watch, start = Watch(lambda n: progress(planned.name, n)), time.perf_counter()
    readings = planned.task(columns).run(watch.over(encoder))
    names = [reading.name for reading in readings]
    if planned.metric is not None:
        if planned.metric not in names:
            raise ParameterError(f"{planned.name} has no score {planned.metric!r}; it has {', '.join(names)}.")
        readings.insert(0, readings.pop(names.index(planned.metric)))
    provenance = identity | {
        "seconds": round(time.perf_counter() - start, 3),
        "encoding_seconds": round(watch.seconds, 3),
        "items": watch.items,
        "bytes": watch.bytes,
        "corpus": _corpus(columns),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | _versions(),
    }
    result = Result(planned.name, planned.kind, model, tuple(readings), provenance, planned.language, planned.domain)
    if file is not None:
        results.write(result, file)
    return result


def _corpus(columns: Columns) -> dict[str, float]:
    """Measure the texts of a data set, beside which its scores are read; empty where it holds no texts."""
    try:
        found = texts(columns)
    except DataError:  # words, nodes, numbers
        return {}
    return {"texts": len(found)} | {reading.name: round(reading.value, 4) for reading in complexity(found)}


def _protocol(planned: Planned) -> str:
    """Name the protocol: its sources, its parameters, its main score, and the version of Inlay."""
    whole = [planned.protocol, _sources(planned.folder), dict(planned.parameters), planned.metric, version("inlay")]
    return describe(whole, by_identity=True).digest()[:16]


@cache
def _sources(folder: Path) -> str:
    """Return the hash of the sources of a folder: a protocol that was changed may compute another number."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()


def _named(known: Result, planned: Planned) -> Result:
    return Result(
        planned.name,
        planned.kind,
        known.model,
        known.readings,
        known.provenance,
        planned.language,
        planned.domain,
    )


def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
