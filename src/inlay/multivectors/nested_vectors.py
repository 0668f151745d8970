"""Nested vectors: a few learned vectors of an item, of which any number of first ones will do."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import softmax
from sklearn.cluster import kmeans_plusplus

from inlay.core.contracts import Multivector
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Ragged
from inlay.core.vectors import normalize

from ._items import checked, owners, part


class NestedVectors(Multivector):
    r"""Turn each item into the same few vectors, learned so that every prefix of them finds what it should.

    Learned queries :math:`m_1, \ldots, m_R` attend to the vectors :math:`x_j` of an item, at length one, and what they
    find is the item's new vectors, scaled to length one,

    .. math:: e_r \propto \sum_j \mathrm{softmax}_j(\langle m_r, x_j \rangle) \, x_j.

    They are learned from pairs of items, such as a document and a query that it answers. With the late interaction of
    the first :math:`g` vectors of both,

    .. math:: s_g(q, d) = \frac{1}{g} \sum_{i \le g} \max_{j \le g} \langle e_i^q, e_j^d \rangle,

    a query has to find its document among those of the batch by the contrastive loss at the temperature :math:`\tau`,
    summed over :math:`g = 1, 2, 4, \ldots, R`. So the first vector is a whole embedding, and each further one adds.

    The paper appends learned tokens to the input of a model that it trains. Here the model is frozen and its vectors
    are attended to, with one set of queries for both sides of a pair, where the paper has one for each.

    Use it where one index has to serve several budgets: store all vectors, and search with as many as there is time
    for. `TokenPooling` needs no pairs, and keeps more where there is room for it.

    Parameters
    ----------
    n_vectors : :math:`R`, at least 1.
    keep : vectors that `transform` gives, the first ones; None gives all. It can be set after `fit`.
    temperature : :math:`\tau`, above 0.
    sharpness : length of the queries at the start, above 0: vectors of the data, but for the first, which is 0 and
        takes the plain mean.
    n_epochs : passes over all pairs.
    batch_size : pairs of a step; each finds its own among these.
    learning_rate : at the start; it falls to zero along a cosine.
    random_state : seed of the start and of the order of pairs.

    Attributes
    ----------
    queries_ : (n_vectors, d).

    References
    ----------
    Xiao, Ma, Gu, Chen, Chen, Ordonez, Mohan (2025). MetaEmbed: Scaling Multimodal Retrieval at Test-Time with Flexible
    Late Interaction. arXiv:2509.18095.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> items = Ragged.stack([rng.normal(size=(9, 4)) for _ in range(20)])
    >>> queries = Ragged.stack([item[:2] for item in items])
    >>> nested = NestedVectors(n_vectors=3, n_epochs=2).fit(items, queries)
    >>> nested.transform(items)[0].shape, nested.set_params(keep=1).transform(items)[0].shape
    ((3, 4), (1, 4))
    """

    paper: ClassVar[str] = "xiao2025metaembed"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    queries_: FloatArray

    def __init__(
        self,
        n_vectors: int = 16,
        *,
        keep: int | None = None,
        temperature: float = 0.03,
        sharpness: float = 10.0,
        n_epochs: int = 10,
        batch_size: int = 32,
        learning_rate: float = 0.1,
        random_state: int = 0,
    ) -> None:
        self.n_vectors = n_vectors
        self.keep = keep
        self.temperature = temperature
        self.sharpness = sharpness
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_vectors=4, n_epochs=2)
        yield cls(n_vectors=5, keep=2, n_epochs=1, batch_size=4)

    def fit(self, items: Ragged, y: Ragged | None = None) -> Self:
        """Learn from pairs.

        Parameters
        ----------
        items : n items, of which those without a vector, and those whose partner has none, are left out.
        y : n items; item i is the partner of item i.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If there are not two pairs and `n_vectors` vectors, or the two are not Ragged of equal length and dimension.
        """
        above = {"temperature": 0, "sharpness": 0, "learning_rate": 0}
        check_numbers(self, at_least={"n_vectors": 1, "batch_size": 1}, above=above)
        self._kept()
        items = checked(items, filled=True)
        if y is None:
            raise ShapeError("NestedVectors needs y, the partner of each item: fit(items, y).")
        y = checked(y, "y", dim=items.values.shape[1])
        if len(y) != len(items):
            raise ShapeError(f"y must have a partner for each of {len(items)} items, got {len(y)}.")
        pairs = np.flatnonzero((items.lengths > 0) & (y.lengths > 0))
        used = part(items, np.isin(owners(items), pairs)).values
        if len(pairs) < 2 or len(used) < self.n_vectors:
            raise ShapeError(
                f"fit needs at least 2 pairs and {self.n_vectors} vectors, got {len(pairs)} and {len(used)}."
            )
        torch = load("torch", extra="nn", purpose="NestedVectors")
        from inlay.nn.multivectors import learn_nested

        sides = [[torch.tensor(normalize(side[int(i)])) for i in pairs] for side in (items, y)]
        self.queries_ = learn_nested(
            torch.tensor(self._start(used)),
            *sides,
            groups=self.groups(),
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=max(2, self.batch_size),
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        ).numpy()
        return self

    def transform(self, items: Ragged) -> Ragged:
        """Turn each item into `keep` vectors of length one; an item without vectors stays without.

        Raises
        ------
        ShapeError
            If `items` is not a Ragged of finite numbers of the dimension of `fit`.
        """
        self._check_fitted()
        items = checked(items, dim=self.queries_.shape[1])
        queries = self.queries_[: self._kept()].astype(np.float64)
        empty = np.empty((0, queries.shape[1]), np.float32)
        made = Ragged.stack([empty, *(_attend(queries, item) for item in items)])
        return Ragged(made.values, made.offsets[1:])

    def groups(self) -> list[int]:
        """Return the prefixes that are learned for: the powers of two below `n_vectors`, and `n_vectors`."""
        return [*(2**i for i in range(self.n_vectors.bit_length()) if 2**i < self.n_vectors), self.n_vectors]

    def _kept(self) -> int:
        kept = self.n_vectors if self.keep is None else self.keep
        if not 1 <= kept <= self.n_vectors:
            raise ParameterError(f"keep must be from 1 to n_vectors, {self.n_vectors}, got {self.keep!r}.")
        return kept

    def _start(self, vectors: FloatArray) -> FloatArray:
        rng = np.random.default_rng(self.random_state)
        some = np.sort(rng.permutation(len(vectors))[: max(5000, self.n_vectors)])
        start = np.zeros((self.n_vectors, vectors.shape[1]), np.float32)
        if self.n_vectors > 1:
            drawn = int(rng.integers(2**31))
            spread, _ = kmeans_plusplus(normalize(vectors[some]), self.n_vectors - 1, random_state=drawn)
            start[1:] = self.sharpness * spread
        return start


def _attend(queries: Any, item: FloatArray) -> FloatArray:
    """Return what each query finds, as `inlay.nn.multivectors.attend` does."""
    if not len(item):
        return item
    units = normalize(item).astype(np.float64)
    return normalize(softmax(queries @ units.T, axis=1) @ units)
