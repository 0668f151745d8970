"""The nearest neighbour by a margin over the neighbourhoods of both sides."""

import numpy as np

from inlay.core.errors import ParameterError
from inlay.core.neighbourhoods import MARGINS
from inlay.core.neighbourhoods import margin as margin_of
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize, product_top_k


def nearest(X: FloatArray, Y: FloatArray, *, margin: str, k: int) -> IdArray:
    """Return for each row of X the row of Y with the best margin among its `k` nearest by the cosine, (n,)."""
    if margin not in MARGINS:
        raise ParameterError(f"margin must be one of {', '.join(MARGINS)}, got {margin!r}.")
    if k < 1:
        raise ParameterError(f"k must be at least 1, got {k}.")
    X, Y = normalize(X), normalize(Y)
    if margin == "absolute":
        return product_top_k(X, Y, 1).ids[:, 0]
    forth, back = product_top_k(X, Y, min(k, len(Y))), product_top_k(Y, X, min(k, len(X)))
    cosines = forth.scores.astype(np.float64)
    around = back.scores.astype(np.float64).mean(1)  # of each row of Y
    usual = (cosines.mean(1)[:, None] + around[forth.ids]) / 2
    best = margin_of(cosines, usual, margin).argmax(1)  # the nearer one where margins are equal
    found: IdArray = forth.ids[np.arange(len(X)), best]
    return found
