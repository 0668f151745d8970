"""Yes and no by a threshold of similarity."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.sample import Sample
from inlay.core.values import FloatArray, Reading

Pairs = tuple[FloatArray, NDArray[np.float64]]


def judged(pairs: Pairs, train: Pairs | None, prefix: str = "") -> list[Reading]:
    """Return how well similarity tells 1 from 0; with a training part, the accuracy at its threshold comes first.

    Parameters
    ----------
    pairs : similarities and labels, each (n,).
    train : the same for the pairs on which the threshold is chosen.
    prefix : what the names of the readings begin with.
    """
    alike, label = pairs
    readings = [
        Reading.of(f"{prefix}best_accuracy", Sample("best_accuracy", (label, alike))),
        Reading.of(f"{prefix}ap", Sample("average_precision", (label, alike))),
    ]
    if train is None:
        return readings
    right = (alike >= threshold(*train)) == (label == 1)
    return [Reading.of(f"{prefix}accuracy", Sample("mean", (right,))), *readings]


def threshold(alike: FloatArray, label: NDArray[np.float64]) -> float:
    """Return the similarity from which on to say yes, so that most labels are met; the highest such threshold.

    Between two similarities that is the middle.

    Examples
    --------
    >>> threshold(np.float32([0.75, 0.25, 0.5]), np.array([1.0, 0.0, 0.0]))
    0.625
    """
    values, group = np.unique(-alike.astype(np.float64), return_inverse=True)
    gained = np.bincount(group, weights=2 * label - 1)  # right answers won, less those lost, by a yes to this value
    best = int(np.argmax(np.cumsum(np.append(0.0, gained))))
    edges = np.concatenate([[np.inf], -values, [-np.inf]])
    return float((edges[best] + edges[best + 1]) / 2)
