"""Every row pays for the queries that are near to it."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from inlay.core.contracts import Ranker
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, Search

from ._bank import bank_of, check, cosines, of_rows, reordered
from ._softmax import log_mean_exp


class InvertedSoftmax(Ranker):
    r"""Score a hit by how probable the query is for it, among the queries of a bank.

    A softmax over rows asks which row belongs to the query; the inverted one asks which query belongs to the row,

    .. math:: P(q \mid j) \propto \frac{\exp(\beta \, s_q(j))}{\sum_b \exp(\beta \, s_b(j))}

    with the cosine :math:`s`, the queries :math:`b` of the bank and :math:`\beta = 1 / \mathrm{temperature}`. A hub is
    near to many of them, so that its share is small for each. The score is
    :math:`s_q(j) - \frac{1}{\beta} \log \mathrm{mean}_b \exp(\beta s_b(j))`, in the same order and in the unit of a
    cosine. The paper's :math:`\alpha_q`, which is the same for all hits of a query, is left out.

    Use `DynamicInvertedSoftmax` in its place where most queries find what they should, or where the bank is unlike the
    queries: it changes only searches whose nearest row the bank finds, too.

    `fit` takes a search with the bank as Q; nothing else of it matters. Only hits are put into a new order: give it
    some more than will be shown.

    Parameters
    ----------
    temperature : above 0, in the unit of a cosine. The paper learns it from pairs; 0.05 is that of QB-Norm.

    Attributes
    ----------
    bank_ : (b, d), the queries of the bank at length one.

    References
    ----------
    Smith, Turban, Hamblin, Hammerla (2017). Offline bilingual word vectors, orthogonal transformations and the inverted
    softmax. ICLR. arXiv:1702.03859.

    Examples
    --------
    >>> import numpy as np
    >>> from inlay.core.values import Hits
    >>> X = np.float32([[1, 0], [0.8, 0.6], [0, 1]])
    >>> bank = np.float32([[0.9, 0.4], [0.7, 0.5], [0.5, 0.9], [0.1, 1]])
    >>> method = InvertedSoftmax().fit(Search(Hits(np.zeros((4, 0)), np.zeros((4, 0))), Q=bank))
    >>> asked = Search(Hits([[1, 0]], [[0.95, 0.94]]), Q=np.float32([[0.94, 0.33]]), X=X)
    >>> hits = method.rank(asked).hits
    >>> hits.ids, hits.scores.round(3)
    (array([[0, 1]]), array([[ 0.093, -0.006]], dtype=float32))
    """

    paper: ClassVar[str] = "smith2017offline"

    bank_: FloatArray

    def __init__(self, temperature: float = 0.05) -> None:
        self.temperature = temperature

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(temperature=0.5)

    def fit(self, search: Search, y: None = None) -> Self:
        """Keep the bank, which is Q of the search; there is nothing for `y`.

        Raises
        ------
        ParameterError
            If `temperature` is not above 0, or the search lacks Q.
        ShapeError
            If the bank is empty.
        """
        check_numbers(self, above={"temperature": 0}, below={"temperature": np.inf})
        self.bank_ = bank_of(search, "InvertedSoftmax")
        return self

    def rank(self, search: Search) -> Search:
        """Normalise the hits of all queries.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or the search lacks Q or X.
        ShapeError
            If Q or X has not the dimension of the bank, or a hit names a row that X does not have.
        """
        self._check_fitted()
        check_numbers(self, above={"temperature": 0}, below={"temperature": np.inf})
        Q, X = check(search, self.bank_, "InvertedSoftmax")
        ids = search.hits.ids
        usual = of_rows(X, ids, lambda rows: log_mean_exp(rows, self.bank_, self.temperature))
        return reordered(search, cosines(Q, X, ids) - usual)
