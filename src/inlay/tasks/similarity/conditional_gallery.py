"""Search of a small gallery under a condition."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, Reading
from inlay.core.vectors import normalize
from inlay.tasks._inputs import columns, numbers, vectors


class ConditionalGallery(Task):
    r"""Find in a gallery the one item that is like the query under a condition.

    Each query has a gallery of its own, with one right item among others that are like the query but not under the
    condition, or meet the condition but are unlike the query. An item is ranked by the cosine of its vector with

    .. math:: \frac{q}{\lVert q \rVert} + \frac{c}{\lVert c \rVert}

    for the vectors of query and condition, and the main score is ``recall_at_1``, the share of queries whose right item
    comes first; of equal items the one that stands first in the gallery does. ``query_recall_at_1`` and
    ``condition_recall_at_1`` rank by one of the two alone: a gallery that either of them solves does not ask for
    both. Use it with an encoder of images and texts, as the reference does, or of texts alone; `ConditionalSimilarity`
    asks for graded judgements of pairs.

    The sum is the reference's baseline without training. Its trained combiner belongs to a model, not to a task.

    Parameters
    ----------
    data : ``query`` and ``condition``, items for the encoder, ``gallery``, a list of items for each query, and
        ``target``, the place of the right one in it, from 0.
    ks : cut-offs, at least 1; the main score is the recall at the first.

    References
    ----------
    Vaze, Carion, Misra (2023). GeneCIS: A Benchmark for General Conditional Image Similarity. CVPR. arXiv:2306.07969

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "query": ["red car"],
    ...     "condition": ["same colour but bus"],
    ...     "gallery": [["blue car", "blue bus", "red bus", "red apple"]],
    ...     "target": [2],
    ... }
    >>> print(ConditionalGallery(data).run(HashingEncoder())[0])
    recall_at_1 1 (n=1, higher is better)
    """

    paper: ClassVar[str] = "vaze2023genecis"

    def __init__(self, data: Any, ks: Sequence[int] = (1, 2, 3)) -> None:
        self.data = data
        self.ks = ks

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "query": ["red car", "two dogs"],
                "condition": ["bus", "cats"],
                "gallery": [["blue car", "red bus", "blue bus"], ["two cats", "one dog", "one cat", "a fish"]],
                "target": [1, 0],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline: recall by both, by the query alone, and by the condition alone."""
        if not self.ks or any(k < 1 for k in self.ks):
            raise ParameterError(f"ks must be cut-offs of at least 1, got {self.ks}.")
        task = "ConditionalGallery"
        found = columns(self.data, "query", "condition", "gallery", "target", task=task)
        target, lengths = numbers(found, "target", task=task), np.array([len(one) for one in found["gallery"]])
        wrong = np.flatnonzero((target != np.floor(target)) | (target < 0) | (target >= lengths))
        if wrong.size:
            row = wrong[0]
            raise DataError(
                f"{task} needs in the column target a place in the gallery; row {row} has {target[row]:g} of "
                f"{lengths[row]} items."
            )
        Q, C = (normalize(vectors(encoder, found[name], role="query")) for name in ("query", "condition"))
        X = normalize(vectors(encoder, [item for gallery in found["gallery"] for item in gallery]))
        asked = {"": Q + C, "query_": Q, "condition_": C}
        ranks = {name: _ranks(one, X, target.astype(np.int64), lengths) for name, one in asked.items()}
        return [
            Reading.of(f"{name}recall_at_{k}", Sample("mean", (rank < k,)))
            for name, rank in ranks.items()
            for k in self.ks
        ]


def _ranks(Q: FloatArray, X: FloatArray, target: NDArray[Any], lengths: NDArray[Any]) -> NDArray[np.int64]:
    """Count for each query the items of its gallery that come before the right one; galleries lie end to end in `X`."""
    row = np.repeat(np.arange(len(Q)), lengths)
    right = np.cumsum(lengths) - lengths + target
    score = np.vecdot(Q[row], X)
    before = (score > score[right][row]) | ((score == score[right][row]) & (np.arange(len(X)) < right[row]))
    return np.bincount(row[before], minlength=len(Q))
