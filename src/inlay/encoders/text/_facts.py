"""What a model is: read from its folder where every word of that is understood, else asked of sentence-transformers.

Importing sentence-transformers takes several seconds and half a gigabyte, which a single query should not have to
wait for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

_LEARNED = (".weight", ".bias")
State = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Bert:
    """A transformer, mean or first token, as `LeanBert` knows it.

    Parameters
    ----------
    config : of the transformer.
    state : gives its weights by name, torch tensors.
    pooling : ``"mean"`` or ``"cls"``.
    """

    config: Mapping[str, Any]
    state: State
    pooling: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model beside its weights.

    Parameters
    ----------
    dim : of its vectors.
    limit : the most tokens of a text, special ones counted; None for no limit.
    prompts : by name, those that are not empty.
    default_prompt : the name of the one that is used where none is named.
    unit : whether it scales vectors to length one.
    similarity : the name of the function that compares its vectors.
    tokenizer : of transformers or of tokenizers.
    bert : None where it has another shape.
    """

    dim: int
    limit: int | None
    prompts: dict[str, str]
    default_prompt: str | None
    unit: bool
    similarity: str
    tokenizer: Any
    bert: Bert | None


def of_model(model: Any) -> Facts:
    """Return what a SentenceTransformer tells of itself."""
    own = getattr(model, "max_seq_length", None)
    return Facts(
        dim=int(model.encode(["a"], show_progress_bar=False).shape[1]),
        limit=None if own is None or not np.isfinite(own) else int(own),
        prompts={name: text for name, text in model.prompts.items() if text},
        default_prompt=model.default_prompt_name,
        unit=type(model[-1]).__name__ == "Normalize",
        similarity=str(model.similarity_fn_name),
        tokenizer=model.tokenizer,
        bert=_bert_of(model),
    )


def _bert_of(model: Any) -> Bert | None:
    if model.device.type != "cpu" or not 2 <= len(model) <= 3:
        return None
    names = [type(module).__name__ for module in model]
    if names[:2] != ["Transformer", "Pooling"] or names[2:] not in ([], ["Normalize"]):
        return None
    inner: Any = getattr(model[0], "model", None) or getattr(model[0], "auto_model", None)
    pooling, config = model[1], getattr(inner, "config", None)
    mode = getattr(pooling, "pooling_mode", None) or pooling.get_pooling_mode_str()
    if config is None or mode not in ("mean", "cls") or not getattr(pooling, "include_prompt", True):
        return None
    if any(p.dtype.itemsize != 4 for p in inner.parameters()):
        return None
    return Bert(config.to_dict(), lambda: {k: v.detach() for k, v in inner.state_dict().items()}, mode)


def of_folder(folder: Path) -> Facts | None:
    """Return what the files of a BERT-shaped model say; None where they say anything that is not known here."""
    try:
        names, paths = _modules(folder)
        if names not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
            return None
        inner = folder / paths[0]
        config, tokens = _json(inner / "config.json"), _json(inner / "tokenizer_config.json")
        outer = _json(folder / "config_sentence_transformers.json")
        sentence = _json(inner / "sentence_bert_config.json")
        pooling = _pooling(_json(folder / paths[1] / "config.json"))
        weights = inner / "model.safetensors"
        if pooling is None or not _is_plain(config, tokens, sentence, outer):
            return None
        if not _has_weights(weights, config["num_hidden_layers"]):
            return None
        tokenizer = _tokenizer(inner / "tokenizer.json", tokens)
        if tokenizer is None:
            return None
        own = sentence.get("max_seq_length")
        limit = min(config["max_position_embeddings"], tokens["model_max_length"]) if own is None else own
        return Facts(
            dim=int(config["hidden_size"]),
            limit=int(limit),
            prompts={name: text for name, text in (outer.get("prompts") or {}).items() if text},
            default_prompt=outer.get("default_prompt_name"),
            unit=names[-1] == "Normalize",
            similarity=outer.get("similarity_fn_name") or "cosine",
            tokenizer=tokenizer,
            bert=Bert(config, lambda: _weights(weights), pooling),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError):
        return None  # sentence-transformers says what is wrong with it, or knows better


def _json(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}


def _modules(folder: Path) -> tuple[list[str], list[str]]:
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    known = all(
        module["type"].startswith("sentence_transformers.") and set(module) <= {"idx", "name", "path", "type"}
        for module in modules
    )
    names = [module["type"].rpartition(".")[2] if known else "" for module in modules]
    return names, [module["path"] for module in modules]


def _pooling(config: Mapping[str, Any]) -> str | None:
    """Return ``"mean"`` or ``"cls"``, from either way that this has been written in; None for all else."""
    if not config.get("include_prompt", True):
        return None
    old = {"cls": "pooling_mode_cls_token", "mean": "pooling_mode_mean_tokens"}
    on = {name for name, value in config.items() if name.startswith("pooling_mode_") and value}
    for mode, name in old.items():
        if config.get("pooling_mode") == mode or ("pooling_mode" not in config and on == {name}):
            return mode
    return None


def _is_plain(
    config: Mapping[str, Any], tokens: Mapping[str, Any], sentence: Mapping[str, Any], outer: Mapping[str, Any]
) -> bool:
    """Whether nothing is asked for that changes the result, beyond what is read here."""
    if not set(sentence) <= {"max_seq_length", "do_lower_case", *_FEATURES} or sentence.get("do_lower_case"):
        return False
    return (
        config["model_type"] == "bert"
        and outer.get("model_type", "SentenceTransformer") == "SentenceTransformer"
        and all(sentence.get(name, value) == value for name, value in _FEATURES.items())
        and config.get("dtype", config.get("torch_dtype")) in (None, "float32")
        and not {"auto_map", "quantization_config", "pruned_heads"} & {k for k, v in config.items() if v}
        and tokens.get("truncation_side", "right") == "right"
    )


_FEATURES: dict[str, Any] = {  # what newer releases write for a plain transformer
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}


def _tokenizer(file: Path, config: Mapping[str, Any]) -> Any:
    """Return the tokenizer; None where transformers would not take it as it is."""
    from tokenizers import Tokenizer

    parts = _json(file)
    expected = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": config.get("tokenize_chinese_chars", True),
        "strip_accents": config.get("strip_accents"),
        "lowercase": config.get("do_lower_case", True),
    }
    plain = (
        config.get("tokenizer_class") in ("BertTokenizer", "BertTokenizerFast")
        and parts["normalizer"] == expected
        and parts["pre_tokenizer"] == {"type": "BertPreTokenizer"}
        and parts["model"]["type"] == "WordPiece"
        and parts["post_processor"]["type"] in ("TemplateProcessing", "BertProcessing")
    )
    return Tokenizer.from_file(str(file)) if plain else None


def _weights(file: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name.removeprefix("bert."): weight for name, weight in load_file(file).items()}


def _has_weights(file: Path, layers: int) -> bool:
    """Whether the file has the weights of a BERT of that many layers, under today's names and in float32."""
    if not file.is_file():
        return False
    with safe_open(file, "np") as weights:
        kinds = {name.removeprefix("bert."): weights.get_slice(name).get_dtype() for name in weights.keys()}  # noqa: SIM118
    needed = {"embeddings.LayerNorm.weight", f"encoder.layer.{layers - 1}.output.LayerNorm.weight"}
    return needed <= set(kinds) and all(kind == "F32" for name, kind in kinds.items() if name.endswith(_LEARNED))
