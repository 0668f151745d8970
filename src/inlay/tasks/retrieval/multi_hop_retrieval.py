"""Retrieval of all the passages that an answer needs."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading

from ._corpus import check_cut_offs, corpus, find
from ._measured import per_query, row_grades


class MultiHopRetrieval(Task):
    r"""Find all the passages that together answer a question.

    For a question with the supporting passages P, and the k passages found first,

    .. math:: \mathrm{recall@}k = \frac{|P \cap \mathrm{top}_k|}{|P|}, \qquad
              \mathrm{all\_recall@}k = [P \subseteq \mathrm{top}_k]

    The main score is recall at the first k; all-recall is the share of questions whose passages are all found, without
    which no answer follows. A question with more supporting passages than k cannot reach one in either. HippoRAG
    reports both at 2 and at 5. Use `Retrieval` where any one good document is an answer, and grades and ranks matter.

    Parameters
    ----------
    data : as for `Retrieval`: ``documents``, ``queries`` and ``relevant``; the passages that support an answer are
        those with a grade above zero, whatever it is.
    ks : cut-offs, at least 1.

    References
    ----------
    Gutiérrez, Shu, Gu, Yasunaga, Su (2024). HippoRAG: Neurobiologically Inspired Long-Term Memory for Large Language
    Models. NeurIPS. arXiv:2405.14831

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "documents": {"d1": "the cat lives in paris", "d2": "paris is in france", "d3": "a dog ran"},
    ...     "queries": {"q1": "in which country is the cat"},
    ...     "relevant": {"q1": {"d1": 1, "d2": 1}},
    ... }
    >>> for reading in MultiHopRetrieval(data, ks=(2, 1)).run(HashingEncoder()):
    ...     print(reading)
    recall_at_2 1 (n=1, higher is better)
    all_recall_at_2 1 (n=1, higher is better)
    recall_at_1 0.5 (n=1, higher is better)
    all_recall_at_1 0 (n=1, higher is better)
    """

    paper: ClassVar[str] = "gutierrez2024hipporag"
    requires: ClassVar[tuple[str, ...]] = ("eval",)

    def __init__(self, data: Any = "musique", ks: Sequence[int] = (5, 2)) -> None:
        self.data = data
        self.ks = ks

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "documents": {"a": "the cat lives in paris", "b": "paris is in france", "c": "a dog ran", "d": "rain"},
                "queries": {"1": "the country of the cat", "2": "the dog in the rain"},
                "relevant": {"1": {"a": 1, "b": 1}, "2": {"c": 1, "d": 1}},
            },
            ks=(2, 3),
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``recall_at_k`` and ``all_recall_at_k`` for each k."""
        check_cut_offs(self.ks)
        known = corpus(self.data, task="MultiHopRetrieval")
        wanted = {f"recall_at_{k}": f"R@{k}" for k in self.ks}
        recalls = per_query(find(encoder, known, max(self.ks)), row_grades(known), wanted)
        return [
            Reading.of(prefix + name, Sample("mean", (scores,)))
            for name, recall in recalls.items()
            for prefix, scores in (("", recall), ("all_", np.isclose(recall, 1)))
        ]
