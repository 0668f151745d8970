"""Token pooling: similar vectors of an item become their mean."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from scipy.cluster.hierarchy import fcluster, ward
from scipy.spatial.distance import pdist

from inlay.core.contracts import Multivector
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, IdArray, Ragged
from inlay.core.vectors import normalize

from ._items import checked


class TokenPooling(Multivector):
    r"""Put the mean in the place of similar vectors of an item, so that it has a fraction of them.

    The vectors of an item, at length one, are clustered by Ward's criterion until

    .. math:: \min(n, \lfloor n / f \rfloor + 1)

    clusters are left of :math:`n` vectors at the factor :math:`f`, and each cluster gives the mean of its vectors,
    scaled to their mean length. The squared distance of vectors of length one is twice their cosine distance, which
    the paper clusters by. Nothing is learned, and queries stay as they are: only what is stored is pooled.

    Use it to store half or a third of the vectors of late interaction at hardly any loss; beyond a factor of 4 the
    loss grows. `TokenPruning` drops vectors rather than merging them, and how many depends on the item; `Nuggets`
    learns which to keep; `NestedVectors` learns a fixed number of new ones.

    Parameters
    ----------
    factor : vectors that become one, on average; at least 1, which changes nothing.
    method : ``"ward"``, or ``"sequential"``: each `factor` neighbours in a row, which costs nothing and is worse.

    References
    ----------
    Clavié, Chaffin, Adams (2024). Reducing the Footprint of Multi-Vector Retrieval with Minimal Performance Impact via
    Token Pooling. arXiv:2409.14683.

    Examples
    --------
    >>> items = Ragged.stack([np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.8], [1.0, 0.2]])])
    >>> TokenPooling(factor=3).transform(items)[0].round(3)
    array([[1.005, 0.1  ],
           [0.   , 0.9  ]], dtype=float32)
    """

    paper: ClassVar[str] = "clavie2024reducing"

    def __init__(self, factor: int = 2, method: str = "ward") -> None:
        self.factor = factor
        self.method = method

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(factor=3, method="sequential")

    def transform(self, items: Ragged) -> Ragged:
        """Pool the vectors of each item; means stand in the order of the first vector of each.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `items` is not a Ragged of finite numbers.
        """
        if not isinstance(self.factor, int | np.integer) or self.factor < 1:
            raise ParameterError(f"factor must be a whole number of at least 1, got {self.factor!r}.")
        if self.method not in ("ward", "sequential"):
            raise ParameterError(f"method must be 'ward' or 'sequential', got {self.method!r}.")
        items = checked(items)
        if self.factor == 1:
            return items
        empty = np.empty((0, items.values.shape[1]), np.float32)
        pooled = Ragged.stack([empty, *(self._pool(item) for item in items)])
        return Ragged(pooled.values, pooled.offsets[1:])

    def _pool(self, item: FloatArray) -> FloatArray:
        if len(item) < 2:
            return item
        labels = self._sequential(len(item)) if self.method == "sequential" else self._ward(item)
        _, first, labels = np.unique(labels, return_index=True, return_inverse=True)
        labels = np.argsort(np.argsort(first))[labels]
        counts = np.bincount(labels)[:, None]
        means, lengths = np.zeros((len(first), item.shape[1])), np.zeros((len(first), 1))
        np.add.at(means, labels, item)
        np.add.at(lengths, labels, np.linalg.norm(item, axis=1, keepdims=True))
        return np.asarray(normalize(means / counts) * (lengths / counts), np.float32)

    def _sequential(self, n: int) -> IdArray:
        return np.arange(n) // self.factor

    def _ward(self, item: FloatArray) -> IdArray:
        merges = ward(pdist(normalize(item)))
        merges[:, 2] = np.arange(len(merges))  # equal heights would be cut all or none
        return np.asarray(fcluster(merges, len(item) // self.factor + 1, "maxclust"), np.int64)
