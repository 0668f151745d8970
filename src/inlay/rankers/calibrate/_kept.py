"""Which places hold a hit, and the hits that are kept."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.errors import ShapeError
from inlay.core.values import FloatArray, Hits


def there(hits: Hits) -> NDArray[np.bool_]:
    """Return (n queries, k) which places hold a hit; a score of -inf is none."""
    if np.isposinf(hits.scores).any():
        raise ShapeError("A hit has an infinite score; scores must be finite.")
    real: NDArray[np.bool_] = (hits.ids >= 0) & (hits.scores > -np.inf)
    return real


def kept(hits: Hits, keep: NDArray[np.bool_], scores: ArrayLike | None = None) -> Hits:
    """Return the hits to be kept, by `scores` where they are new, equal ones by their place; what is left is empty."""
    found: FloatArray = hits.scores if scores is None else np.asarray(scores, np.float32)
    order = np.lexsort((-np.where(keep, found, 0), ~keep))
    ids = np.where(keep, hits.ids, -1)
    return Hits(np.take_along_axis(ids, order, 1), np.take_along_axis(np.where(keep, found, -np.inf), order, 1))
