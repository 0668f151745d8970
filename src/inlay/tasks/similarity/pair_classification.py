"""Classification of pairs by their similarity."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._inputs import SIMILARITIES, columns, pair_vectors, zeros_and_ones

# the names of MTEB -> statistics
_SCORES = {"ap": "average_precision", "accuracy": "best_accuracy", "f1": "best_f1"}


class PairClassification(Task):
    r"""Tell pairs that belong together from pairs that do not, by their similarity.

    The main score is ``cosine_ap``, the average precision of the pairs in the order of their cosines,

    .. math:: \mathrm{AP} = \sum_n (R_n - R_{n-1}) P_n

    with precision :math:`P_n` and recall :math:`R_n` at the n-th threshold. Beside it stand the accuracy and the F1 at
    the threshold where each is best, dot products, Euclidean and Manhattan distances, and ``max_ap``, the largest of
    the four, which MTEB takes for most of its tasks of pairs. Use `STS` where the judgement is a number, and
    `WordInContext` where a threshold has to be chosen beforehand.

    MTEB leaves out the threshold that all pairs pass and the one that none passes; here they count, so a best F1
    or accuracy can be higher than MTEB's where nothing beats the same answer for all. Average precision is the same.

    Parameters
    ----------
    data : ``text1``, ``text2`` and ``label``, 1 for a pair that belongs together and 0 for one that does not.

    References
    ----------
    Muennighoff, Tazi, Magne, Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL. arXiv:2210.07316

    Dolan, Brockett (2005). Automatically Constructing a Corpus of Sentential Paraphrases. IWP.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pairs = {
    ...     "text1": ["a cat sat", "a cat sat", "stocks fell"],
    ...     "text2": ["a cat sat down", "rain fell", "stocks fell sharply"],
    ...     "label": [1, 0, 1],
    ... }
    >>> print(PairClassification(pairs).run(HashingEncoder())[0])
    cosine_ap 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "dolan2005automatically"

    def __init__(self, data: Any = "mrpc") -> None:
        self.data = data

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "text1": ["a cat sat", "a cat sat", "rain fell", "rain fell"],
                "text2": ["a cat sat down", "stocks rose", "a cat", "rain is falling"],
                "label": [1, 0, 0, 1],
            }
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``cosine_ap``."""
        found = columns(self.data, "text1", "text2", "label", task="PairClassification")
        label = zeros_and_ones(found, "label", task="PairClassification")
        X, Y = pair_vectors(encoder, found["text1"], found["text2"])
        alike = {name: similarity(X, Y) for name, similarity in SIMILARITIES.items()}
        readings = [
            Reading.of(f"{name}_{score}", Sample(statistic, (label, values)))
            for name, values in alike.items()
            for score, statistic in _SCORES.items()
        ]
        # Without a sample: which of the four is the largest is itself chance, which an interval of one would hide.
        best = max(reading.value for reading in readings if reading.name.endswith("_ap"))
        return [*readings, Reading("max_ap", best, len(label))]
