"""Tables of results: a row for each task, a column for each system, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .result import Result
from .run import Skipped


@dataclass(frozen=True, slots=True)
class Aggregates:
    """What the scores of several systems on the tasks that all of them have come to.

    Parameters
    ----------
    tasks : how many tasks all systems have.
    mean : the mean score of each system.
    by_kind : the mean over the kinds of tasks of the mean of each kind.
    borda : for each system, over the tasks, how many systems it beats, and half of those it ties with.
    """

    tasks: int
    mean: Mapping[str, float]
    by_kind: Mapping[str, float]
    borda: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Table:
    """Main scores by task and system, NaN where a system has none.

    Parameters
    ----------
    tasks : names of the rows.
    kinds : of each task.
    systems : names of the columns.
    scores : (n tasks, n systems), in points of a hundred where the score is a share.
    """

    tasks: tuple[str, ...]
    kinds: tuple[str, ...]
    systems: tuple[str, ...]
    scores: np.ndarray

    @classmethod
    def of(cls, results: Sequence[Sequence[Result | Skipped]], rows: Mapping[str, Mapping[str, float]]) -> "Table":
        """Lay out the results of several models on the same tasks, and rows of known scores beside them."""
        found = [[r for r in one if isinstance(r, Result)] for one in results]
        kinds = {result.task: result.kind for one in found for result in one}
        systems = [one[0].model for one in found if one] + list(rows)
        columns = [{r.task: points(r) for r in one} for one in found if one] + [dict(row) for row in rows.values()]
        scores = np.array([[column.get(task, np.nan) for column in columns] for task in kinds], np.float64)
        return cls(tuple(kinds), tuple(kinds.values()), tuple(systems), scores.reshape(len(kinds), len(systems)))

    def aggregates(self) -> Aggregates:
        """Return what the scores come to, over the tasks that every system has."""
        shared = np.isfinite(self.scores).all(axis=1)
        scores, kinds = self.scores[shared], np.array(self.kinds)[shared]
        if not len(scores):
            return Aggregates(0, {}, {}, {})
        by_kind = np.mean([scores[kinds == kind].mean(axis=0) for kind in dict.fromkeys(kinds)], axis=0)
        gaps = scores[:, :, None] - scores[:, None, :]
        borda = ((gaps > 0).sum(axis=(0, 2)) + ((gaps == 0).sum(axis=(0, 2)) - len(scores)) / 2).astype(float)
        each = (dict(zip(self.systems, map(float, values), strict=True)) for values in (scores.mean(0), by_kind, borda))
        return Aggregates(len(scores), *each)


def points(result: Result) -> float:
    """Return the main score in points of a hundred, the way scores are published; other units as they are."""
    return result.main.value * (1 if result.main.unit else 100)
