"""Frozen, few-shot and fine-tuned embeddings side by side."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import Reading

from ._labelled import experiments, first_of_each, labelled
from ._probe import learned, logistic, needed


class FEET(Task):
    r"""Compare what all labelled texts give with what a few of them give: a row of a FEET table.

    A FEET table has three columns: *frozen*, where the encoder stays as it is and a classifier learns from the whole
    training part; *few-shot*, where a few texts are learned from; and *fine-tuned*, where the encoder itself learns.
    Its second table holds the differences to the first column,

    .. math:: \Delta_k = \mathrm{accuracy}(k \text{ shots}) - \mathrm{accuracy}(\text{frozen}).

    The main score is ``frozen``, the accuracy of logistic regression on the vectors of the whole training part; beside
    it stand ``few_shot_k``, the mean accuracy where k texts of each label are drawn, and ``delta_few_shot_k``. There
    is no reading for the third column: an encoder that is handed to a task can not be trained by it. Score the trained
    encoder with this task too, and its ``frozen`` is the number of that column.

    Use it to see what labels are worth for an encoder; `FewShotClassification` gives the few shots alone, without
    fitting, and `Classification` the scores that MTEB publishes. The authors classify frozen vectors by boosted trees,
    draw few shots from all labels together, and train the encoder on them too; here the encoder is never trained, and
    logistic regression is the classifier of both columns, so that they differ in the number of labels alone.

    Parameters
    ----------
    data : ``train_text`` and ``train_label`` to learn from, ``text`` and ``label`` to be scored on.
    shots : texts drawn of each label, each number at least 1; all of a label that has fewer.
    n_experiments : how often few texts are drawn, at least 1.
    max_iter : most steps of logistic regression, at least 1.
    random_state : seed of the draws.

    References
    ----------
    Lee, Lee, Chiang (2024). FEET: A Framework for Evaluating Embedding Techniques. arXiv:2411.01322

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "train_text": ["a cat sat", "a dog ran", "stocks fell", "bonds rose"],
    ...     "train_label": ["pets", "pets", "money", "money"],
    ...     "text": ["the cat sat", "stocks rose", "a dog and a cat", "bonds and stocks"],
    ...     "label": ["pets", "money", "pets", "money"],
    ... }
    >>> for reading in FEET(data, shots=(1,), n_experiments=3).run(HashingEncoder()):
    ...     print(reading)
    frozen 1 (n=4, higher is better)
    few_shot_1 0.8333 (n=3, higher is better)
    delta_few_shot_1 -0.1667 (n=3, higher is better)
    """

    paper: ClassVar[str] = "lee2024feet"

    def __init__(
        self,
        data: Any = "sst2",
        shots: Sequence[int] = (2, 4, 8, 16),
        n_experiments: int = 10,
        max_iter: int = 1000,
        random_state: int = 0,
    ) -> None:
        self.data = data
        self.shots = shots
        self.n_experiments = n_experiments
        self.max_iter = max_iter
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "train_text": ["a cat sat", "a dog ran", "cats and dogs", "stocks fell", "bonds rose", "oil and gold"],
                "train_label": [0, 0, 0, 1, 1, 1],
                "text": ["the cat ran", "stocks rose", "a dog and a cat", "oil fell"],
                "label": [0, 1, 0, 1],
            },
            shots=(1, 2),
            n_experiments=3,
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline: ``frozen``, then ``few_shot_k`` and its difference for each k."""
        if not self.shots or min(self.shots) < 1 or len(set(self.shots)) < len(self.shots):
            raise ParameterError(f"shots must be different numbers of at least 1, got {self.shots}.")
        if self.max_iter < 1:
            raise ParameterError(f"max_iter must be at least 1, got {self.max_iter}.")
        known = labelled(self.data, task="FEET")
        if not known.n_train:
            raise DataError("FEET needs the columns train_text and train_label; the data set has one part only.")
        drawn = list(experiments(known, self.n_experiments, self.random_state))
        y, test = known.y, drawn[0][1]
        X = needed(encoder, known, drawn)
        classifier = logistic(self.max_iter)

        whole = np.arange(known.n_train)  # in the order given, since nothing is drawn
        right = learned(classifier, X[whole], y[whole], X[test]) == y[test]
        readings = [Reading.of("frozen", Sample("mean", (right,)))]
        for k in self.shots:
            rows = [first_of_each(order, y, k) for order, _ in drawn]
            scores = np.array([np.mean(learned(classifier, X[r], y[r], X[test]) == y[test]) for r in rows])
            readings.append(Reading.of(f"few_shot_{k}", Sample("mean", (scores,))))
            readings.append(Reading.of(f"delta_few_shot_{k}", Sample("mean", (scores - right.mean(),))))
        return readings
