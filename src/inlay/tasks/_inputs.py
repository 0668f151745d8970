"""What tasks share: columns that are checked, and vectors of items that are encoded once."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encodes
from inlay.core.errors import DataError, ParameterError
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import as_vectors, normalize
from inlay.data.datasets import Columns, load


def columns(data: Any, *names: str, task: str) -> Columns:
    """Load a data set and see that it has these columns, all of one length and not empty."""
    found = load(data)
    missing = [name for name in names if name not in found]
    if missing:
        raise DataError(f"{task} needs the columns {', '.join(names)}; the data set has {', '.join(map(str, found))}.")
    lengths = {name: len(found[name]) for name in names}
    if len(set(lengths.values())) > 1 or not min(lengths.values()):
        raise DataError(f"{task} needs columns of one length, at least 1, got {lengths}.")
    return found


def numbers(found: Columns, name: str, *, task: str) -> NDArray[np.float64]:
    """Return a column as (n,) float64, all finite."""
    try:
        column = np.asarray(found[name], np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{task} needs numbers in the column {name}: {error}.") from error
    bad = np.flatnonzero(~np.isfinite(column))
    if bad.size:
        raise DataError(f"{task} needs finite numbers in the column {name}; row {bad[0]} has {column[bad[0]]}.")
    return column


def zeros_and_ones(found: Columns, name: str, *, task: str) -> NDArray[np.float64]:
    """Return a column of zeros and ones, both of which have to occur, as (n,) float64."""
    column = numbers(found, name, task=task)
    if set(np.unique(column)) != {0.0, 1.0}:
        raise DataError(f"{task} needs zeros and ones in the column {name}, both of them; got {np.unique(column)[:5]}.")
    return column


def numbered(labels: Sequence[Any], *, task: str) -> tuple[IdArray, list[Any]]:
    """Return the place of each label among all in order, (n,), and these, which have to be two at least."""
    plain = [one.item() if isinstance(one, np.generic) else one for one in labels]
    kinds = {str if isinstance(one, str) else float for one in plain}
    if len(kinds) > 1 or not all(isinstance(one, Hashable) and one == one and one is not None for one in plain):
        raise DataError(f"{task} needs labels that are all texts or all numbers, one for each text; got {plain[:5]}.")
    classes = sorted(set(plain))
    if len(classes) < 2:
        raise DataError(f"{task} needs two labels at least, got only {classes}.")
    place = {label: i for i, label in enumerate(classes)}
    return np.array([place[one] for one in plain], np.int64), classes


def check_seed(random_state: int) -> None:
    """Raise a ParameterError for what numpy does not take as a seed."""
    if not 0 <= random_state < 2**32:
        raise ParameterError(f"random_state must be from 0 to 2**32 - 1, got {random_state}.")


def vectors(encoder: Encodes, items: Sequence[Any], *, role: str = "document") -> FloatArray:
    """Encode each distinct item once; (n, d) float32."""
    known: object = encoder  # a text has a method of that name too
    if isinstance(known, str) or not isinstance(known, Encodes):
        raise ParameterError(
            f"run needs an encoder or a pipeline, got {type(encoder).__name__}; for the name of a model, "
            "take inlay.evaluate."
        )
    distinct = {item: i for i, item in enumerate(dict.fromkeys(items))}
    X = as_vectors(encoder.encode(list(distinct), role=role), "the vectors of the encoder")
    if len(X) != len(distinct):
        raise DataError(f"The encoder made {len(X)} vectors of {len(distinct)} items.")
    return X[[distinct[item] for item in items]]


def pair_vectors(encoder: Encodes, left: Sequence[Any], right: Sequence[Any]) -> tuple[FloatArray, FloatArray]:
    """Encode both sides of pairs together, since the same text may stand on both."""
    both = vectors(encoder, [*left, *right])
    return both[: len(left)], both[len(left) :]


def _cosine(X: FloatArray, Y: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nd,nd->n", normalize(X), normalize(Y)))


def _dot(X: FloatArray, Y: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("nd,nd->n", X, Y))


def _euclidean(X: FloatArray, Y: FloatArray) -> FloatArray:
    return np.asarray(-np.linalg.norm(X - Y, axis=1))


def _manhattan(X: FloatArray, Y: FloatArray) -> FloatArray:
    return np.asarray(-np.abs(X - Y).sum(axis=1))


# How alike two vectors are, row by row, larger is more alike; the first is the main one.
SIMILARITIES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "cosine": _cosine,
    "dot": _dot,
    "euclidean": _euclidean,
    "manhattan": _manhattan,
}
