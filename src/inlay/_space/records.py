"""Records that a user hands over: checked, with their ready-made vectors."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from inlay.core.errors import DataError, FingerprintError, InlayError, ParameterError
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors
from inlay.data.records import Record

from .feed import Document, tidy

_PARTS = ("id", "text", "source", "start", "end")


def documents(
    records: Iterable[Record | Mapping[str, Any]], meta: Mapping[str, Any], dim: int, fingerprint: str | None
) -> Iterator[Document]:
    """Yield records with their vectors; `fingerprint` is that of the encoder that made those.

    Raises
    ------
    DataError
        If one lacks its id or its text, or has a vector that cannot be used.
    FingerprintError
        If there are vectors and `fingerprint` is not that of the space.
    """
    if isinstance(records, str | bytes | Mapping | Record):
        raise ParameterError(f"add needs a list of records, got one {type(records).__name__}; wrap it as [record].")
    for number, record in enumerate(records):
        if isinstance(record, Record):
            _check_text(record.id, record.text, number)
            yield tidy(record), None
        elif isinstance(record, Mapping):
            yield _from_mapping(record, number, meta, dim, fingerprint)
        else:
            raise DataError(f"record {number} is a {type(record).__name__}; allowed are Record and mappings.")


def _from_mapping(
    row: Mapping[str, Any], number: int, meta: Mapping[str, Any], dim: int, fingerprint: str | None
) -> Document:
    given = row.get("vector")
    name = row.get("id")
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        name = str(name)
    text = row.get("text", None if given is None else "")
    name, text = _check_text(name, text, number)
    vector = None
    if given is not None:
        if fingerprint != meta["fingerprint"]:
            raise FingerprintError(
                f"record {name!r} brings its own vector, made with the fingerprint {fingerprint}, but those of the "
                f"space have {meta['fingerprint']}. Pass fingerprint={meta['fingerprint']!r} if the same encoder made "
                "them, else leave vector out, so that the text is encoded."
            )
        vector = _vector(given, f"record {name!r}", dim)
    fields = {str(key): value for key, value in row.items() if key not in (*_PARTS, "vector")}
    start, end = row.get("start") or 0, row.get("end")
    if type(start) is not int or not isinstance(end, int | None):
        raise DataError(f"record {name!r} has start={start!r} and end={end!r}; both must be whole numbers.")
    end = len(text) + start if end is None else end
    return tidy(Record(name, text, str(row.get("source") or ""), start, end, fields)), vector


def _check_text(name: Any, text: Any, number: int) -> tuple[str, str]:
    if not isinstance(name, str) or not name:
        raise DataError(f"record {number} has the id {name!r}; give it a text that is unique in the space.")
    if not isinstance(text, str):
        raise DataError(f"record {name!r} has the text {text!r}, which is not a text; give it one.")
    return name, text


def _vector(given: Any, name: str, dim: int) -> FloatArray:
    try:
        vector: FloatArray = as_vectors(np.asarray(given)[None], "vector", dim=dim)[0]
    except (InlayError, TypeError, ValueError) as error:
        raise DataError(f"{name} has a vector that cannot be used: {error}") from error
    return vector
