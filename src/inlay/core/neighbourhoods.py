"""What is usual around a vector, the mean cosine with its neighbours and margins over it; and what a search finds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .values import FloatArray, Hits, IdArray
from .vectors import pair_scores, product_top_k

MARGINS = ("ratio", "distance", "absolute")


def mean_cosine(A: FloatArray, B: FloatArray, n_neighbors: int) -> NDArray[np.float64]:
    """Return the mean cosine of each row of `A` with the nearest rows of `B`, all of length one; 0 where B is empty.

    Examples
    --------
    >>> mean_cosine(np.float32([[1, 0]]), np.float32([[1, 0], [0.6, 0.8], [0, 1]]), 2).round(2)
    array([0.8])
    """
    if not len(B) or not len(A):
        return np.zeros(len(A))
    return np.asarray(product_top_k(A, B, min(n_neighbors, len(B))).scores.astype(np.float64).mean(axis=1))


def margin(cosines: NDArray[np.float64], usual: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Return how cosines compare with what is usual, by the `kind` of margin: one of `MARGINS`.

    Over what is not positive a ratio has no meaning; there it is -inf, behind all others.

    Examples
    --------
    >>> margin(np.array([0.8, 0.8]), np.array([0.5, -0.1]), "ratio")
    array([ 1.6, -inf])
    """
    if kind == "absolute":
        return cosines
    if kind == "distance":
        return np.asarray(cosines - usual)
    out: NDArray[np.float64] = np.divide(cosines, usual, out=np.full_like(cosines, -np.inf), where=usual > 0)
    return out


def share_found(Q: FloatArray, X: NDArray[Any], ids: IdArray, exact: Hits) -> NDArray[np.float64]:
    """Return for each query the share of its exact hits that was found, (n,); of equal rows one is as good as another.

    Examples
    --------
    >>> X, Q = np.float32([[1, 0], [1, 0], [0, 1]]), np.float32([[1, 0]])
    >>> share_found(Q, X, np.array([[1, 2]]), product_top_k(Q, X, 1))
    array([1.])
    """
    least = np.min(exact.scores, axis=1, keepdims=True, initial=np.inf, where=exact.ids >= 0)
    found = ((ids >= 0) & (pair_scores(Q, X, ids) >= least)).sum(axis=1)
    return np.asarray(np.minimum(found, exact.counts) / np.maximum(1, exact.counts))
