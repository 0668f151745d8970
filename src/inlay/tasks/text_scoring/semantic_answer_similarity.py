"""Answers held against the right ones by what they mean."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError
from inlay.core.values import Reading
from inlay.tasks._inputs import SIMILARITIES, pair_vectors

from ._correlations import correlations, judged_pairs


class SemanticAnswerSimilarity(Task):
    r"""Compare answers with the right ones by the cosine, and both with what people judged.

    The main score is ``sas_pearson``, the correlation of

    .. math:: \mathrm{SAS}(a, g) = \cos(u_a, u_g)

    with the judgements; Spearman's and Kendall's stand beside it. What words alone say is measured on the same pairs,
    normalised as SQuAD has it: ``f1``, the F1 of the words that both share, and ``exact_match``. Readings that end in
    ``_without_overlap`` are of the pairs whose ``f1`` is zero, where words say nothing. A score that is the same for
    all pairs has no correlation, and its readings are left out.

    Use it to choose an encoder that judges answers, and to see what it adds to counting words; `STS` is for sentences,
    `BERTScore` for long texts. The paper prefers a cross-encoder, which reads both answers at once, and calls that SAS;
    this is its bi-encoder.

    Parameters
    ----------
    data : ``answer``, ``truth`` and ``score``, the judgement of each pair, larger for more alike; or the ``text1``,
        ``text2`` and ``score`` of STS.

    References
    ----------
    Risch, Möller, Gutsch, Pietsch (2021). Semantic Answer Similarity for Evaluating Question Answering Models. Workshop
    on Machine Reading for Question Answering. arXiv:2108.06130

    Rajpurkar, Zhang, Lopyrev, Liang (2016). SQuAD: 100,000+ Questions for Machine Comprehension of Text. EMNLP.
    arXiv:1606.05250

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "answer": ["the Eiffel Tower", "in 1889", "a tower"],
    ...     "truth": ["Eiffel Tower", "1889", "iron"],
    ...     "score": [2, 2, 0],
    ... }
    >>> for reading in SemanticAnswerSimilarity(data).run(HashingEncoder())[:2]:
    ...     print(reading)
    sas_pearson 0.9924 (n=3, higher is better)
    sas_spearman 0.866 (n=3, higher is better)
    """

    paper: ClassVar[str] = "risch2021semantic"

    def __init__(self, data: Any = "stsbenchmark") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "answer": ["the Seine", "1018", "Isaac Komnenos", "a knight", "Norman"],
                "truth": ["Seine", "1064", "Isaac", "a soldier", "a Dane"],
                "score": [2, 0, 1, 1, 0],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; ``sas_pearson`` first."""
        answers, truths, judged = judged_pairs(self.data, "answer", "truth", task="SemanticAnswerSimilarity")
        alike = SIMILARITIES["cosine"](*pair_vectors(encoder, answers, truths)).astype(np.float64)
        words = [(_words(a), _words(b)) for a, b in zip(answers, truths, strict=True)]
        overlap = np.array([_f1(a, b) for a, b in words])
        exact = np.array([float(a == b) for a, b in words])
        readings = list(correlations("sas", alike, judged))
        if not readings:
            raise DataError("SemanticAnswerSimilarity finds one cosine for all pairs, which correlates with nothing.")
        readings += [*correlations("f1", overlap, judged), *correlations("exact_match", exact, judged)]
        apart = overlap == 0
        return [*readings, *correlations("sas", alike[apart], judged[apart], after="_without_overlap")]


def _words(answer: str) -> list[str]:
    """Split as SQuAD does: lower case, without punctuation and articles."""
    bare = re.sub(r"[!-/:-@\[-`{-~]", "", answer.lower())
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def _f1(a: list[str], b: list[str]) -> float:
    if not a or not b:
        return float(a == b)
    return 2 * (Counter(a) & Counter(b)).total() / (len(a) + len(b))
