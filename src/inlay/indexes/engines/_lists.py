"""What LanceIVFPQ stores: the table, and the centroids of its lists and codes."""

import warnings
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize

MARK = b"inlay index"
CODES = 256  # of a part of a vector: one byte
PER_LIST, PER_CODE = 64, 64  # rows from which a list, or a code, is learned


def learn(X: FloatArray, n_lists: int, parts: int, random_state: int) -> tuple[FloatArray, FloatArray]:
    """Return the centroids of the lists, (n_lists, d), and those of the parts of vectors, (parts, 256, d / parts)."""
    rng = np.random.default_rng(random_state)
    sample = X[np.sort(rng.permutation(len(X))[: PER_LIST * n_lists])]
    # Lance puts a row into the list whose centroid has the largest product with it: their lengths must not count.
    lists = normalize(_k_means(sample, n_lists, random_state))
    sample = X[np.sort(rng.permutation(len(X))[: PER_CODE * CODES])]
    pieces = np.split(sample, parts, axis=1)
    return lists, np.stack([_k_means(np.ascontiguousarray(piece), CODES, random_state) for piece in pieces])


def table(X: FloatArray, first: int) -> Any:
    """Return rows as Lance stores them, numbered from `first` on."""
    import pyarrow as pa

    column = pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(X)), X.shape[1])
    rows = pa.table({"id": pa.array(np.arange(first, first + len(X))), "vector": column})
    return rows.replace_schema_metadata({MARK: b"1"})


def vectors(rows: Any, dim: int) -> FloatArray:
    """Return the vectors of rows that were read."""
    column = rows["vector"].combine_chunks()
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(-1, dim)


def among(rows: IdArray) -> str:
    """Return the condition that a row is one of these."""
    return f"id IN ({','.join(map(str, rows.tolist()))})"


def _k_means(X: FloatArray, n: int, random_state: int) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fewer different rows than centroids
        found = KMeans(n, n_init=1, max_iter=10, random_state=random_state).fit(X)
    return np.asarray(found.cluster_centers_, np.float32)
