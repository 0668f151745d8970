"""Sample: what is known of each item behind a score, from which the score and its uncertainty follow."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError, ShapeError
from .statistics import STATISTICS


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What is known of each item behind a score.

    Parameters
    ----------
    statistic : the name of a function of `inlay.core.statistics`, such as ``"mean"`` or ``"spearman"``.
    columns : what that function takes, each (n items,) float64.

    Raises
    ------
    ParameterError
        If there is no such statistic.
    ShapeError
        If there are too few or too many columns, or they differ in length, are empty, or hold what is not a number.

    Examples
    --------
    >>> sample = Sample("spearman", ([0.1, 0.5, 0.9, 0.4], [0, 3, 5, 1]))
    >>> len(sample), sample.value()
    (4, 1.0)
    """

    statistic: str
    columns: tuple[NDArray[Any], ...]

    def __post_init__(self) -> None:
        if self.statistic not in STATISTICS:
            raise ParameterError(f"statistic must be one of {sorted(STATISTICS)}, got {self.statistic!r}.")
        takes = len(signature(STATISTICS[self.statistic]).parameters) - 1
        if len(self.columns) != takes:
            raise ShapeError(f"Sample of {self.statistic} takes {takes} columns, got {len(self.columns)}.")
        try:
            columns = tuple(np.array(column, np.float64) for column in self.columns)
        except (TypeError, ValueError) as error:
            raise ShapeError(f"Sample needs columns of numbers: {error}.") from error
        shapes = {column.shape for column in columns}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1 or not columns[0].size:
            raise ShapeError(f"Sample needs columns of one length, at least 1, got the shapes {sorted(shapes)}.")
        if not all(np.isfinite(column).all() for column in columns):
            raise ShapeError("Sample has columns with values that are not finite numbers.")
        for column in columns:
            column.flags.writeable = False
        object.__setattr__(self, "columns", columns)

    def __len__(self) -> int:
        return len(self.columns[0])

    def value(self) -> float:
        """Return the statistic of all items."""
        return float(self.values(np.ones((1, len(self))))[0])

    def values(self, weights: NDArray[Any]) -> NDArray[np.float64]:
        """Return the statistic of each resample, (b,), for the (b, n) `weights` of its items."""
        return np.asarray(STATISTICS[self.statistic](np.asarray(weights, np.float64), *self.columns), np.float64)
