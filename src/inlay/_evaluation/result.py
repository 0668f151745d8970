"""Result: what one encoder reached on one task, and how it lies on disk."""

import json
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors import numpy as safetensors

from inlay.core.errors import DataError
from inlay.core.resampling import with_interval
from inlay.core.sample import Sample
from inlay.core.values import Reading

FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one encoder reached on one task.

    Parameters
    ----------
    task : the name of the task.
    kind : what kind of task it is, such as ``"similarity"`` or ``"retrieval"``.
    model : the name of the encoder.
    readings : the main score first.
    provenance : fingerprint, data hash, parameters of the protocol, versions, seconds, bytes of vectors.
    language, domain : what the texts are of.
    """

    task: str
    kind: str
    model: str
    readings: tuple[Reading, ...]
    provenance: Mapping[str, Any]
    language: str = ""
    domain: str = ""

    @property
    def main(self) -> Reading:
        """The main score."""
        return self.readings[0]

    def with_intervals(self, *, n_resamples: int = 2_000, random_state: int = 0) -> "Result":
        """Return the result with a 95 % bootstrap interval in every reading that has a sample."""
        readings = (with_interval(r, n_resamples=n_resamples, random_state=random_state) for r in self.readings)
        return replace(self, readings=tuple(readings))


def place(folder: Path, model: str, fingerprint: str, task: str) -> Path:
    """Return the JSON file of a result, laid out as MTEB does: model, revision, task."""
    return folder / _safe(model) / fingerprint / f"{_safe(task)}.json"


def _safe(name: str) -> str:
    """Return a name that is one part of a path, whatever is in it."""
    return re.sub(r"[^\w.-]+", "_", name).strip(".") or "_"


def write(result: Result, file: Path) -> None:
    """Write a result as MTEB's JSON, and what is known of each item beside it; whole or not at all."""
    columns: dict[str, Any] = {}
    entries = []
    for i, reading in enumerate(result.readings):
        entry = {"name": reading.name, "value": _number(reading.value), "n": reading.n, "unit": reading.unit}
        entry["better"] = reading.better
        if reading.sample is not None:
            entry["statistic"] = reading.sample.statistic
            columns |= {f"{i}.{j}": column for j, column in enumerate(reading.sample.columns)}
        entries.append(entry)
    # What is not defined, such as the correlation of equal numbers, is left out where mteb looks.
    scores = {reading.name: reading.value for reading in result.readings if math.isfinite(reading.value)}
    head = {
        "dataset_revision": result.provenance["data"],
        "task_name": result.task,
        "mteb_version": None,
        "scores": {
            "test": [
                {
                    **scores,
                    "main_score": _number(result.main.value),
                    "hf_subset": "default",
                    "languages": [result.language or "eng-Latn"],
                }
            ]
        },
        "evaluation_time": result.provenance["seconds"],
        "kg_co2_emissions": None,
        "inlay": {
            "format": FORMAT,
            "model": result.model,
            "kind": result.kind,
            "domain": result.domain,
            "language": result.language,
            "readings": entries,
            "provenance": dict(result.provenance),
        },
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    mark = secrets.token_hex(4)
    # The samples first: the JSON is what makes a result count, and names the samples that belong to it.
    if columns:
        head["inlay"]["samples"] = f"{file.stem}.{mark}.safetensors"
        part = file.with_name(f"{file.stem}.{mark}.part")
        safetensors.save_file(columns, part)
        part.replace(file.with_name(head["inlay"]["samples"]))
    part = file.with_name(f"{file.name}.{mark}.part")
    part.write_text(json.dumps(head, indent=1, ensure_ascii=False, allow_nan=False), "utf-8")
    part.replace(file)
    for old in file.parent.glob(f"{file.stem}.????????.safetensors"):
        if old.name != head["inlay"].get("samples"):
            old.unlink()


def read(file: Path) -> Result | None:
    """Read a result; None where there is none, or one of another format.

    Raises
    ------
    DataError
        If the file is damaged; it is named.
    """
    try:
        head = json.loads(file.read_text("utf-8"))
        own = head.get("inlay", {})
        if own.get("format") != FORMAT:
            return None
        name = own.get("samples")
        if name is not None and Path(name).name != name:
            raise ValueError(f"its samples lie outside of the folder, at {name}")
        columns = safetensors.load_file(file.with_name(name)) if name else {}
        readings = tuple(_reading(i, entry, columns) for i, entry in enumerate(own["readings"]))
        return Result(
            head["task_name"], own["kind"], own["model"], readings, own["provenance"], own["language"], own["domain"]
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise DataError(f"{file} is damaged: {error}; remove it, and the task is run again.") from error


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON knows no other


def _reading(i: int, entry: Mapping[str, Any], columns: Mapping[str, Any]) -> Reading:
    sample = None
    if "statistic" in entry:
        own = [columns[f"{i}.{j}"] for j in range(len(columns)) if f"{i}.{j}" in columns]
        sample = Sample(entry["statistic"], tuple(own))
    value = float("nan") if entry["value"] is None else entry["value"]
    return Reading(entry["name"], value, entry["n"], unit=entry["unit"], better=entry["better"], sample=sample)
