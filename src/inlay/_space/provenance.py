"""What a space says of itself: how its vectors were made, and by which versions of which libraries."""

import secrets
import sys
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from inlay.core.description import Arrays, Description, class_path, describe, fitted_state, restore
from inlay.core.errors import DataError, FingerprintError
from inlay.pipeline import Pipeline

from .table import told

FORMAT = 1
_LIBRARIES = {"torch": "torch", "sentence_transformers": "sentence-transformers", "transformers": "transformers"}


def born(pipeline: Pipeline) -> dict[str, Any]:
    """Return what a new space says of itself."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return pinned({"format": FORMAT, "uid": secrets.token_hex(8), "created": now}, pipeline)


def pinned(meta: Mapping[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    """Add how the pipeline is now: an encoder may have chosen how it computes when it was first used."""
    tree = describe(pipeline).tree
    if meta.get("pipeline") == tree:
        return dict(meta)
    return {
        **meta,
        "pipeline": tree,
        "encoder": class_path(type(pipeline.encoder)),
        "fingerprint": pipeline.fingerprint(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of the libraries that have a say in the vectors or in the files."""
    names = ["inlay", "numpy", "pylance", "scikit-learn"]
    names += [name for module, name in _LIBRARIES.items() if module in sys.modules]
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # used from a source tree
            continue
    return found


def save_arrays(uri: str, pipeline: Pipeline) -> None:
    """Write what a pipeline has learned to a small table of its own; nothing where it has learned nothing."""
    arrays = {name: np.asarray(array, order="C") for name, array in describe(pipeline).arrays.items()}
    if not arrays:
        return
    rows = {
        "name": list(arrays),
        "dtype": [array.dtype.str for array in arrays.values()],
        "shape": [list(array.shape) for array in arrays.values()],
        "data": pa.array([array.tobytes() for array in arrays.values()], pa.large_binary()),
    }
    with told(uri):
        lance.write_dataset(pa.table(rows), uri, mode="overwrite")


def load(meta: Mapping[str, Any], uri: str) -> Pipeline:
    """Return the pipeline of a space; `uri` is where `save_arrays` put its arrays."""
    if meta.get("format", 0) > FORMAT:
        raise DataError(f"{uri} belongs to a space of a newer Inlay ({meta['versions']['inlay']}); upgrade to open it.")
    arrays: Arrays = {}
    try:
        found = lance.dataset(uri).to_table().to_pylist()
    except ValueError:
        found = []
    for row in found:
        arrays[row["name"]] = np.frombuffer(row["data"], row["dtype"]).reshape(row["shape"])
    pipeline = restore(Description(meta["pipeline"], arrays), object, where="the pipeline of the space")
    if not isinstance(pipeline, Pipeline):
        raise DataError(f"The space was made by a {type(pipeline).__name__}, not by a Pipeline; it is damaged.")
    return pipeline


def bare(pipeline: Pipeline) -> Pipeline:
    """Return the pipeline without the items that it may have stored."""
    return Pipeline(pipeline.encoder, tuple(pipeline.transforms), pipeline.index, tuple(pipeline.rankers))


def adopt(stored: Pipeline, given: Pipeline, meta: Mapping[str, Any]) -> Pipeline:
    """Return `given`, which may have its model loaded, with all that was settled when the space was made.

    Raises
    ------
    FingerprintError
        If `given` makes other vectors than those stored.
    """
    encoder = copy(given.encoder)
    fresh = not fitted_state(encoder)
    if type(encoder) is type(stored.encoder):
        for name, value in fitted_state(stored.encoder).items():
            setattr(encoder, name, value)
    index = stored.index if given.index is None else given.index
    same = Pipeline(encoder, given.transforms, index, given.rankers)
    present = given.fingerprint()
    if present == meta["fingerprint"] or (fresh and same.fingerprint() == meta["fingerprint"]):
        return same
    raise mismatch(meta, present, type(given.encoder).__name__)


def mismatch(meta: Mapping[str, Any], present: str, what: str) -> FingerprintError:
    """Return the error that names both fingerprints and the ways out."""
    return FingerprintError(
        f"The vectors of the space were made with the fingerprint {meta['fingerprint']} ({meta['encoder']}, "
        f"{meta['created']}), but {what} now has {present}; such vectors do not compare. Either install the very model "
        "and revision that made the space (inlay info shows them), or build the space anew at another path."
    )
