"""Classification by the means of a few vectors."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import ParameterError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, IdArray, Reading
from inlay.core.vectors import normalize

from ._labelled import experiments, first_of_each, labelled
from ._probe import needed


class FewShotClassification(Task):
    r"""Give each text the class whose mean of a few vectors is nearest, for several numbers of them.

    In each experiment k texts of each label are drawn, the shots, and each text of the test part takes

    .. math:: \hat{c}(x) = \arg\min_c \left\| x - \frac{1}{k} \sum_{x' \in S_c} x' \right\|_2

    on vectors of length one; SimpleShot calls this L2N. The texts for fewer shots are among those for more. The scores
    are ``accuracy_at_k``, one for each number of shots and the mean over the experiments; the main score is that of the
    first number given.

    Use it to see how many labelled examples a class needs; nothing is fitted, so it works from one shot on.
    `Classification` fits logistic regression to one number of them, `FEET` sets few against all. SimpleShot draws
    tasks of 5 classes that the encoder has not seen, with 15 queries each; here every task has all classes and the
    whole test part, and the vectors are not centred, since no other classes are known whose mean could be taken.

    Parameters
    ----------
    data : ``train_text`` and ``train_label``, the texts to be drawn from, ``text`` and ``label`` to be scored on;
        without a training part, folds as `Classification` makes them.
    shots : texts drawn of each label, each number at least 1; all of a label that has fewer.
    n_experiments : how often texts are drawn, at least 1; the number of folds where there is no training part.
    random_state : seed of the draws.

    References
    ----------
    Wang, Chao, Weinberger, van der Maaten (2019). SimpleShot: Revisiting Nearest-Neighbor Classification for Few-Shot
    Learning. arXiv:1911.04623

    Snell, Swersky, Zemel (2017). Prototypical Networks for Few-shot Learning. NeurIPS. arXiv:1703.05175

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "train_text": ["a cat sat", "a dog ran", "stocks fell", "bonds rose"],
    ...     "train_label": ["pets", "pets", "money", "money"],
    ...     "text": ["the cat sat", "stocks rose", "a dog and a cat", "stocks and bonds"],
    ...     "label": ["pets", "money", "pets", "money"],
    ... }
    >>> for reading in FewShotClassification(data, shots=(2, 1), n_experiments=3).run(HashingEncoder()):
    ...     print(reading)
    accuracy_at_2 1 (n=3, higher is better)
    accuracy_at_1 0.8333 (n=3, higher is better)
    """

    paper: ClassVar[str] = "wang2019simpleshot"

    def __init__(
        self,
        data: Any = "banking77",
        shots: Sequence[int] = (5, 1, 2, 10, 20),
        n_experiments: int = 10,
        random_state: int = 0,
    ) -> None:
        self.data = data
        self.shots = shots
        self.n_experiments = n_experiments
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
            shots=(2, 1),
            n_experiments=3,
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; a reading ``accuracy_at_k`` for each number of shots."""
        if not self.shots or min(self.shots) < 1 or len(set(self.shots)) < len(self.shots):
            raise ParameterError(f"shots must be different numbers of at least 1, got {self.shots}.")
        known = labelled(self.data, task="FewShotClassification")
        draws = [
            (first_of_each(rows, known.y, max(self.shots)), test)
            for rows, test in experiments(known, self.n_experiments, self.random_state)
        ]
        X = normalize(needed(encoder, known, draws))
        readings = []
        for k in self.shots:
            right = []
            for drawn, test in draws:
                rows = first_of_each(drawn, known.y, k)
                right.append(np.mean(_nearest_mean(X[rows], known.y[rows], X[test]) == known.y[test]))
            readings.append(Reading.of(f"accuracy_at_{k}", Sample("mean", (np.array(right),))))
        return readings


def _nearest_mean(X: FloatArray, y: IdArray, Z: FloatArray) -> IdArray:
    """Return the class of the nearest mean for each row of `Z`; the first in order where two are as near."""
    classes, place = np.unique(y, return_inverse=True)
    means = np.zeros((len(classes), X.shape[1]))
    np.add.at(means, place, X)
    means /= np.bincount(place)[:, None]
    with threadpool_limits(1):  # products of a fixed rounding, so that ties are broken in one way
        products = Z @ means.T
    # |z - m|² without |z|², which is the same for all classes
    return np.asarray(classes[(np.einsum("cd,cd->c", means, means) - 2 * products).argmin(axis=1)], np.int64)
