"""A model in memory, shared by all encoders that name it, with its tokenizer and its engines."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inlay.core.contracts import Progress
from inlay.core.errors import DataError, ParameterError, UnsupportedError
from inlay.core.extras import load
from inlay.core.values import Encoded, FloatArray, IdArray, Ragged

from ._engines import LEAN, TORCH, Engine, Layers, Lean, Settings, Torch, choose, has_bfloat16
from ._facts import of_folder, of_model
from ._lean import LeanBert
from ._tokens import Tokenizer, Tokens

_TOKEN_BATCH = 64  # texts whose tokens are computed at once
_WINDOW = 16_384  # texts that are sorted together; bounds the memory that tokens take
_LONGEST = 2**31 - 1


class Loaded:
    """A sentence-transformers model, its tokenizer, and the engines that were asked for.

    Parameters
    ----------
    folder : of the model.
    device : None takes a GPU where there is one.
    max_length : the most tokens of a text; None is the model's own limit.
    """

    def __init__(self, folder: Path, device: str | None, max_length: int | None) -> None:
        self.folder, self._max_length = folder, max_length
        gpu = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        self._device = device or (gpu.type if gpu else None)
        known = of_folder(folder) if self._device in (None, "cpu") else None
        self._is_read = known is not None
        self.facts = known or of_model(self.model)
        limit = self.facts.limit
        if max_length is not None:
            if limit is not None and max_length > limit:
                raise ParameterError(f"max_length must be at most {limit}, the limit of the model, got {max_length}.")
            limit = max_length
        self.tokenizer = Tokenizer(self.facts.tokenizer, limit)
        if limit is not None and limit <= self.tokenizer.specials:
            raise ParameterError(
                f"max_length must be above {self.tokenizer.specials}, the special tokens, got {limit}."
            )
        self._engines: dict[str, Engine | None] = {}
        self._lock = threading.Lock()
        self._fastest: str | None = None

    @cached_property
    def model(self) -> Any:
        """The model of sentence-transformers, loaded when something needs it."""
        library = load("sentence_transformers", extra="text", purpose="TextEncoder")
        logging = load("transformers.utils", extra="text").logging
        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # a model on disk is loaded in no time
        try:
            model = library.SentenceTransformer(str(self.folder), device=self._device, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"{self.folder} cannot be loaded as a sentence-transformers model: {error}") from error
        finally:
            if shown:
                logging.enable_progress_bar()
        model.eval()
        if self._max_length is not None and self._max_length <= (model.max_seq_length or self._max_length):
            model.max_seq_length = self._max_length
        return model

    def prompts(self, given: Mapping[str, str] | None) -> dict[str, str]:
        """Return the prompts: those `given`, else those of the model."""
        return self.facts.prompts if given is None else dict(given)

    def room(self, prompt: str) -> int:
        """Return how many tokens of a text the model sees after `prompt`."""
        if self.tokenizer.limit is None:
            return _LONGEST
        used = int(self.tokenizer([prompt]).whole[0]) if prompt else 0
        return max(1, self.tokenizer.limit - self.tokenizer.specials - used)

    def similarities(self) -> Any:
        """Return the functions of sentence-transformers that compare vectors: all pairs, and row by row."""
        names = load("sentence_transformers", extra="text", purpose="Comparing as the model does").SimilarityFunction
        name = self.facts.similarity
        return names.to_similarity_fn(name), names.to_similarity_pairwise_fn(name)

    def engine(self, name: str) -> Engine | None:
        """Return the engine of that name, made once; None where it cannot compute this model."""
        if name not in self._engines:
            self._engines[name] = self._made(name)
        return self._engines[name]

    def _made(self, name: str) -> Engine | None:
        dtype = torch.float32 if name.endswith("float32") else torch.bfloat16
        if name.startswith("torch"):
            return Torch(self.model, dtype)
        bert = self.facts.bert
        if bert is None or not LeanBert.supports(bert.config) or not self.tokenizer.cuts_on_the_right:
            return None
        # A processor without bfloat16 computes what was chosen elsewhere in float32, which is the more exact.
        return Lean(LeanBert(bert, dtype if has_bfloat16("cpu") else torch.float32))

    def fastest(self) -> str:
        """Return the name of the engine that won the measurement, which is made once."""
        with self._lock:
            if self._fastest is None:
                # Where the folder was understood, the packed pass in float32 is what sentence-transformers computes.
                names = LEAN if self._is_read and self.engine(LEAN[0]) else (TORCH[0], *LEAN, TORCH[1])
                device = "cpu" if names == LEAN else self.model.device.type
                self._fastest = choose(names, self.engine, self.tokenizer, device)
                for name in [name for name in self._engines if name != self._fastest]:
                    del self._engines[name]
            return self._fastest

    def encode(
        self,
        texts: Sequence[str],
        name: str,
        settings: Settings,
        *,
        dim: int | None,
        normalize: bool | None,
        progress: Progress | None,
        layers: Sequence[int] | None = None,
    ) -> Encoded:
        """Encode texts, equal ones once; by the model's pooling, or the mean of `layers`."""
        with self._lock:
            engine = self.engine(name) if layers is None else self._of_layers(name, layers)
        if engine is None:
            raise UnsupportedError(
                f"The engine {name} computes BERT-shaped models on a CPU, which {self.folder} is not; "
                "use engine='auto' or 'torch-float32'."
            )
        first: dict[str, int] = {}
        copies = np.fromiter((first.setdefault(text, len(first)) for text in texts), np.int64, len(texts))
        unique, counts = list(first), np.bincount(copies, minlength=len(first))
        vectors = np.empty((len(unique), self.dim(layers)), np.float32)
        whole, lost = np.zeros(len(unique), np.int64), np.zeros(len(unique), np.int64)
        used = int(self.tokenizer([settings.prompt]).whole[0]) if settings.prompt else 0
        for start, part, tokens in self._tokens(unique, settings.prompt):
            whole[start : start + len(part)] = np.maximum(tokens.whole - used, 0)
            lost[start : start + len(part)] = tokens.lost

            def done(rows: IdArray, found: FloatArray, start: int = start) -> None:
                vectors[start + rows] = found
                if progress is not None:
                    progress(int(counts[start + rows].sum()))

            engine.run(part, tokens, settings, done)
        vectors = _finished(vectors, dim, self.unit(normalize, dim, layers))
        return Encoded(vectors[copies], whole[copies], lost[copies])

    def encode_tokens(self, texts: Sequence[str], layer: int | None) -> Ragged:
        """Return the vectors of a layer for the tokens that the model sees; special tokens are left out."""
        transformer, tokenizer = self.model[0].auto_model, self.model.tokenizer
        layers = transformer.config.num_hidden_layers
        layer = layers if layer is None else layer
        if not 0 <= layer <= layers:
            raise ParameterError(f"layer must be from 0, the embeddings, to {layers}, the last, got {layer}.")
        found: list[NDArray[Any]] = [np.empty((0, self.facts.dim), np.float32)] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
        for start in range(0, len(order), _TOKEN_BATCH):
            rows = order[start : start + _TOKEN_BATCH]
            batch = tokenizer(
                [texts[i] for i in rows],
                padding=True,
                truncation=True,
                max_length=self.model.max_seq_length,
                return_special_tokens_mask=True,
                return_tensors="pt",
            ).to(self.model.device)
            special = batch.pop("special_tokens_mask").bool()
            with torch.inference_mode():
                states = transformer(**batch, output_hidden_states=True).hidden_states[layer].float().cpu().numpy()
            kept = (~special & batch["attention_mask"].bool()).cpu().numpy()
            for i, state, mask in zip(rows, states, kept, strict=True):
                found[i] = state[mask]
        return (
            Ragged.stack(found) if found else Ragged(np.empty((0, self.facts.dim), np.float32), np.zeros(1, np.int64))
        )

    def _tokens(self, texts: list[str], prompt: str) -> Iterator[tuple[int, list[str], Tokens]]:
        """Yield the texts with their tokens, a window at a time; the next one is tokenised meanwhile."""

        def work(start: int) -> tuple[int, list[str], Tokens]:
            part = texts[start : start + _WINDOW]
            return start, part, self.tokenizer([prompt + text for text in part] if prompt else part)

        if len(texts) <= _WINDOW:
            if texts:
                yield work(0)
            return
        with ThreadPoolExecutor(1, "inlay-tokens") as ahead:
            following = ahead.submit(work, 0)
            for start in range(_WINDOW, len(texts), _WINDOW):
                window, following = following.result(), ahead.submit(work, start)
                yield window
            yield following.result()

    def dim(self, layers: Sequence[int] | None) -> int:
        """Return how many dimensions vectors have, or the hidden states."""
        return self.facts.dim if layers is None else int(self.model[0].auto_model.config.hidden_size)

    def layers(self, given: Sequence[int] | None) -> tuple[int, ...] | None:
        """Return the numbers of layers, counted from 0, the embeddings; negative ones count from the last."""
        if given is None:
            return None
        n = self.model[0].auto_model.config.num_hidden_layers + 1
        if not given or not all(-n <= layer < n for layer in given):
            raise ParameterError(f"layers must be numbers from {-n} to {n - 1}, at least one of them, got {given!r}.")
        return tuple(int(layer) % n for layer in given)

    def _of_layers(self, name: str, layers: Sequence[int]) -> Engine:
        if name not in TORCH:
            raise ParameterError(f"layers are computed by the engines {' and '.join(TORCH)}, got {name!r}.")
        return Layers(self.model, torch.float32 if name == TORCH[0] else torch.bfloat16, layers)

    def unit(self, normalize: bool | None, dim: int | None, layers: Sequence[int] | None = None) -> bool:
        """Whether vectors have length one: as asked for, as the model says, or because they are cut to `dim`."""
        cut = dim is not None and dim < self.dim(layers)
        return cut or (self.facts.unit if normalize is None else normalize)


def _finished(X: FloatArray, dim: int | None, unit: bool) -> FloatArray:
    X = X[:, :dim]
    if not unit:
        return X
    # Row by row in float64, so that the result of a row does not depend on how the others are added up.
    norms = np.sqrt(np.einsum("ij,ij->i", X, X, dtype=np.float64))
    return np.asarray(X / np.maximum(norms, 1e-12)[:, None], np.float32)


@lru_cache(maxsize=2)
def loaded(folder: Path, device: str | None, max_length: int | None) -> Loaded:
    """Return the model of a folder, loaded once; the last two that were used are kept."""
    return Loaded(folder, device, max_length)
