"""What a space tells about itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from inlay.pipeline import Pipeline

from .ledger import Ledger
from .place import Place
from .view import MISSING, View

MANY = 100  # sources that are named one by one


def facts(view: View, place: Place, pipeline: Pipeline) -> dict[str, Any]:
    """Return the facts as values that JSON can hold."""
    table, meta = view.table, view.table.meta
    rows = table.read(["document", "tokens", "tokens_lost", "source_file"])
    own = pc.sum(rows["document"].is_null().cast("int64")).as_py() or 0
    cut = rows.filter(pc.greater(rows["tokens_lost"], 0))
    files = rows["source_file"].unique().to_pylist()
    ledger = Ledger(place.sources, meta["uid"])
    known = {name: ledger.get(name, table.version) for name in files if name}
    vector = table.schema.field("vector").type
    return {
        "path": place.root,
        "passages": len(rows),
        "documents": own + len(rows["document"].drop_null().unique()),
        "fields": {name: str(kind) for name, kind in table.fields.items()},
        "vectors": {"dim": vector.list_size, "dtype": _dtype(vector), "fingerprint": meta["fingerprint"]},
        "encoder": {"class": meta["encoder"], "parameters": _texts(pipeline.encoder.get_params(deep=False))},
        "index": _index(view),
        "words": table.has_words,
        "compression": meta.get("compression"),
        "transforms": [repr(transform) for transform in pipeline.transforms],
        "truncation": {
            "tokens": pc.sum(rows["tokens"]).as_py() or 0,
            "tokens_lost": pc.sum(rows["tokens_lost"]).as_py() or 0,
            "documents_touched": len(cut["document"].drop_null().unique()) + cut["document"].null_count,
        },
        "sources": len(known),
        "source_hashes": {name: entry.digest for name, entry in list(known.items())[:MANY] if entry},
        "created": meta["created"],
        "versions": meta["versions"],
        "version": table.version,
        "bytes": _size(place.folder, place.index(meta["uid"])),
    }


def _index(view: View) -> dict[str, Any]:
    """Say which index answers, and why that one."""
    saved, vectors = view.saved(), len(view.addresses)
    if saved is None:
        why = MISSING if view.needs_index else f"so few vectors ({vectors:,}) are all compared"
        return {"kind": "Exact", "why": why, "missing": view.needs_index}
    kind = type(saved.index).__name__
    choice = getattr(saved.index, "choice_", {"index": kind, "why": f"the pipeline names {saved.index!r}"})
    return {"kind": choice["index"], "why": choice["why"], "missing": False}


def _dtype(vector: Any) -> str:
    return str(np.dtype(vector.value_type.to_pandas_dtype()))


def _texts(parameters: dict[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, str | int | float | bool | None) else str(v) for k, v in parameters.items()}


def _size(folder: Path | None, index: Path) -> dict[str, int]:
    """Return the bytes of the parts that lie in a folder."""
    parts = {"index": index}
    if folder is not None:
        parts = {"records": folder / "records.lance", "sources": folder / "sources.lance", **parts}
    return {name: _bytes(part) for name, part in parts.items() if part.exists()}


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
