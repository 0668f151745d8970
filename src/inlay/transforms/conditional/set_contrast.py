"""Vectors tuned to a few sets of examples, so that the sets stand apart before they are searched by."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import classes_of, validated
from inlay.core.values import FloatArray
from inlay.core.vectors import normalize


class SetContrast(Transform):
    r"""Move vectors so that sets of examples stand apart, each of which shows a meaning that is to be searched by.

    Of sets :math:`S_1, \dots, S_N` with some tens of examples each, a linear map is learned that minimises

    .. math:: \mathcal L = \sum_{i=1}^N \log \sum_{m \in S_i} \sum_{n \notin S_i} e^{\cos(h_m, h_n) / \tau},
        \qquad h = (I + A) x

    in which members of different sets are pushed apart, the more the nearer they are, and nothing is said of members
    of one set. All vectors then pass the same map, those that are stored too, and come out at length one.

    Use it before `SetOperations`, where the sets that will be asked for or taken away are known, and the same stored
    vectors serve many such queries; the map is made for these sets and does not serve other searches. The sets have to
    exclude each other, as topics do: of two that are crossed, to find what is of both, it takes away just what they
    share, and then finds less. With hundreds of examples a class learn the space from classes (`LinearDiscriminant`,
    `NeighborhoodComponents`); `ConditionalGates` shows one space under several conditions.

    The paper tunes a whole encoder on the examples where this learns a map over frozen vectors, which starts as the
    identity, and takes the sum over sets where this takes the mean. Vectors that are already apart need a higher
    temperature than the 0.05 that is usual for encoders.

    Parameters
    ----------
    temperature : :math:`\tau`, above 0; the smaller, the more the nearest pairs alone count.
    n_epochs : passes over the examples, at least 0; 0 leaves the identity.
    batch_size : examples of a step, at least 2, which are compared with each other.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    weight_decay : of :math:`A` in AdamW, at least 0.
    random_state : seed of the order of examples.

    Attributes
    ----------
    map_ : (d, d), :math:`I + A`.
    losses_ : (n_epochs,) the mean loss of each epoch.

    References
    ----------
    Liu (2024). SetCSE: Set Operations using Contrastive Learning of Sentence Embeddings. ICLR. arXiv:2404.17606.

    Examples
    --------
    Two sets that share most of their direction, and what is left of it:

    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 20)
    >>> X = rng.normal([2, 0, 0], 0.3, (40, 3)) + np.outer(2 * y - 1, [0, 1, 0])
    >>> def between(Z):
    ...     return round(float((Z[y == 0] @ Z[y == 1].T).mean()), 1)
    >>> tuned = SetContrast(learning_rate=0.05).fit(X, y)
    >>> between(normalize(X)), between(tuned.transform(X))
    (0.6, -1.0)
    """

    paper: ClassVar[str] = "liu2024setcse"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    map_: FloatArray
    losses_: NDArray[np.float64]

    def __init__(
        self,
        *,
        temperature: float = 0.2,
        n_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_epochs=3)
        yield cls(temperature=0.5, n_epochs=2, batch_size=8, weight_decay=0.0, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.target_tags.one_d_labels = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the map from examples.

        Parameters
        ----------
        X : (n, d) vectors of the examples of all sets.
        y : (n,) the set of each, numbers or texts.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the map does not come to finite numbers.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or `y` has not a set for each.
        DataError
            If there are fewer than two sets.
        """
        check_numbers(
            self,
            at_least={"n_epochs": 0, "batch_size": 2, "weight_decay": 0},
            above={"temperature": 0, "learning_rate": 0},
        )
        X = validated(self, X, fit=True)
        sets, numbers = classes_of(y, len(X))
        if len(sets) < 2:
            raise DataError(f"SetContrast pushes sets apart and needs at least 2, got {len(sets)} class of y.")
        training = load("inlay.nn.set_contrast", extra="nn", purpose="SetContrast")
        self.map_, losses = training.learn(
            normalize(X),
            numbers,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        self.losses_ = np.array(losses)
        if not np.isfinite(self.map_).all():
            raise ParameterError(
                f"SetContrast did not come to finite numbers; lower learning_rate, which is {self.learning_rate!r}."
            )
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return (n, d) vectors of length one; what is zero stays zero."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        # In float64: how BLAS rounds depends on the number of rows.
        return normalize(normalize(X).astype(np.float64) @ self.map_.T.astype(np.float64))
