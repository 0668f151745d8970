"""Verification: whether two items are of one source."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.data.datasets import Columns, load
from inlay.tasks._inputs import SIMILARITIES, columns, vectors, zeros_and_ones
from inlay.tasks._plain import hashable

_DATA = "Verification"


class Verification(Task):
    r"""Decide by the cosine of two items whether both are of one source: one speaker, one writer, one face.

    The main score is ``eer``, the equal error rate: with false accepts and false rejects at a threshold t,

    .. math:: \mathrm{FA}(t) = P(\cos(u, v) \ge t \mid \text{different}), \quad
              \mathrm{FR}(t) = P(\cos(u, v) < t \mid \text{same}),

    it is their common value where both are equal, found by a line between the two nearest thresholds; ``auc``, the area
    under the ROC curve, stands beside it. Chance is 0.5 for both. Pairs that are not given are drawn from classes, half
    of them of one class. Use `PairClassification` for texts, where one asks how good the best threshold is.

    Parameters
    ----------
    data : ``item1``, ``item2`` and ``label``, one for the same and zero for different; or ``item`` and ``label``, the
        class of each item, from which pairs are drawn. An item is a text, a number, or a tuple or list of them.
    n_pairs : number of pairs to draw, at least 2; all there are where these are fewer. Pairs that are given are all
        taken.
    random_state : what the draw starts from.

    References
    ----------
    Nagrani, Chung, Zisserman (2017). VoxCeleb: A Large-Scale Speaker Identification Dataset. Interspeech.
    arXiv:1706.08612

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> said = {
    ...     "item": ["good day to you", "good day to all", "hi there", "hi you there"],
    ...     "label": ["ann", "ann", "bob", "bob"],
    ... }
    >>> print(Verification(said).run(HashingEncoder())[0])
    eer 0 (n=4, lower is better)
    """

    paper: ClassVar[str] = "nagrani2017voxceleb"

    def __init__(self, data: Any = "japanesevowels-speakers", n_pairs: int = 10_000, random_state: int = 0) -> None:
        self.data = data
        self.n_pairs = n_pairs
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls({"item": ["aab", "aba", "abb", "xyz", "xzz", "abx"], "label": [0, 0, 0, 1, 1, 1]}, n_pairs=12)
        yield cls({"item1": [12, 12, 34], "item2": [21, 34, 43], "label": [1, 0, 1]})

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``eer`` and ``auc``."""
        found = load(self.data)
        if "item" in found and "item1" not in found:
            items, first, second, same = self._drawn(columns(found, "item", "label", task=_DATA))
        else:
            found = columns(found, "item1", "item2", "label", task=_DATA)
            same = zeros_and_ones(found, "label", task=_DATA)
            items = hashable([*found["item1"], *found["item2"]])
            first, second = np.arange(len(same)), np.arange(len(same)) + len(same)
        X = vectors(encoder, items)
        alike = SIMILARITIES["cosine"](X[first], X[second])
        return [
            Reading.of("eer", Sample("equal_error_rate", (same, alike)), better="lower"),
            Reading.of("auc", Sample("auc", (same, alike))),
        ]

    def _drawn(self, found: Columns) -> tuple[list[Any], IdArray, IdArray, NDArray[np.float64]]:
        """Draw half of the pairs from those of one class, and half from the others."""
        if self.n_pairs < 2:
            raise ParameterError(f"n_pairs must be at least 2, got {self.n_pairs}.")
        items, label = hashable(found["item"]), np.asarray(found["label"])
        if label.ndim != 1:
            raise DataError(f"{_DATA} needs one class for each item in the column label.")
        order = np.argsort(label, kind="stable")
        _, group, sizes = np.unique(label[order], return_inverse=True, return_counts=True)
        place, end = np.arange(len(items)), np.cumsum(sizes)[group]
        same, different = end - place - 1, len(items) - end  # how many partners stand after each
        half = min(self.n_pairs // 2, int(same.sum()), int(different.sum()))
        if not half:
            raise DataError(f"{_DATA} needs two classes, and one with two items, in the column label.")
        rng = np.random.default_rng(self.random_state)
        pairs = np.hstack([_draw(rng, same, place + 1, half), _draw(rng, different, end, half)])
        return items, *order[pairs], np.repeat([1.0, 0.0], half)


def _draw(rng: np.random.Generator, counts: IdArray, start: IdArray, k: int) -> IdArray:
    """Draw `k` pairs (2, k) of different ones; row i has `counts` partners, one after the other from `start`."""
    drawn = rng.choice(int(counts.sum()), k, replace=False)
    ends = np.cumsum(counts)
    row = np.searchsorted(ends, drawn, side="right")
    return np.stack([row, start[row] + drawn - (ends - counts)[row]])
