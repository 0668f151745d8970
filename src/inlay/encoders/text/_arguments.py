"""The arguments of an encoding, checked."""

from collections.abc import Mapping, Sequence
from typing import Any

from inlay.core.errors import ParameterError, UnsupportedError


def check_texts(items: Sequence[Any]) -> list[str]:
    """Return `items` as a list, all of whose items are texts."""
    if isinstance(items, str | bytes):
        raise ParameterError(f"encode needs a list of texts, got one {type(items).__name__}; wrap it as [text].")
    texts = list(items)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ParameterError(f"encode needs a list of texts, but item {i} is of type {type(text).__name__}.")
    return texts


def prompt_for(
    prompts: Mapping[str, str], default: str | None, role: str, name: str | None = None, prompt: str | None = None
) -> str:
    """Return what goes before each text, as sentence-transformers decides it."""
    if role not in ("document", "query"):
        raise ParameterError(f"role must be 'document' or 'query', got {role!r}.")
    if prompt is not None:
        return prompt
    if name is not None:
        if name not in prompts:
            known = ", ".join(map(repr, prompts)) or "none"
            raise ParameterError(f"There is no prompt {name!r}; the prompts are: {known}.")
        return prompts[name]
    for key in ("query",) if role == "query" else ("document", "passage", "corpus"):
        if key in prompts:
            return prompts[key]
    return prompts.get(default or "", "")


def refuse_unsupported(output_value: str, precision: str, convert_to_numpy: bool, convert_to_tensor: bool) -> None:
    """Refuse results that are not one array of float32, naming the way to get them."""
    if output_value != "sentence_embedding":
        raise UnsupportedError(
            f"output_value must be 'sentence_embedding', got {output_value!r}; for the vectors of single tokens use "
            "SentenceTransformer.encode."
        )
    if precision != "float32":
        raise UnsupportedError(
            f"precision must be 'float32', got {precision!r}; quantise the vectors afterwards, with a transform or "
            "with sentence_transformers.util.quantize_embeddings."
        )
    if convert_to_tensor or not convert_to_numpy:
        raise UnsupportedError(
            "encode returns a numpy array; leave convert_to_tensor and convert_to_numpy at their defaults, and use "
            "torch.from_numpy for a tensor."
        )
