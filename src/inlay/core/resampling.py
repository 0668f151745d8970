"""How sure a score is, and whether one is better than another: the bootstrap, and paired randomisation.

Efron and Tibshirani, An Introduction to the Bootstrap (1993); Smucker, Allan and Carterette, A comparison of
statistical significance tests for information retrieval evaluation (2007). Items are drawn in blocks, so that ten
thousand resamples take little memory; the draws depend on `random_state` and the number of items alone, and two
systems on the same items meet the same draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError, ShapeError
from .sample import Sample
from .values import Reading

_BLOCK = 1 << 21  # weights at a time


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one system is than another on the same items.

    Parameters
    ----------
    value : the score of the first minus that of the second.
    interval : of `value`, at the confidence that was asked for, by the paired bootstrap.
    p : how often chance alone makes a difference at least as large; two-sided.
    n : the number of items.
    test : how `p` was found, ``"randomisation"`` or ``"bootstrap"``.
    """

    value: float
    interval: tuple[float, float]
    p: float
    n: int
    test: str

    def is_real(self, level: float = 0.05) -> bool:
        """Whether chance is an explanation that can be put aside, at the `level` of error that is accepted."""
        return self.p < level

    def __str__(self) -> str:
        low, high = self.interval
        verdict = "a real difference" if self.is_real() else "no difference that these items can show"
        return f"{self.value:+.4g} [{low:+.4g}, {high:+.4g}], p={self.p:.2g}, n={self.n}: {verdict}"


def with_interval(
    reading: Reading, *, n_resamples: int = 10_000, confidence: float = 0.95, random_state: int = 0
) -> Reading:
    """Return the reading with a bootstrap percentile interval.

    As it is where it has no sample or a single item, or where its statistic is not defined on the items.

    Parameters
    ----------
    n_resamples : at least 100.
    confidence : between 0 and 1.

    Examples
    --------
    >>> hit = Reading.of("hit@1", Sample("mean", ([1, 0, 1, 1, 0, 1, 1, 1],)))
    >>> print(with_interval(hit))
    hit@1 0.75 [0.375, 1] (n=8, higher is better)
    """
    _check(n_resamples, confidence)
    if reading.sample is None or len(reading.sample) < 2 or not np.isfinite(reading.value):
        return reading
    draws = np.concatenate([reading.sample.values(w) for w in _draws(len(reading.sample), n_resamples, random_state)])
    low, high = _quantiles(draws, confidence)
    # The percentiles of a best threshold may lie beside the value, which is the best for all items.
    return replace(reading, interval=(min(low, reading.value), max(high, reading.value)))


def difference(
    first: Sample, second: Sample, *, n_resamples: int = 10_000, confidence: float = 0.95, random_state: int = 0
) -> Difference:
    """Compare two systems on the same items, in the same order.

    Means are tested by exchanging the outcomes of each item between the systems at random. Other statistics, whose
    columns cannot be exchanged between systems of different scales, are tested by the paired bootstrap.

    Raises
    ------
    ShapeError
        If the samples differ in their statistic or in the number of items, or it is not defined on these items.

    Examples
    --------
    >>> ours, theirs = Sample("mean", (np.tile([1, 1, 0, 1], 50),)), Sample("mean", (np.tile([1, 0, 0, 1], 50),))
    >>> print(difference(ours, theirs))
    +0.25 [+0.19, +0.31], p=0.0001, n=200: a real difference
    """
    _check(n_resamples, confidence)
    if first.statistic != second.statistic or len(first) != len(second):
        raise ShapeError(
            f"Only the same statistic of the same items can be compared, got {first.statistic} of {len(first)} items "
            f"and {second.statistic} of {len(second)}."
        )
    n, found = len(first), first.value() - second.value()
    if not np.isfinite(found):
        raise ShapeError(f"{first.statistic} is not defined on these items, got {first.value()} and {second.value()}.")
    draws = np.concatenate([first.values(w) - second.values(w) for w in _draws(n, n_resamples, random_state)])
    if first.statistic == "mean":
        gap = first.columns[0] - second.columns[0]
        flipped = np.concatenate([(signs @ gap) / n for signs in _signs(n, n_resamples, random_state)])
        # Sums of the same numbers in another order differ in the last bits.
        extreme, test = np.abs(flipped) >= abs(found) - 1e-12 * np.abs(gap).mean(), "randomisation"
        p = (1 + int(extreme.sum())) / (1 + n_resamples)
    else:
        whole = draws[np.isfinite(draws)]
        below, above = int((whole <= 0).sum()), int((whole >= 0).sum())
        p, test = min(1.0, 2 * (1 + min(below, above)) / (1 + len(whole))), "bootstrap"
    return Difference(found, _quantiles(draws, confidence), p, n, test)


def _check(n_resamples: int, confidence: float) -> None:
    if n_resamples < 100:
        raise ParameterError(f"n_resamples must be at least 100, got {n_resamples}.")
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence}.")


def _blocks(n: int, n_resamples: int) -> Iterator[int]:
    most = max(1, _BLOCK // n)
    for start in range(0, n_resamples, most):
        yield min(most, n_resamples - start)


def _draws(n: int, n_resamples: int, random_state: int) -> Iterator[NDArray[Any]]:
    """Yield weights (b, n): how often each item is in each resample of n items."""
    rng = np.random.default_rng(random_state)
    for b in _blocks(n, n_resamples):
        drawn = rng.integers(0, n, (b, n), dtype=np.int32) + np.arange(b, dtype=np.int32)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)


def _signs(n: int, n_resamples: int, random_state: int) -> Iterator[NDArray[Any]]:
    """Yield (b, n) of -1 and 1."""
    rng = np.random.default_rng(random_state)
    for b in _blocks(n, n_resamples):
        yield rng.integers(0, 2, (b, n), dtype=np.int8).astype(np.float64) * 2 - 1


def _quantiles(draws: NDArray[Any], confidence: float) -> tuple[float, float]:
    whole = draws[np.isfinite(draws)]  # a resample without a single positive has no value
    low, high = np.quantile(whole, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
