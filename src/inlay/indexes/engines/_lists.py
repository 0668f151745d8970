"""What LanceIVFPQ stores: the dataset with its table, and the centroids of its lists and codes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from inlay.core.errors import DataError, InlayError
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize

MARK = b"inlay index"  # in the metadata of the schema: the hash of what is stored, "1" from before there was one
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


def table(X: FloatArray, first: int, mark: str) -> Any:
    """Return rows as Lance stores them, numbered from `first` on."""
    import pyarrow as pa

    column = pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(X)), X.shape[1])
    rows = pa.table({"id": pa.array(np.arange(first, first + len(X))), "vector": column})
    return rows.replace_schema_metadata({MARK: mark})


@contextmanager
def told(path: str) -> Iterator[None]:
    """Say what went wrong, and where."""
    try:
        yield
    except InlayError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"{path} cannot be read or written: {str(error).partition(', /')[0][:300]}. What was stored before is "
            "kept, unless its files were deleted; then fit the index again."
        ) from error


def is_ours(path: str) -> bool:
    """Tell whether there is a dataset that an index made; refuse anything else that is there."""
    import lance

    try:
        found = lance.dataset(path)
    except ValueError as error:
        folder = None if "://" in path else Path(path)
        if "not found" not in str(error).lower() or (folder and folder.exists() and any(folder.iterdir())):
            raise DataError(f"{path} holds something else than a dataset; choose another path.") from error
        return False
    if MARK not in (found.schema.metadata or {}):
        raise DataError(f"{path} is a dataset that no index made, and is left alone; choose another path.")
    return True


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
