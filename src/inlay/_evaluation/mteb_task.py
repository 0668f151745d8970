"""A task of Inlay as mteb runs it: any model that mteb knows is scored by Inlay's protocol on Inlay's data."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from inlay.core.extras import load
from inlay.core.values import FloatArray
from inlay.data.datasets import digest

from .suites import Planned

# folder of the protocol -> the type by which mteb groups results
_TYPES = {
    "similarity": "STS",
    "words": "STS",
    "retrieval": "Retrieval",
    "classify": "Classification",
    "cluster": "Clustering",
    "bitext": "BitextMining",
    "text_scoring": "Summarization",
}


class _FromMteb:
    """An encoder of mteb, seen as a task of Inlay sees encoders."""

    def __init__(self, model: Any, metadata: Any, split: str, subset: str, options: dict[str, Any]) -> None:
        self._model, self._metadata, self._split, self._subset = model, metadata, split, subset
        self._options = options

    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        """Encode through mteb's protocol: batches of texts, with the task's metadata and the role."""
        size = self._options.get("batch_size", 32)
        batches = [{"text": list(items[i : i + size])} for i in range(0, len(items), size)]
        types = load("mteb.types", extra="mteb").PromptType
        X = self._model.encode(
            batches,
            task_metadata=self._metadata,
            hf_split=self._split,
            hf_subset=self._subset,
            prompt_type=types.query if role == "query" else types.document,
            **self._options,
        )
        return np.asarray(X, np.float32)


def mteb_task(planned: Planned) -> Any:
    """Return a task that ``mteb.evaluate`` runs."""
    mteb = load("mteb", extra="mteb", purpose="Running a task in mteb")
    base = load("mteb.abstasks.abstask", extra="mteb").AbsTask
    columns = planned.columns()
    task = planned.task(columns)
    language = planned.language or "eng-Latn"

    def load_data(self: Any, num_proc: int | None = None, **rest: Any) -> None:
        self.dataset = {"default": {"test": columns}}
        self.data_loaded = True

    def evaluate_subset(
        self: Any, model: Any, data_split: Any, *, hf_split: str, hf_subset: str, encode_kwargs: Any, **rest: Any
    ) -> dict[str, float]:
        encoder = _FromMteb(model, self.metadata, hf_split, hf_subset, dict(encode_kwargs))
        readings = task.run(encoder)
        scores = {reading.name: reading.value for reading in readings}
        return scores | {"main_score": scores[planned.metric] if planned.metric else readings[0].value}

    def describe(self: Any, split: str, hf_subset: str | None = None, **rest: Any) -> dict[str, Any]:
        return {"num_samples": max(len(column) for column in columns.values())}

    metadata = mteb.TaskMetadata(
        name=planned.name,
        dataset={"path": f"inlay/{planned.name}", "revision": digest(columns)},
        description=f"{planned.protocol} of Inlay on {planned.name}.",
        type=_TYPES.get(planned.kind, "Classification"),
        eval_splits=["test"],
        eval_langs=[language],
        main_score=planned.metric or "main_score",
    )
    members = {
        "metadata": metadata,
        "load_data": load_data,
        "_evaluate_subset": evaluate_subset,
        "_calculate_descriptive_statistics_from_split": describe,
        "_add_main_score": lambda self, scores: None,  # the scores have it
    }
    return type(planned.name, (base,), members)()
