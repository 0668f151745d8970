"""Token pruning: the vectors that an item can do without are dropped."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Multivector
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, Ragged
from inlay.core.vectors import normalize

from ._items import best, checked, owners, part, sums


class TokenPruning(Multivector):
    r"""Drop the vectors whose importance within their item is below a threshold of the item's own.

    The importance :math:`I_j` of a vector is the attention that a global token, which stands for the whole item, pays
    to it in the last layer of the model, averaged over the heads. Of an item those vectors stay for which

    .. math:: I_j > \mu + k \sigma

    with :math:`\mu` and :math:`\sigma` the mean and the standard deviation of the item's importances, so that how
    many stay depends on how they are spread. Where none does, the most important one stays.

    Attention comes with the items, as their last column, where ``importance="column"``. Frozen vectors often come
    without it; ``importance="mean"`` then takes the attention that the item's mean :math:`\bar x` would pay,

    .. math:: I_j = \mathrm{softmax}_j\bigl(\cos(\bar x, x_j) / t\bigr).

    This is not the paper's, and weaker: on vectors of all-MiniLM-L6-v2 it loses more than dropping at random does,
    while the attention of the model loses hardly anything. Take the model's wherever it can be had.

    Use it to store a half or a third of the vectors of late interaction, each as it was. `TokenPooling` merges them
    instead and needs no attention; `Nuggets` learns which to keep.

    Parameters
    ----------
    k : how many standard deviations above the mean the threshold lies; negative numbers keep more.
    importance : ``"column"`` (the last column of the items, which is taken off), or ``"mean"``.
    temperature : :math:`t`, above 0; only for ``"mean"``.

    References
    ----------
    Yan, Xu, Zou, Liu, Kwok, Hu (2025). DocPruner: A Storage-Efficient Framework for Multi-Vector Visual Document
    Retrieval via Adaptive Patch-Level Embedding Pruning. arXiv:2509.23883.

    Examples
    --------
    >>> vectors, attention = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]), [0.5, 0.1, 0.4]
    >>> TokenPruning(importance="column").transform(Ragged.stack([np.column_stack([vectors, attention])]))[0]
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    paper: ClassVar[str] = "yan2025docpruner"

    def __init__(self, k: float = 0.0, importance: str = "mean", temperature: float = 0.1) -> None:
        self.k = k
        self.importance = importance
        self.temperature = temperature

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(k=-0.5, importance="column")

    def transform(self, items: Ragged) -> Ragged:
        """Keep the vectors that are more important than the threshold of their item, in their order.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `items` is not a Ragged of finite numbers, or has no column beside that of the importance.
        """
        if self.importance not in ("mean", "column"):
            raise ParameterError(f"importance must be 'mean' or 'column', got {self.importance!r}.")
        if not np.isfinite(self.k):
            raise ParameterError(f"k must be a finite number, got {self.k!r}.")
        if not self.temperature > 0:
            raise ParameterError(f"temperature must be above 0, got {self.temperature!r}.")
        items = checked(items)
        values, given = items.values, np.empty(0)
        if self.importance == "mean":
            given = self._attention(items)
        elif values.shape[1] < 2:
            raise ShapeError(f"items must have vectors and a last column of importances, got {values.shape[1]} column.")
        else:
            values, given = values[:, :-1], values[:, -1].astype(np.float64)
        item, counts = owners(items), np.maximum(items.lengths, 1)
        mean = sums(items, given) / counts
        spread = np.sqrt(sums(items, (given - mean[item]) ** 2) / counts)
        keep = given > (mean + self.k * spread)[item]
        alone = sums(items, keep) == 0
        return part(items, keep | (best(items, given, np.ones(len(items))) & alone[item]), values)

    def _attention(self, items: Ragged) -> NDArray[Any]:
        units, item = normalize(items.values), owners(items)
        centres: FloatArray = normalize(sums(items, units))
        cosines = np.vecdot(units, centres[item]).astype(np.float64)
        top = np.full(len(items), -np.inf)
        np.maximum.at(top, item, cosines)
        # Against the largest in place of the sum: the threshold moves along, and equal ones stay equal.
        return np.asarray(np.exp((cosines - top[item]) / self.temperature))
