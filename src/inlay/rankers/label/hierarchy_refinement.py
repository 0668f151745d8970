"""Classes of a taxonomy that lend each other what they mean."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from inlay.core.contracts import Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search
from inlay.core.vectors import as_vectors, normalize, rescore


class HierarchyRefinement(Ranker):
    r"""Mix the vector of each class with those of its parent and its children, and compare queries with the mixtures.

    The stored rows are prototypes of classes, such as the vectors of their names, and `parents` is the tree above them.
    What lies next to a class in the tree says what it means: "Accessories" below "Bicycles" is not "Accessories" below
    "Phones", and "Sports" is what its branches are. With the tree's edges and a loop at each class, :math:`A + I`, its
    degrees :math:`D`, and rows :math:`H_0 = X` of length one, the propagation of graph convolutions gives

    .. math:: H_{t+1} = (1 - \alpha) X + \alpha\, D^{-1/2} (A + I) D^{-1/2} H_t

    and the score of a class after `n_steps` is the inner product of the query with its row, scaled to length one. A
    class of many children is mostly what they are, and each of them takes little from it.

    Use it to sort things into a taxonomy by the names of its classes alone, at any of its levels; search with the rows
    of a level as `where` to choose among them. Inner classes gain the most; last ones gain where their names say too
    little by themselves, and can lose where they say enough. `LabelVote` needs examples with labels, and no names. The
    paper learns a graph network with attention over such a tree, and prompts, from images with labels; this is
    propagation without training, by the fixed weights of Kipf and Welling.

    Parameters
    ----------
    parents : for each stored row the number of its parent, -1 where it has none.
    alpha : the share of what is propagated, from 0 (each class alone) to 1.
    n_steps : how far meaning travels, in edges; at least 1.

    Attributes
    ----------
    vectors_ : (n rows, d) float32 of length one, the mixtures.

    References
    ----------
    Xia, Yu, Hu, Ju, Wang, Duan, Ge (2025). HGCLIP: Exploring Vision-Language Models with Graph Representations for
    Hierarchical Understanding. COLING. arXiv:2311.14064.

    Kipf, Welling (2017). Semi-Supervised Classification with Graph Convolutional Networks. ICLR. arXiv:1609.02907.

    Examples
    --------
    Two branches, each with a leaf of the same name:

    >>> from inlay.core.values import Hits
    >>> X = np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    >>> search = Search(Hits([[2, 3]], [[0.8, 0.8]]), X=X, Q=np.float32([[0, 0.6, 0.8]]))
    >>> found = HierarchyRefinement([-1, -1, 0, 1]).fit(search).rank(search).hits
    >>> found.ids, found.scores.round(2)
    (array([[3, 2]]), array([[0.95, 0.76]], dtype=float32))
    """

    paper: ClassVar[str] = "xia2025hgclip"
    by_row: ClassVar[bool] = True

    vectors_: FloatArray

    def __init__(self, parents: Sequence[int] | IdArray, *, alpha: float = 0.5, n_steps: int = 1) -> None:
        self.parents = parents
        self.alpha = alpha
        self.n_steps = n_steps

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls([-1, -1, *(i // 2 for i in range(12))])
        yield cls([-1] * 2 + [0, 0, 0, 1, 1] + [2] * 7, alpha=0.2, n_steps=3)

    def fit(self, search: Search, y: object = None) -> Self:
        """Mix the stored vectors.

        Parameters
        ----------
        search : any search with `X`, of the stored rows.
        y : not looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, `parents` is not a tree, or the search has no `X`.
        ShapeError
            If `parents` has not one number for each row.
        """
        check_numbers(self, at_least={"alpha": 0, "n_steps": 1}, at_most={"alpha": 1})
        search.need("HierarchyRefinement", "X")
        X = normalize(np.asarray(search.X))
        S, H = _propagation(self.parents, len(X)), X
        for _ in range(self.n_steps):
            H = (1 - self.alpha) * X + self.alpha * (S @ H)
        self.vectors_ = normalize(H)
        return self

    def rank(self, search: Search) -> Search:
        """Order the classes that were found by their mixtures.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q`.
        ShapeError
            If `Q` has another dimension than the classes, or a row was found that was not there in `fit`.
        """
        self._check_fitted()
        search.need("HierarchyRefinement", "Q")
        Q, ids = as_vectors(np.asarray(search.Q), "Q", dim=self.vectors_.shape[1]), search.hits.ids
        if ids.size and ids.max() >= len(self.vectors_):
            raise ShapeError(f"Row {ids.max()} was found, but the taxonomy has {len(self.vectors_)} classes.")
        return search.found(rescore(Q, self.vectors_, ids, search.hits.k))


def _propagation(parents: Sequence[int] | IdArray, n: int) -> Any:
    """Return the (n, n) normalised matrix of edges and loops, or say why `parents` make no tree."""
    above: NDArray[Any] = np.asarray(parents)
    if above.shape != (n,):
        raise ShapeError(f"parents must have one row number for each of the {n} rows, got the shape {above.shape}.")
    if above.dtype.kind not in "iu" or above.min(initial=-1) < -1 or above.max(initial=-1) >= n:
        raise ParameterError(f"parents must be row numbers below {n}, and -1 where there is none, got {parents}.")
    end = above
    for _ in range(n.bit_length()):  # each time twice as far up
        end = np.where(end >= 0, end[end], -1)
    if (end >= 0).any():
        raise ParameterError(
            f"parents must be a tree, but row {int((end >= 0).argmax())} is above itself, or below such."
        )
    child = np.flatnonzero(above >= 0)
    half = sparse.csr_matrix((np.ones(len(child), np.float32), (child, above[child])), shape=(n, n))
    edges = half + half.T + sparse.identity(n, np.float32, format="csr")
    scale = sparse.diags(np.asarray(edges.sum(axis=1)).ravel() ** -0.5)
    return (scale @ edges @ scale).tocsr().astype(np.float32)
