"""What is told of a choice: by which queries it was made, and what it keeps on the others."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from inlay.core.resampling import with_interval
from inlay.core.sample import Sample
from inlay.core.values import Reading

from .bound import Bound


def halves(reading: Reading) -> tuple[Reading, Reading]:
    """Return the reading of every other query, and that of the rest, with their intervals."""
    sample = reading.sample
    if sample is None:
        return reading, reading
    parts = [Sample(sample.statistic, tuple(column[start::2] for column in sample.columns)) for start in (0, 1)]
    first, second = (with_interval(Reading.of(reading.name, part)) for part in parts)
    return first, second


def summary(kept: Reading) -> dict[str, Any]:
    """Return what a choice keeps, as values that JSON can hold."""
    return {"measure": kept.name, "kept": kept.value, "interval": kept.interval, "n": kept.n}


def record(
    name: str,
    why: str,
    kept: Reading,
    *,
    memory: float,
    disk: float,
    vectors: int,
    queries: str,
    bound: Bound | None = None,
) -> dict[str, Any]:
    """Return what a space says of how its index was chosen."""
    return {
        "choice": name,
        "why": why,
        **summary(kept),
        "bytes": memory,
        "disk_bytes": disk,
        "bound": bound and asdict(bound),
        "vectors": vectors,
        "queries": queries,
        "date": datetime.now(UTC).date().isoformat(),
    }
