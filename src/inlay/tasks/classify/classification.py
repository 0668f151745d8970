"""Classification by logistic regression."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import ParameterError
from inlay.core.values import Reading

from ._labelled import experiments, first_of_each, labelled
from ._probe import logistic, probed


class Classification(Task):
    r"""Learn classes from a few vectors of each by logistic regression, and tell those of all others.

    In each experiment, logistic regression

    .. math:: p(c \mid x) \propto \exp(w_c^\top x + b_c)

    learns from the vectors of n texts of each label, drawn from the training part, and is scored on the whole test
    part; drawing, classifier and seed are those of MTEB, so equal vectors give equal scores. The main score is
    ``accuracy``; beside it stand ``f1``, the mean over the labels, ``f1_weighted``, weighted by their number, and, for
    two labels, ``ap``, the average precision of the labels predicted, where the second in order is the positive one.
    Each is the mean over the experiments. Behind the accuracy stand the texts, each with its share of right answers,
    where all experiments score the same ones; behind the others stand the experiments.

    Use it for whether classes can be told apart by planes; `KNNClassification` for whether their members are near each
    other, `FewShotClassification` for how the score grows with the number of texts, and `ZeroShotClassification`
    where there is nothing to learn from. Where the data set has no training part, each experiment draws from all
    folds but one, and is scored on that one; MTEB cross-validates with 5 folds, here there are `n_experiments`.

    Parameters
    ----------
    data : ``train_text`` and ``train_label`` to learn from, ``text`` and ``label`` to be scored on; labels are texts or
        numbers.
    n_experiments : how often texts are drawn, at least 1; the number of folds where there is no training part.
    samples_per_label : texts drawn of each label, at least 1; all of a label that has fewer.
    max_iter : most steps of logistic regression, at least 1.
    random_state : seed of the draws; 42 is MTEB's.

    References
    ----------
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
    >>> print(Classification(data, n_experiments=3).run(HashingEncoder())[0])
    accuracy 1 (n=4, higher is better)
    """

    paper: ClassVar[str] = "muennighoff2023mteb"

    def __init__(
        self,
        data: Any = "banking77",
        n_experiments: int = 10,
        samples_per_label: int = 8,
        max_iter: int = 100,
        random_state: int = 42,
    ) -> None:
        self.data = data
        self.n_experiments = n_experiments
        self.samples_per_label = samples_per_label
        self.max_iter = max_iter
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        pets, money = ["a cat sat", "a dog ran", "cats and dogs"], ["stocks fell", "bonds rose", "stocks and bonds"]
        yield cls(
            {
                "train_text": [*pets, *money],
                "train_label": ["pets"] * 3 + ["money"] * 3,
                "text": ["the cat ran", "stocks rose", "a dog and a cat", "oil fell"],
                "label": ["pets", "money", "pets", "money"],
            },
            n_experiments=3,
            samples_per_label=2,
        )
        yield cls({"text": [*pets, *money], "label": [0, 0, 0, 1, 1, 1]}, n_experiments=3, samples_per_label=2)

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``accuracy``."""
        if self.max_iter < 1:
            raise ParameterError(f"max_iter must be at least 1, got {self.max_iter}.")
        known = labelled(self.data, task="Classification")
        draws = [
            (first_of_each(rows, known.y, self.samples_per_label), test)
            for rows, test in experiments(known, self.n_experiments, self.random_state)
        ]
        return probed(encoder, known, draws, logistic(self.max_iter))
