"""The cosine, compared with what is usual around both sides."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError
from inlay.core.neighbourhoods import MARGINS, margin, mean_cosine
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Search
from inlay.core.vectors import normalize

from ._bank import bank_of, check, cosines, mean_nearest, of_rows, reordered


class Margin(Ranker):
    r"""Score a hit by how its cosine compares with the mean cosine of both sides with their neighbours.

    .. math:: \mathrm{score}(x, y) = \mathrm{margin}\Big( \cos(x, y), \sum_{z \in NN_k(x)} \frac{\cos(x, z)}{2k} +
              \sum_{z \in NN_k(y)} \frac{\cos(y, z)}{2k} \Big)

    where the neighbours of the query :math:`x` are rows, those of the row :math:`y` queries of a bank, and the margin
    of :math:`a` and :math:`b` is :math:`a / b` for ``"ratio"``, :math:`a - b` for ``"distance"`` and :math:`a` for
    ``"absolute"``, which is the cosine alone. Over a mean that is not positive a ratio has no meaning; such a hit
    stands behind all others.

    Use it to mine pairs, such as sentences and their translations: one cosine is high for a short sentence and low for
    a long one, and a threshold on margins holds for both. The bank is then all sentences of the source language, those
    without a translation as well. Much is gained in spaces that were mapped onto each other, and where few sentences
    have a translation or languages share a threshold; little where many have one, and the encoder was trained to tell
    translations apart. `CSLS` has twice the distance for its score, with 10 neighbours.

    `fit` takes a search with the bank as Q; nothing else of it matters. Only hits are put into a new order, and one hit
    a query is enough where only its score is needed. The neighbours of a query are sought in the X that is ranked.
    Behind a `Space` that is what the query itself has found: let its `depth` be `n_neighbors` or more there.

    Parameters
    ----------
    n_neighbors : neighbours on either side, k, at least 1; all where there are fewer.
    kind : ``"ratio"``, ``"distance"`` or ``"absolute"``.

    Attributes
    ----------
    bank_ : (b, d), the queries of the bank at length one.

    References
    ----------
    Artetxe, Schwenk (2019). Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings. ACL.
    arXiv:1811.01136.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> X = np.float32([[1, 0], [0.8, 0.6], [0, 1]])
    >>> bank = np.float32([[0.9, 0.4], [0.7, 0.5], [0.5, 0.9], [0.1, 1]])
    >>> method = Margin(n_neighbors=2).fit(Search(Hits(np.zeros((4, 0)), np.zeros((4, 0))), Q=bank))
    >>> asked = Search(Hits([[1, 0]], [[0.95, 0.94]]), Q=np.float32([[0.94, 0.33]]), X=X)
    >>> hits = method.rank(asked).hits
    >>> hits.ids, hits.scores.round(3)
    (array([[0, 1]]), array([[1.041, 0.985]], dtype=float32))
    """

    paper: ClassVar[str] = "artetxe2019margin"

    bank_: FloatArray

    def __init__(self, n_neighbors: int = 4, kind: str = "ratio") -> None:
        self.n_neighbors = n_neighbors
        self.kind = kind

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(n_neighbors=2, kind="distance")
        yield cls(kind="absolute")

    def fit(self, search: Search, y: None = None) -> Self:
        """Keep the bank, which is Q of the search; there is nothing for `y`.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks Q.
        ShapeError
            If the bank is empty.
        """
        self._check_parameters()
        self.bank_ = bank_of(search, "Margin")
        return self

    def rank(self, search: Search) -> Search:
        """Score the hits by their margins.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks Q or X.
        ShapeError
            If Q or X has not the dimension of the bank, or a hit names a row that X does not have.
        """
        self._check_fitted()
        self._check_parameters()
        Q, X = check(search, self.bank_, "Margin")
        ids = search.hits.ids
        near = cosines(Q, X, ids)
        if self.kind == "absolute":
            return reordered(search, near)
        around_query = mean_nearest(normalize(Q), X, self.n_neighbors)[:, None]
        around_row = of_rows(X, ids, lambda rows: mean_cosine(rows, self.bank_, self.n_neighbors))
        usual = (around_query + around_row) / 2
        return reordered(search, np.where(ids >= 0, margin(near, usual, self.kind), -np.inf))

    def _check_parameters(self) -> None:
        check_numbers(self, at_least={"n_neighbors": 1})
        if self.kind not in MARGINS:
            raise ParameterError(f"kind must be one of {', '.join(MARGINS)}, got {self.kind!r}.")
