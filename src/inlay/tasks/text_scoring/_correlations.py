"""How scores of texts go with what people judged."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from inlay.core.errors import DataError
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.data.datasets import Columns, load
from inlay.tasks._inputs import columns, numbers

STATISTICS = ("pearson", "spearman", "kendall")


def judged_pairs(data: Any, scored: str, gold: str, *, task: str) -> tuple[list[str], list[str], NDArray[np.float64]]:
    """Load what is scored, what it is held against, and the judgements, which have to differ; STS pairs will do."""
    loaded: Columns = load(data)
    names = ("text1", "text2") if "text1" in loaded and scored not in loaded else (scored, gold)
    found = columns(loaded, *names, "score", task=task)
    judged = numbers(found, "score", task=task)
    if np.ptp(judged) == 0:
        raise DataError(f"{task} needs judgements that differ in the column score; all are {judged[0]}.")
    return list(found[names[0]]), list(found[names[1]]), judged


def correlations(
    name: str, scores: NDArray[np.float64], judged: NDArray[np.float64], *, after: str = ""
) -> Iterator[Reading]:
    """Yield Pearson's and Spearman's correlation and Kendall's tau-b; none where the scores are all the same."""
    if len(scores) < 2 or np.ptp(scores) == 0 or np.ptp(judged) == 0:
        return
    for statistic in ("pearson", "spearman"):
        yield Reading.of(f"{name}_{statistic}{after}", Sample(statistic, (scores, judged)))
    yield Reading(f"{name}_kendall{after}", float(kendalltau(scores, judged).statistic), n=len(scores))
