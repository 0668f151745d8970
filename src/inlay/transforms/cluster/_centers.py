"""What clusterers share whose clusters are directions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Transform
from inlay.core.errors import DataError
from inlay.core.validation import validated
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize

from ._class_tf_idf import class_tf_idf


def means(X: FloatArray, labels: IdArray, n: int) -> FloatArray:
    """Return the mean of the rows of each of `n` labels; negative labels are left out, empty ones have zeros.

    Examples
    --------
    >>> means(np.float32([[1, 0], [3, 0], [9, 9]]), np.array([0, 0, -1]), 1).tolist()
    [[2.0, 0.0]]
    """
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], 0) :]
    counts = np.bincount(labels[order], minlength=n)
    out = np.zeros((n, X.shape[1]))
    filled = counts > 0
    starts = (np.cumsum(counts) - counts)[filled]
    if len(order):
        out[filled] = np.add.reduceat(X[order], starts, axis=0, dtype=np.float64) / counts[filled, None]
    return np.asarray(out, np.float32)


class Centers(Transform):
    """Clusters with a centre each: memberships are cosines to the centres.

    A subclass fits ``centers_``, (n_clusters, d) of length one, and ``labels_``, one for each row of the fit.
    """

    centers_: FloatArray
    labels_: IdArray

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the cosine of each row of (n, d) vectors to each centre, (n, n_clusters) float32.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` does not have the columns of `fit` or is not finite.
        """
        self._check_fitted()
        cosines: FloatArray = normalize(validated(self, X, fit=False)) @ self.centers_.T
        return cosines

    def label(self, texts: Sequence[str], n_words: int = 10) -> list[list[str]]:
        """Name each cluster by the `n_words` words that tell its texts from those of the others, best first.

        The words are those of the largest c-TF-IDF of Grootendorst (2022); texts of noise are left out.

        Parameters
        ----------
        texts : the texts whose vectors were fitted, in the same order.
        n_words : at least 1.

        Raises
        ------
        DataError
            If there is not one text for each row of `fit`, or no words are in them.
        """
        self._check_fitted()
        if len(texts) != len(self.labels_):
            raise DataError(f"texts has {len(texts)} rows, but {len(self.labels_)} were fitted; give one for each.")
        return class_tf_idf(texts, self.labels_, len(self.centers_), n_words)
