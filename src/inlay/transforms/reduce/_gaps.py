"""The mean of the smallest differences of numbers, without a list of their pairs."""

import numpy as np
from numpy.typing import NDArray

STEPS = 40  # of the search for the border, each of which halves the interval


def smallest_gaps(p: NDArray[np.float64], share: float) -> tuple[float, NDArray[np.float64]]:
    r"""Return the mean of the smallest `share` of all :math:`|p_i - p_j|`, i < j, and its gradient.

    With :math:`B` pairs that count, the mean is
    :math:`\Delta - \frac{1}{B} \sum_{i<j} \max(0, \Delta - |p_i - p_j|)` at the border :math:`\Delta` that has
    :math:`B` of the differences below it. That is where this is largest in :math:`\Delta`, so that the border need
    only be near.

    Examples
    --------
    >>> value, slope = smallest_gaps(np.array([0.0, 1.0, 10.0]), 1 / 3)
    >>> round(value, 6), slope.tolist()
    (1.0, [-1.0, 1.0, 0.0])
    """
    n = len(p)
    order = np.argsort(p, kind="stable")
    s = p[order]
    first = np.arange(1, n + 1)  # partners of the i-th smallest are the rows from here to some end
    counted = max(1.0, share * n * (n - 1) / 2)
    low, high = 0.0, float(s[-1] - s[0])
    border, ends = high, np.full(n, n)
    if share < 1:
        for _ in range(STEPS):
            border = (low + high) / 2
            ends = np.searchsorted(s, s + border, side="right")
            found = float((ends - first).sum())
            if abs(found - counted) <= 1e-4 * counted:
                break
            low, high = (border, high) if found < counted else (low, border)
    below = ends - first
    before = np.concatenate([[0.0], np.cumsum(s)])
    gaps = float((before[ends] - before[first] - below * s).sum())
    value = border + (gaps - border * float(below.sum())) / counted
    # Each pair pulls its larger number up and its smaller one down.
    starts = np.bincount(first, minlength=n + 1)[:n] - np.bincount(ends, minlength=n + 1)[:n]
    slope = np.empty(n)
    slope[order] = (np.cumsum(starts) - below) / counted
    return value, slope
