"""Semantic textual similarity."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._inputs import SIMILARITIES, columns, numbers, pair_vectors


class STS(Task):
    r"""Correlate the similarity of two texts with what people judged.

    The main score is ``cosine_spearman``, Spearman's rank correlation of the cosines with the judgements,

    .. math:: \rho = \mathrm{corr}(\mathrm{rank}(\cos(u_i, v_i)), \mathrm{rank}(y_i))

    over all pairs together, as MTEB has it; Pearson's correlation, and dot products, Euclidean and Manhattan distances
    (negated) stand beside it. Use `PairClassification` where the judgement is yes or no.

    Parameters
    ----------
    data : ``text1``, ``text2`` and ``score``, one number for each pair, larger for more alike.

    References
    ----------
    Cer, Diab, Agirre, Lopez-Gazpio, Specia (2017). SemEval-2017 Task 1: Semantic Textual Similarity Multilingual and
    Crosslingual Focused Evaluation. SemEval. arXiv:1708.00055

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "text1": ["a cat sat", "a cat sat", "a cat sat"],
    ...     "text2": ["a cat sat down", "a dog sat", "stocks fell"],
    ...     "score": [5, 3, 0],
    ... }
    >>> print(STS(pairs).run(HashingEncoder())[0])
    cosine_spearman 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "cer2017semeval"

    def __init__(self, data: Any = "stsbenchmark") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "text1": ["a cat sat", "a cat sat", "rain fell", "rain fell"],
                "text2": ["a cat sat down", "stocks rose", "a cat", "rain is falling"],
                "score": [5, 0, 1, 4],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``cosine_spearman``."""
        found = columns(self.data, "text1", "text2", "score", task="STS")
        judged = numbers(found, "score", task="STS")
        X, Y = pair_vectors(encoder, found["text1"], found["text2"])
        return [
            Reading.of(f"{name}_{statistic}", Sample(statistic, (similarity(X, Y), judged)))
            for name, similarity in SIMILARITIES.items()
            for statistic in ("spearman", "pearson")
        ]
