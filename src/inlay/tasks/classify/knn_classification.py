"""Classification by nearest neighbours."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from sklearn.neighbors import KNeighborsClassifier

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import ParameterError
from inlay.core.values import Reading

from ._labelled import experiments, first_of_each, labelled
from ._probe import probed


class KNNClassification(Task):
    r"""Give each text the class that most of its nearest neighbours have, by the cosine.

    In each experiment n texts of each label are drawn, as `Classification` draws them, and each text of the test part
    takes

    .. math:: \hat{c}(x) = \arg\max_c \sum_{i \in N_k(x)} [c_i = c]

    where :math:`N_k(x)` are the k texts drawn whose vectors have the largest cosines with that of x; of labels with as
    many votes, the first in order is taken. The main score is ``accuracy``; ``f1``, ``f1_weighted`` and, for two
    labels, ``ap`` stand beside it, each the mean over the experiments.

    Use it where neighbours are what an application looks at, as search and visualisation do: nothing is weighted, so
    directions that have nothing to do with the labels count as much as those that do. `Classification` learns which
    directions matter. MTEB's protocol of nearest neighbours, which its second version dropped, took the best of the
    cosine and of Euclidean and dot-product distances, and k = 3; here there is the cosine alone, and k = 5.

    Parameters
    ----------
    data : ``train_text`` and ``train_label``, the texts to be drawn from, ``text`` and ``label`` to be scored on;
        without a training part, folds as `Classification` makes them.
    k : neighbours that vote, at least 1; all that were drawn where they are fewer.
    n_experiments : how often texts are drawn, at least 1; the number of folds where there is no training part.
    samples_per_label : texts drawn of each label, at least 1; all of a label that has fewer.
    random_state : seed of the draws; 42 is MTEB's.

    References
    ----------
    Cover, Hart (1967). Nearest Neighbor Pattern Classification. IEEE Transactions on Information Theory.

    Muennighoff, Tazi, Magne, Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL. arXiv:2210.07316

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "train_text": ["a cat sat", "a dog ran", "stocks fell", "bonds rose"],
    ...     "train_label": ["pets", "pets", "money", "money"],
    ...     "text": ["the cat ran", "stocks rose", "a dog and a cat", "oil fell"],
    ...     "label": ["pets", "money", "pets", "money"],
    ... }
    >>> print(KNNClassification(data, k=1, n_experiments=3).run(HashingEncoder())[0])
    accuracy 1 (n=4, higher is better)
    """

    paper: ClassVar[str] = "cover1967nearest"

    def __init__(
        self,
        data: Any = "banking77",
        k: int = 5,
        n_experiments: int = 10,
        samples_per_label: int = 8,
        random_state: int = 42,
    ) -> None:
        self.data = data
        self.k = k
        self.n_experiments = n_experiments
        self.samples_per_label = samples_per_label
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
            k=3,
            n_experiments=3,
            samples_per_label=2,
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``accuracy``."""
        if self.k < 1:
            raise ParameterError(f"k must be at least 1, got {self.k}.")
        known = labelled(self.data, task="KNNClassification")
        draws = [
            (first_of_each(rows, known.y, self.samples_per_label), test)
            for rows, test in experiments(known, self.n_experiments, self.random_state)
        ]
        fewest = min(len(rows) for rows, _ in draws)
        return probed(encoder, known, draws, KNeighborsClassifier(min(self.k, fewest), metric="cosine"))
