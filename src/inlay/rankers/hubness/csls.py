"""The cosine, less how near both sides are to everything."""

from collections.abc import Iterator
from typing import ClassVar, Self

from inlay.core.contracts import Ranker
from inlay.core.neighbourhoods import mean_cosine
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Search
from inlay.core.vectors import normalize

from ._bank import bank_of, check, cosines, mean_nearest, of_rows, reordered


class CSLS(Ranker):
    r"""Score a hit by its cosine, less the mean cosine of either side with its neighbours on the other.

    Cross-domain similarity local scaling,

    .. math:: \mathrm{CSLS}(x, y) = 2 \cos(x, y) - r_T(x) - r_S(y)

    where :math:`r_T(x)` is the mean cosine of the query with its `n_neighbors` nearest rows, and :math:`r_S(y)` that of
    the row with its nearest queries of a bank. A hub has many near queries and is pushed back; a row in a lonely place
    gains. It was made for word translation, where the bank is the vocabulary of the source language.

    `Margin` with ``kind="distance"`` has the same order with 4 neighbours, and as a ratio it is better at telling pairs
    from no pairs by one threshold. `DynamicInvertedSoftmax` leaves queries alone that find no hub.

    `fit` takes a search with the bank as Q; nothing else of it matters. Only hits are put into a new order: give it
    some more than will be shown. The neighbours of a query are sought in the X that is ranked.
    Behind a `Space` that is what the query itself has found: let its `depth` be `n_neighbors` or more there.

    Parameters
    ----------
    n_neighbors : neighbours on either side, at least 1; all where there are fewer.

    Attributes
    ----------
    bank_ : (b, d), the queries of the bank at length one.

    References
    ----------
    Conneau, Lample, Ranzato, Denoyer, Jégou (2018). Word Translation Without Parallel Data. ICLR. arXiv:1710.04087.

    Examples
    --------
    >>> import numpy as np
    >>> from inlay.core.values import Hits
    >>> X = np.float32([[1, 0], [0.8, 0.6], [0, 1]])
    >>> bank = np.float32([[0.9, 0.4], [0.7, 0.5], [0.5, 0.9], [0.1, 1]])
    >>> method = CSLS(n_neighbors=2).fit(Search(Hits(np.zeros((4, 0)), np.zeros((4, 0))), Q=bank))
    >>> asked = Search(Hits([[1, 0]], [[0.95, 0.94]]), Q=np.float32([[0.94, 0.33]]), X=X)
    >>> hits = method.rank(asked).hits
    >>> hits.ids, hits.scores.round(3)
    (array([[0, 1]]), array([[ 0.075, -0.029]], dtype=float32))
    """

    paper: ClassVar[str] = "conneau2018word"

    bank_: FloatArray

    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(n_neighbors=2)

    def fit(self, search: Search, y: None = None) -> Self:
        """Keep the bank, which is Q of the search; there is nothing for `y`.

        Raises
        ------
        ParameterError
            If `n_neighbors` is less than 1, or the search lacks Q.
        ShapeError
            If the bank is empty.
        """
        check_numbers(self, at_least={"n_neighbors": 1})
        self.bank_ = bank_of(search, "CSLS")
        return self

    def rank(self, search: Search) -> Search:
        """Scale the hits by both neighbourhoods.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks Q or X.
        ShapeError
            If Q or X has not the dimension of the bank, or a hit names a row that X does not have.
        """
        self._check_fitted()
        check_numbers(self, at_least={"n_neighbors": 1})
        Q, X = check(search, self.bank_, "CSLS")
        ids = search.hits.ids
        around_query = mean_nearest(normalize(Q), X, self.n_neighbors)[:, None]
        around_row = of_rows(X, ids, lambda rows: mean_cosine(rows, self.bank_, self.n_neighbors))
        return reordered(search, 2 * cosines(Q, X, ids) - around_query - around_row)
