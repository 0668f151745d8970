"""Dense regions by HDBSCAN of scikit-learn."""

import numpy as np
from sklearn.cluster import HDBSCAN

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import FloatArray, IdArray


def dense(X: FloatArray, min_cluster_size: int, min_samples: int | None, selection: str) -> IdArray:
    """Return the dense region of each row, -1 for noise; where there is none, all rows are of one.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.
    ShapeError
        If there is one row only.
    """
    if min_cluster_size < 2:
        raise ParameterError(f"min_cluster_size must be at least 2, got {min_cluster_size}.")
    if min_samples is not None and min_samples < 1:
        raise ParameterError(f"min_samples must be at least 1, or None for min_cluster_size, got {min_samples}.")
    if selection not in ("eom", "leaf"):
        raise ParameterError(f'selection must be "eom" or "leaf", got {selection!r}.')
    if len(X) < 2:
        raise ShapeError("n_samples=1, and dense regions need two rows or more.")
    found = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min(len(X), min_samples or min_cluster_size),
        cluster_selection_method=selection,
        copy=True,
    ).fit(X)
    labels = np.asarray(found.labels_, np.int64)
    return labels if labels.max() >= 0 else np.zeros(len(X), np.int64)
