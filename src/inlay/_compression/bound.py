"""How far a ranking can have moved at most: what the error of the codes makes certain, before any is searched."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray, Hits


@dataclass(frozen=True, slots=True)
class Bound:
    """What is certain of every ranking, for queries like these.

    Parameters
    ----------
    error : the mean squared length of what the codes lose of a vector, over that of the vectors.
    place : the place below which no hit of the exact k can have fallen, for 95 % of these hits.
    certain : the share of the exact hits that are found for certain.
    """

    error: float
    place: int
    certain: float


def bound(Q: FloatArray, X: FloatArray, errors: FloatArray, exact: Hits, depth: int) -> Bound:
    r"""Bound how far hits can have moved, from the length of what each code has lost.

    By Cauchy and Schwarz, :math:`|\langle q, \hat x_i \rangle - \langle q, x_i \rangle| \le \|q\| e_i` with
    :math:`e_i = \|x_i - \hat x_i\|`. So a row can pass the hit :math:`j` only where
    :math:`\langle q, x_i \rangle + \|q\| e_i \ge \langle q, x_j \rangle - \|q\| e_j`; the number of such rows is the
    lowest place that the hit can have.

    Parameters
    ----------
    Q : (n queries, d).
    X : (n, d) stored vectors.
    errors : (n,) the lengths :math:`e_i`.
    exact : the exact hits of `Q`.
    depth : the places that count as found.

    Examples
    --------
    >>> X = np.float32([[1, 0], [0.8, 0.6], [0, 1]])
    >>> exact = Hits([[0]], [[1.0]])
    >>> bound(X[:1], X, np.float32([0.05, 0.05, 0.05]), exact, 1)
    Bound(error=0.002500..., place=1, certain=1.0)
    """
    length = np.linalg.norm(Q, axis=1)
    places: list[NDArray[np.int64]] = []
    for q, size, ids, scores in zip(Q, length, exact.ids, exact.scores, strict=True):  # a row of n numbers at a time
        real = ids >= 0
        most = np.sort(X @ q + size * errors)
        least = scores[real] - size * errors[ids[real]]
        places.append(len(most) - np.searchsorted(most, least, side="left"))
    every = np.concatenate(places)
    lost = float(np.square(errors, dtype=np.float64).sum() / np.square(X, dtype=np.float64).sum())
    return Bound(lost, int(np.quantile(every, 0.95, method="higher")), float((every <= depth).mean()))
