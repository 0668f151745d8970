"""Querybank normalisation: hubs pay for the queries that they attract, and nothing else changes."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from inlay.core.blocks import products
from inlay.core.contracts import Ranker
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Search

from ._bank import bank_of, check, cosines, nearest_cosines, of_rows, reordered
from ._softmax import log_mean_exp

SLACK = 1e-6  # of a cosine that is compared with itself, summed in another order


class DynamicInvertedSoftmax(Ranker):
    r"""Lower the score of rows that are near to many queries of a bank, where a query has found such a row.

    QB-Norm with its dynamic inverted softmax. A bank of queries :math:`b` is known, of the kind that will be asked and
    without any answers. The activation set :math:`\mathcal{A}` holds the rows that are among the `n_active` nearest of
    some query of the bank. For a query :math:`q` and its hits :math:`j`,

    .. math:: \eta_q(j) = \begin{cases}
              \dfrac{\exp(\beta \, s_q(j))}{\sum_b \exp(\beta \, s_b(j))} &
              \text{if } \arg\max_l s_q(l) \in \mathcal{A} \\ s_q(j) & \text{otherwise} \end{cases}

    with the cosine :math:`s` and :math:`\beta = 1 / \mathrm{temperature}`, 20 as in the paper. The score of a hit is
    :math:`s_q(j) - \frac{1}{\beta} \log \mathrm{mean}_b \exp(\beta s_b(j))`, which is in the same order and remains in
    the unit of a cosine.

    Use it where rows of one kind are searched by queries of another and a few rows turn up everywhere: across
    languages, modalities, or models that were aligned. Where no row is a hub, next to nothing changes.
    `InvertedSoftmax` normalises every query, and is less robust where the bank is unlike the queries; `CSLS` and
    `Margin` compare with neighbourhoods of both sides.

    `fit` takes a search with the bank as Q and all rows as X; its hits do not matter. Only hits are put into a new
    order: give it some more than will be shown. It asks of rows only what their vectors say, so that X may be a part
    of what was fitted on, in another order, or have grown.

    Parameters
    ----------
    temperature : above 0, in the unit of a cosine; the smaller, the more the nearest query of the bank counts alone.
    n_active : rows that each query of the bank brings into the activation set, at least 1.

    Attributes
    ----------
    bank_ : (b, d), the queries of the bank at length one.
    reach_ : (b,), the cosine of each with the last row that it brought into the activation set.

    References
    ----------
    Bogolin, Croitoru, Jin, Liu, Albanie (2022). Cross Modal Retrieval with Querybank Normalisation. CVPR.
    arXiv:2112.12777.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> X = np.float32([[1, 0], [0.8, 0.6], [0, 1]])  # row 1 is nearest to three queries of four
    >>> bank = np.float32([[0.9, 0.4], [0.7, 0.5], [0.5, 0.9], [0.1, 1]])
    >>> method = DynamicInvertedSoftmax().fit(Search(Hits(np.zeros((4, 0)), np.zeros((4, 0))), Q=bank, X=X))
    >>> asked = Search(Hits([[1, 0, 2]], [[0.96, 0.94, 0.33]]), Q=np.float32([[0.94, 0.33]]), X=X)
    >>> method.rank(asked).hits.ids
    array([[0, 1, 2]])
    """

    paper: ClassVar[str] = "bogolin2022cross"

    bank_: FloatArray
    reach_: FloatArray

    def __init__(self, temperature: float = 0.05, n_active: int = 1) -> None:
        self.temperature = temperature
        self.n_active = n_active

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(temperature=0.5, n_active=2)

    def fit(self, search: Search, y: None = None) -> Self:
        """Learn from the bank, which is Q of the search, which rows of X are found; there is nothing for `y`.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks Q or X.
        ShapeError
            If the bank is empty.
        """
        check_numbers(self, at_least={"n_active": 1}, above={"temperature": 0}, below={"temperature": np.inf})
        search.need("DynamicInvertedSoftmax", "Q", "X")
        bank = bank_of(search, "DynamicInvertedSoftmax")
        _, X = check(search, bank, "DynamicInvertedSoftmax")
        reach = np.full(len(bank), np.inf, np.float32)
        if len(X):
            reach = nearest_cosines(bank, X, self.n_active)[:, -1].copy()
        self.bank_, self.reach_ = bank, reach
        return self

    def rank(self, search: Search) -> Search:
        """Normalise the hits of queries whose nearest hit is in the activation set.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks Q or X.
        ShapeError
            If Q or X has not the dimension of the bank, or a hit names a row that X does not have.
        """
        self._check_fitted()
        check_numbers(self, at_least={"n_active": 1}, above={"temperature": 0}, below={"temperature": np.inf})
        Q, X = check(search, self.bank_, "DynamicInvertedSoftmax")
        ids = search.hits.ids
        near = cosines(Q, X, ids)
        if not ids.size:
            return search.found(search.hits)
        best = np.take_along_axis(ids, near.argmax(axis=1)[:, None], 1)
        active = of_rows(X, best, self._active) > 0
        usual = of_rows(X, np.where(active, ids, -1), lambda rows: log_mean_exp(rows, self.bank_, self.temperature))
        return reordered(search, near - usual)

    def _active(self, rows: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Tell, by 1 or 0, which rows a query of the bank has among its nearest."""
        found = np.zeros(len(rows))
        for numbers, these, S in products(rows, self.bank_, None):
            found[these] = np.maximum(found[these], (self.reach_[numbers] - SLACK <= S).any(axis=1))
        return found
