"""Nuggets: a share of the vectors of an item, chosen by a score that is learned."""

import math
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Multivector
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Ragged
from inlay.core.vectors import normalize

from ._items import best, checked, owners, part


class Nuggets(Multivector):
    r"""Keep a share of the vectors of an item, chosen by a learned score, so that long items keep more than short ones.

    A small network scores each vector, :math:`s_j = w^\top \mathrm{ReLU}(W x_j + b)`. An item of :math:`n` vectors
    falls into :math:`k = \lceil r n \rceil` segments of equal length, and the best of each is a nugget, kept as it is.
    The choice has no gradient; but scores take part in how the vectors :math:`q_1, \ldots, q_m` of something that looks
    for the item attend to its vectors, and so learn,

    .. math:: S = \frac{1}{m} \sum_{i=1}^m \sum_j \mathrm{softmax}_j\bigl(\gamma \langle q_i, x_j \rangle
              + s_j\bigr) \, \langle q_i, x_j \rangle,

    by the contrastive loss of finding, at the temperature :math:`\tau`, the right item among those of a batch. What
    looks for an item is a stretch of eight of its own vectors, drawn anew each time: no pairs are needed.

    The paper trains encoder, scorer and decoder together, to rebuild or to translate the text from the best :math:`k`
    of the whole item, and its nuggets turn out to cut the text into pieces. Here the vectors are frozen. So they are
    found rather than rebuilt; scores learn over all vectors, of which only the choice then takes the best; and the
    pieces are cut beforehand, since the best of a whole text are much alike.

    Use it where items differ much in length, so that one number of vectors is too many for some and too few for
    others. `TokenPooling` learns nothing, and gives means rather than vectors of the item;
    `TokenPruning` goes by the attention of a model and learns nothing.

    Parameters
    ----------
    ratio : :math:`r`, above 0 and at most 1; an item that has a vector keeps at least one.
    hidden : units of the network, at least 1.
    sharpness : :math:`\gamma`, above 0; vectors are at length one.
    temperature : :math:`\tau`, above 0.
    n_epochs : passes over all items.
    batch_size : items of a step.
    learning_rate : at the start; it falls to zero along a cosine.
    random_state : seed of the network and of the order of items.

    Attributes
    ----------
    weights_, biases_ : of the two layers, (hidden, d) and (1, hidden), (hidden,) and (1,).

    References
    ----------
    Qin, Van Durme (2023). Nugget: Neural Agglomerative Embeddings of Text. ICML. arXiv:2310.01732.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> items = Ragged.stack([rng.normal(size=(n, 4)) for n in (30, 10, 4)])
    >>> Nuggets(ratio=0.2, n_epochs=2).fit(items).transform(items).lengths.tolist()
    [6, 2, 1]
    """

    paper: ClassVar[str] = "qin2023nugget"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[FloatArray]
    biases_: list[FloatArray]

    def __init__(
        self,
        ratio: float = 0.1,
        *,
        hidden: int = 64,
        sharpness: float = 20.0,
        temperature: float = 0.1,
        n_epochs: int = 10,
        batch_size: int = 16,
        learning_rate: float = 3e-3,
        random_state: int = 0,
    ) -> None:
        self.ratio = ratio
        self.hidden = hidden
        self.sharpness = sharpness
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(hidden=4, n_epochs=2)
        yield cls(ratio=0.5, hidden=2, n_epochs=1, batch_size=4)

    def fit(self, items: Ragged, y: object = None) -> Self:
        """Learn which vectors an item is found by; `y` is not used.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `items` is not a Ragged of finite numbers, or fewer than two of them have vectors.
        """
        above = {"sharpness": 0, "temperature": 0, "learning_rate": 0}
        check_numbers(self, at_least={"hidden": 1, "batch_size": 1}, above=above)
        self.count(1)
        items = checked(items, filled=True)
        filled = [item for item in items if len(item)]
        if len(filled) < 2:
            raise ShapeError(f"fit needs at least 2 items that have vectors, got {len(filled)}.")
        torch = load("torch", extra="nn", purpose="Nuggets")
        from inlay.nn.multivectors import learn_scorer

        layers = learn_scorer(
            [torch.tensor(normalize(item)) for item in filled],
            hidden=self.hidden,
            sharpness=self.sharpness,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=max(2, self.batch_size),
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.weights_ = [layer.weight.detach().numpy() for layer in layers]
        self.biases_ = [layer.bias.detach().numpy() for layer in layers]
        return self

    def transform(self, items: Ragged) -> Ragged:
        """Keep the nuggets of each item as they are, in their order.

        Raises
        ------
        ShapeError
            If `items` is not a Ragged of finite numbers of the dimension of `fit`.
        """
        scores = self.scores(items)
        counts = np.array([self.count(int(n)) for n in items.lengths], np.int64)
        item = owners(items)
        place = np.arange(len(item)) - items.offsets[:-1][item]
        segment = place * counts[item] // items.lengths[item] + (np.cumsum(counts) - counts)[item]
        lengths = np.bincount(segment, minlength=int(counts.sum()))
        segments = Ragged(items.values, np.append(0, np.cumsum(lengths)))
        return part(items, best(segments, scores, np.ones(len(segments))))

    def scores(self, items: Ragged) -> NDArray[Any]:
        """Return the score of each vector of all items, end to end, (total,)."""
        self._check_fitted()
        items = checked(items, dim=self.weights_[0].shape[1])
        units = normalize(items.values).astype(np.float64)
        for weight, bias in zip(self.weights_, self.biases_, strict=True):
            units = np.maximum(units, 0) if weight is self.weights_[1] else units
            units = units @ weight.T + bias
        return np.asarray(units[:, 0])

    def count(self, n: int) -> int:
        """Return how many of `n` vectors of an item are kept."""
        if not 0 < self.ratio <= 1:
            raise ParameterError(f"ratio must be above 0 and at most 1, got {self.ratio!r}.")
        return math.ceil(self.ratio * n * (1 - 1e-12))  # 0.1 times 30 is a little more than 3
