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


def born() -> dict[str, Any]:
    """Return what a new space says of itself before its pipeline is pinned."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"format": FORMAT, "uid": secrets.token_hex(8), "created": now}


def pinned(meta: Mapping[str, Any], pipeline: Pipeline, uri: str) -> dict[str, Any]:
    """Add how the pipeline is now; what it has learned is written to `uri` first, as a version that is named.

    Until a commit holds what is returned, the space goes on with the version that it named before.
    """
    described = describe(pipeline)
    return {
        **meta,
        "pipeline": described.tree,
        "arrays": _save(uri, described.arrays),
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


def has_settled(meta: Mapping[str, Any], pipeline: Pipeline) -> bool:
    """Tell whether an encoder chose how it computes when it was first used, after it was pinned.

    The index and the rankers do not count: another process may have named others since `pipeline` was loaded.
    """
    now, then = (tree["$method"]["params"] for tree in (describe(pipeline).tree, meta["pipeline"]))
    return any(now[part] != then[part] for part in ("encoder", "transforms"))


def _save(uri: str, arrays: Arrays) -> int | None:
    """Write arrays to a small table of its own and return its version; None where there are none."""
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    if not arrays:
        return None
    rows = {
        "name": list(arrays),
        "dtype": [array.dtype.str for array in arrays.values()],
        "shape": [list(array.shape) for array in arrays.values()],
        "data": pa.array([array.tobytes() for array in arrays.values()], pa.large_binary()),
    }
    with told(uri):
        return int(lance.write_dataset(pa.table(rows), uri, mode="overwrite").version)


def load(meta: Mapping[str, Any], uri: str) -> Pipeline:
    """Return the pipeline of a space; `uri` is where `pinned` put its arrays."""
    if meta.get("format", 0) > FORMAT:
        raise DataError(f"{uri} belongs to a space of a newer Inlay ({meta['versions']['inlay']}); upgrade to open it.")
    arrays = _read(uri, meta.get("arrays")) if meta.get("arrays", 0) is not None else {}
    pipeline = restore(Description(meta["pipeline"], arrays), object, where="the pipeline of the space")
    if not isinstance(pipeline, Pipeline):
        raise DataError(f"The space was made by a {type(pipeline).__name__}, not by a Pipeline; it is damaged.")
    return pipeline


def _read(uri: str, number: int | None) -> Arrays:
    """Read one version of the arrays; None is the newest, for a space that was made before versions were named."""
    try:
        with told(uri):
            found = lance.dataset(uri, version=number).to_table().to_pylist()
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        found = []  # there are none; where the pipeline needs some, it cannot be restored
    return {row["name"]: np.frombuffer(row["data"], row["dtype"]).reshape(row["shape"]) for row in found}


def bare(pipeline: Pipeline) -> Pipeline:
    """Return the pipeline without the items that it may have stored."""
    return Pipeline(pipeline.encoder, tuple(pipeline.transforms), pipeline.index, tuple(pipeline.rankers))


def adopt(stored: Pipeline, given: Pipeline, meta: Mapping[str, Any], uri: str) -> tuple[Pipeline, dict[str, Any]]:
    """Return `given`, which may have its model loaded, with all that was settled when the space was made.

    What `given` does not name, an index or rankers, is that of the space. Beside it stands what the space says of
    itself from now on, pinned at `uri` where it is no more the same.

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
    same = Pipeline(encoder, given.transforms, index, given.rankers or stored.rankers)
    present = given.fingerprint()
    if present == meta["fingerprint"] or (fresh and same.fingerprint() == meta["fingerprint"]):
        changed = describe(same).digest() != describe(stored).digest()
        return same, pinned(meta, same, uri) if changed else dict(meta)
    raise mismatch(meta, present, type(given.encoder).__name__)


def mismatch(meta: Mapping[str, Any], present: str, what: str) -> FingerprintError:
    """Return the error that names both fingerprints and the ways out."""
    return FingerprintError(
        f"The vectors of the space were made with the fingerprint {meta['fingerprint']} ({meta['encoder']}, "
        f"{meta['created']}), but {what} now has {present}; such vectors do not compare. Either install the very model "
        "and revision that made the space (inlay info shows them), or build the space anew at another path."
    )
