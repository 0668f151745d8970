"""Similarity of texts under a condition."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._inputs import SIMILARITIES, columns, numbers, pair_vectors
from inlay.tasks._templates import filled


class ConditionalSimilarity(Task):
    r"""Correlate the similarity of two texts in one respect with what people judged.

    Two sports scenes may be alike in the motion of the ball and differ in its size. The main score is
    ``cosine_spearman``,

    .. math:: \rho = \mathrm{corr}(\mathrm{rank}(\cos(f(s_i, c_i), f(t_i, c_i))), \mathrm{rank}(y_i))

    with texts :math:`s_i` and :math:`t_i` and the condition :math:`c_i`; Pearson's correlation stands beside it. Two
    further readings say whether the condition was heard: ``text_spearman`` is the correlation of the texts without the
    condition, and ``condition_accuracy`` is how often, of the same two texts under two conditions, the one
    judged more alike is the more similar, a tie counting half, so that who does not listen reaches 0.5. It is left
    out where no pair of texts has two conditions of different judgements. Use `STS` where there is no condition, and
    `ConditionalGallery` to find one among many under a condition.

    An encoder sees each text with its condition by `template`, as one input. This is the bi-encoder of the
    reference, which puts the separator of the model between the two.

    Parameters
    ----------
    data : ``text1``, ``text2``, ``condition`` and ``score``, one number for each row, larger for more alike. The data
        of the reference, C-STS, is given out by its authors on request, and is not among the known data sets.
    template : what is encoded, of ``{text}`` and ``{condition}``.

    References
    ----------
    Deshpande, Jimenez, Chen, Murahari, Graf, Rajpurohit, Kalyan, Chen, Narasimhan (2023). C-STS: Conditional Semantic
    Textual Similarity. EMNLP. arXiv:2305.15093

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "text1": ["a red car", "a red car", "a red car"],
    ...     "text2": ["a red bus", "a red bus", "a blue bus"],
    ...     "condition": ["colour", "kind of car", "colour"],
    ...     "score": [3, 5, 1],
    ... }
    >>> for reading in ConditionalSimilarity(pairs).run(HashingEncoder()):
    ...     print(reading)
    cosine_spearman 1 (n=3, higher is better)
    cosine_pearson 0.9897 (n=3, higher is better)
    text_spearman 0.866 (n=3, higher is better)
    condition_accuracy 1 (n=1, higher is better)
    """

    paper: ClassVar[str] = "deshpande2023csts"

    def __init__(self, data: Any, template: str = "{text} {condition}") -> None:
        self.data = data
        self.template = template

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "text1": ["a red car", "a red car", "two dogs run", "two dogs run"],
                "text2": ["a red bus", "a red bus", "two cats sleep", "two cats sleep"],
                "condition": ["colour", "kind", "number", "what they do"],
                "score": [5, 2, 4, 1],
            },
            template="{condition}: {text}",
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline, with the condition and without."""
        task = "ConditionalSimilarity"
        found = columns(self.data, "text1", "text2", "condition", "score", task=task)
        judged = numbers(found, "score", task=task)
        sides = [
            filled(self.template, {"text": found[name], "condition": found["condition"]}, task=task)
            for name in ("text1", "text2")
        ]
        alike = SIMILARITIES["cosine"](*pair_vectors(encoder, *sides))
        plain = SIMILARITIES["cosine"](*pair_vectors(encoder, found["text1"], found["text2"]))
        readings = [
            Reading.of("cosine_spearman", Sample("spearman", (alike, judged))),
            Reading.of("cosine_pearson", Sample("pearson", (alike, judged))),
            Reading.of("text_spearman", Sample("spearman", (plain, judged))),
        ]
        rows = defaultdict(list)
        for row, texts in enumerate(zip(found["text1"], found["text2"], strict=True)):
            rows[texts].append(row)
        two = np.array([pair for same in rows.values() for pair in itertools.combinations(same, 2)], int).reshape(-1, 2)
        two = two[judged[two[:, 0]] != judged[two[:, 1]]]
        if len(two):
            agrees = np.sign(np.diff(alike[two], axis=1)) * np.sign(np.diff(judged[two], axis=1))
            readings.append(Reading.of("condition_accuracy", Sample("mean", ((1 + agrees[:, 0]) / 2,))))
        return readings
