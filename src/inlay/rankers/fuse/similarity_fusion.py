"""Fusion of several similarity measures by the network that they form."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.judgments import judgments
from inlay.core.values import FloatArray, Search
from inlay.core.vectors import as_vectors

from ._legs import Scores, fused, legs_of


class SimilarityFusion(Ranker):
    r"""Make one similarity of several measures of the same pairs, each a layer of a network.

    Each layer :math:`l` joins a query and a row by an edge, whose weight :math:`s_l` is what the measure says of the
    pair. The similarity of the two over all layers is

    .. math:: S(q, d) = b + \sum_l w_l \, z_l(q, d), \qquad z_l = (s_l - \mu_l) / \sigma_l

    with the mean and the deviation of the layer over all pairs of `fit`. Layers are joined to each other by how much
    they agree, :math:`C_{lm} = \max(0, \mathrm{corr}(s_l, s_m))`. Without judgments :math:`w` is the eigenvector
    centrality of the layers in that network, :math:`C w = \lambda w`, scaled to a sum of 1, and :math:`b = 0`: a layer
    that agrees with no other counts for nothing; where none agrees with another, all count alike. With the grades of
    pairs, the judge is one more layer, and :math:`w \ge 0` are the weights by which the others come closest to it in
    least squares; :math:`S` is then an estimate of the grade.

    Agreement is no proof of quality: layers of one kind agree with each other, and where one layer is far better than
    all others, it can be ahead of the network until there are grades. Use it for measures of similarity, three or more
    of them, where the number shall mean something across queries; `ScoreFusion` learns weights for the order of hits,
    and normalises each query by itself.

    What is the paper's is the network of one layer for each measure and the score over all of them. It adds the edges
    to neighbours that two sentences have in common, which are left out here, for hits tell of a query and its rows
    alone; how layers are weighed is this library's way.

    The layers are ``search.hits`` and ``search.others``; a pair that one of them lacks has there the smallest score of
    that layer in `fit`. The result has as many places as the longest list, no others, and the layers' own scores as
    ``legs``.

    Attributes
    ----------
    weights_ : (m,), one for each layer.
    intercept_ : float, the mean grade; 0 without judgments.
    mean_, spread_, minimum_ : (m,), of each layer's scores.

    References
    ----------
    Jeyaraj, Kasthurirathna (2021). MNet-Sim: A Multi-layered Semantic Similarity Network to Evaluate Sentence
    Similarity. International Journal of Engineering Trends and Technology 69(7). arXiv:2111.05412.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> layers = [Hits([[0, 1, 2]], [[0.9, 0.5, 0.1]]), Hits([[1, 0, 2]], [[7, 6, 2]]), Hits([[2, 0, 1]], [[3, 2, 1]])]
    >>> search = Search(layers[0], others=tuple(layers[1:]))
    >>> SimilarityFusion().fit(search).weights_.round(2)
    array([0.5, 0.5, 0. ])
    >>> judged = SimilarityFusion().fit(search, [{0: 5, 1: 3, 2: 1}])
    >>> judged.rank(search).hits.scores.round(2), judged.fuse([[0.5, 7, 1]]).round(2)
    (array([[5., 3., 1.]], dtype=float32), array([3.], dtype=float32))
    """

    paper: ClassVar[str] = "jeyaraj2021mnet"

    weights_: NDArray[np.float64]
    intercept_: float
    mean_: NDArray[np.float64]
    spread_: NDArray[np.float64]
    minimum_: NDArray[np.float64]

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn the weights of the layers, from how they agree or from the grades of pairs; 0 where none is named.

        Raises
        ------
        ShapeError
            If `y` is not one mapping of finite grades for each query, or no list has a hit.
        """
        if y is not None:
            judgments("SimilarityFusion", len(search.hits), y)
        legs = legs_of(search)
        query, place = np.nonzero(legs.ids >= 0)
        S = legs.scores[query, place]
        S = np.where(np.isfinite(S), S, np.nan)
        if not np.isfinite(S).any():
            raise ShapeError("SimilarityFusion learns from the hits of a search, and this one has none.")
        least = np.fmin.reduce(S, axis=0)
        minimum = np.where(np.isnan(least), 0.0, least)
        S = np.fmax(S, minimum)
        mean, spread = S.mean(axis=0), S.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        Z = (S - mean) / spread
        if y is None:
            weights, intercept = _centrality(np.maximum(Z.T @ Z / len(Z), 0.0)), 0.0
        else:
            rows = zip(query.tolist(), legs.ids[query, place].tolist(), strict=True)
            grades = np.array([y[number].get(row, 0.0) for number, row in rows], np.float64)
            if not np.isfinite(grades).all():
                raise ShapeError("y has a grade that is not a finite number.")
            intercept = float(grades.mean())
            weights = np.asarray(nnls(Z, grades - intercept)[0])
        self.minimum_, self.mean_, self.spread_ = minimum, mean, spread
        self.weights_, self.intercept_ = weights, intercept
        return self

    def fuse(self, S: ArrayLike) -> FloatArray:
        """Return one similarity, (n,), for (n pairs, m layers) of scores; those below the layer's least count as it.

        Raises
        ------
        ShapeError
            If `S` does not have one column for each layer of `fit`, or is not finite.
        """
        self._check_fitted()
        return self._total(as_vectors(S, "S", dim=len(self.weights_)).astype(np.float64)).astype(np.float32)

    def rank(self, search: Search) -> Search:
        """Put all rows that a layer has into the order of their similarity over all layers.

        Raises
        ------
        ParameterError
            If there are more or fewer lists than there were in `fit`.
        """
        self._check_fitted()
        m = 1 + len(search.others)
        if m != len(self.weights_):
            raise ParameterError(
                f"SimilarityFusion was fitted on {len(self.weights_)} lists (hits and others), got {m}."
            )
        legs = legs_of(search)
        return fused(search, legs, self._total(legs.scores))

    def _total(self, S: Scores) -> Scores:
        Z = (np.fmax(S, self.minimum_) - self.mean_) / self.spread_
        total: Scores = self.intercept_ + np.vecdot(Z, self.weights_)
        return total


def _centrality(C: Scores) -> Scores:
    """Return the eigenvector centrality of each node of a network, adding up to 1.

    Where several vectors belong to the largest eigenvalue, it is where power iteration from equal weights would end.
    """
    values, vectors = np.linalg.eigh(C)
    top = vectors[:, values >= values[-1] - 1e-9 * max(values[-1], 1.0)]
    centrality = np.abs(top @ top.sum(axis=0))
    return np.asarray(centrality / centrality.sum())
