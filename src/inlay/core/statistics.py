"""Statistics of items that can be weighted: what bootstrap and jackknife ask for, thousands of times at once.

Each takes weights (b, n), one row for each resample, in which a weight says how often an item was drawn, and columns
(n,) with what is known of each item. It returns the statistic of each resample, (b,) float64. Weights of one give the
plain statistic; where one is not defined in a resample (no positive was drawn), it is NaN there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def mean(weights: Array, x: Array) -> Array:
    """Return the mean of `x`."""
    return _divide(weights @ x, weights.sum(1))


def ratio(weights: Array, x: Array, y: Array) -> Array:
    """Return the sum of `x` over the sum of `y`."""
    return _divide(weights @ x, weights @ y)


def pearson(weights: Array, x: Array, y: Array) -> Array:
    """Return Pearson's correlation of `x` and `y`."""
    x, y = x - x.mean(), y - y.mean()  # near zero, where the differences below lose nothing
    n = weights.sum(1)
    mx, my, xx, yy, xy = (_divide(weights @ z, n) for z in (x, y, x * x, y * y, x * y))
    return _divide(xy - mx * my, np.sqrt(_spread(xx, mx) * _spread(yy, my)))


def spearman(weights: Array, x: Array, y: Array) -> Array:
    """Return Spearman's correlation: Pearson's of the ranks, which are taken anew in each resample."""
    rx, ry = _ranks(weights, x), _ranks(weights, y)
    n = weights.sum(1, keepdims=True)
    middle = (n + 1) / 2  # the mean of all ranks, ties or not
    rx -= middle
    ry -= middle
    xy, xx, yy = (np.einsum("bi,bi,bi->b", weights, a, b) for a, b in ((rx, ry), (rx, rx), (ry, ry)))
    return _divide(xy, np.sqrt(xx * yy))


def f1(weights: Array, true: Array, predicted: Array) -> Array:
    """Return the F1 of the class one, for `true` and `predicted` of zeros and ones."""
    return _divide(2 * (weights @ (true * predicted)), weights @ (true + predicted))


def macro_f1(weights: Array, true: Array, predicted: Array) -> Array:
    """Return the mean over the classes of their F1; a class neither true nor predicted in a resample is left out."""
    classes = np.union1d(true, predicted)
    scores = np.stack([f1(weights, (true == c) * 1.0, (predicted == c) * 1.0) for c in classes])
    return _divide(np.nansum(scores, 0), (~np.isnan(scores)).sum(0))


def average_precision(weights: Array, true: Array, score: Array) -> Array:
    """Return the precision at each threshold, weighted by the recall gained there; equal scores share a threshold."""
    hits, taken = _thresholds(weights, true, score)
    gained = np.diff(hits, axis=1, prepend=0)
    return _divide((gained * _zero_divide(hits, taken)).sum(1), hits[:, -1])


def best_f1(weights: Array, true: Array, score: Array) -> Array:
    """Return the best F1 over all thresholds, found anew in each resample."""
    hits, taken = _thresholds(weights, true, score)
    found: Array = _zero_divide(2 * hits, taken + hits[:, -1:]).max(1)
    return np.where(hits[:, -1] > 0, found, np.nan)


def best_accuracy(weights: Array, true: Array, score: Array) -> Array:
    """Return the best accuracy over all thresholds, found anew in each resample."""
    hits, taken = _thresholds(weights, true, score)
    n = taken[:, -1:]
    right = hits + (n - taken) - (hits[:, -1:] - hits)
    none = n - hits[:, -1:]  # a threshold above every score
    return _divide(np.maximum(right.max(1), none[:, 0]), n[:, 0])


def auc(weights: Array, true: Array, score: Array) -> Array:
    """Return the area under the ROC curve: how often a positive stands before a negative, a tie counting half."""
    hits, taken = _thresholds(weights, true, score)
    misses = taken - hits
    gained, before = np.diff(hits, axis=1, prepend=0), misses - np.diff(misses, axis=1, prepend=0) / 2
    won = hits[:, -1] * misses[:, -1] - (gained * before).sum(1)
    return _divide(won, hits[:, -1] * misses[:, -1])


def equal_error_rate(weights: Array, true: Array, score: Array) -> Array:
    """Return the rate at which false accepts equal false rejects, between the two nearest thresholds by a line."""
    hits, taken = _thresholds(weights, true, score)
    zero = np.zeros((len(hits), 1))
    rejects = 1 - np.hstack([zero, _zero_divide(hits, hits[:, -1:])])
    accepts = np.hstack([zero, _zero_divide(taken - hits, (taken - hits)[:, -1:])])
    gap = accepts - rejects  # rises from -1 to 1
    after = np.maximum((gap >= 0).argmax(1), 1)
    rows = np.arange(len(gap))
    low, high = gap[rows, after - 1], gap[rows, after]
    part = _zero_divide(-low, high - low)
    found: Array = accepts[rows, after - 1] + part * (accepts[rows, after] - accepts[rows, after - 1])
    return np.where((hits[:, -1] > 0) & (taken[:, -1] > hits[:, -1]), found, np.nan)


STATISTICS: dict[str, Callable[..., Array]] = {
    function.__name__: function
    for function in (
        mean,
        ratio,
        pearson,
        spearman,
        f1,
        macro_f1,
        average_precision,
        best_f1,
        best_accuracy,
        auc,
        equal_error_rate,
    )
}


def _divide(a: Array, b: Array) -> Array:
    """Divide; what has no value is NaN, without a warning."""
    out: Array = np.full(np.shape(a), np.nan)
    return np.divide(a, b, out=out, where=b != 0)


def _zero_divide(a: Array, b: Array) -> Array:
    shape = np.broadcast_shapes(a.shape, b.shape)
    out: Array = np.zeros(shape)
    return np.divide(a, b, out=out, where=b != 0)


def _spread(square: Array, mean: Array) -> Array:
    """Return the variance from the mean square and the mean; what is left by rounding alone is 0."""
    variance = square - mean * mean
    return np.where(variance > 1e-13 * square, variance, 0)


def _ranks(weights: Array, x: Array) -> Array:
    """Rank `x` in each resample, (b, n); equal values share the mean of their ranks."""
    values, group = np.unique(x, return_inverse=True)
    order = np.argsort(group, kind="stable")
    counts = weights[:, order]
    if len(values) < len(x):
        counts = np.add.reduceat(counts, np.searchsorted(group[order], np.arange(len(values))), axis=1)
    ranks = np.cumsum(counts, axis=1)
    ranks -= (counts - 1) / 2
    found: Array = ranks[:, group]
    return found


def _thresholds(weights: Array, true: Array, score: Array) -> tuple[Array, Array]:
    """Count the positives, and all items, at or above each distinct score, best first; two of (b, thresholds)."""
    order = np.argsort(-score, kind="stable")
    last: Array = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    drawn = weights[:, order]
    taken = np.cumsum(drawn, axis=1)[:, last]
    drawn *= true[order]  # in place: these are the largest arrays
    hits = np.cumsum(drawn, axis=1)[:, last]
    return hits, taken
