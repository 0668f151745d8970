"""A model in memory, shared by all encoders that name it, with its tokenizer and its engines."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer

from inlay.core.contracts import Progress
from inlay.core.errors import DataError, ParameterError, UnsupportedError
from inlay.core.values import Encoded, FloatArray, IdArray

from ._engines import Engine, Settings, choose, make
from ._tokens import Tokenizer, Tokens

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
        try:
            self.model: Any = SentenceTransformer(str(folder), device=device, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"{folder} cannot be loaded as a sentence-transformers model: {error}") from error
        self.model.eval()
        own = getattr(self.model, "max_seq_length", None)
        limit = None if own is None or not np.isfinite(own) else int(own)
        if max_length is not None:
            if limit is not None and max_length > limit:
                raise ParameterError(f"max_length must be at most {limit}, the limit of the model, got {max_length}.")
            limit = self.model.max_seq_length = max_length
        self.folder, self.tokenizer = folder, Tokenizer(self.model.tokenizer, limit)
        if limit is not None and limit <= self.tokenizer.specials:
            raise ParameterError(
                f"max_length must be above {self.tokenizer.specials}, the special tokens, got {limit}."
            )
        self.dim = int(self.model.encode(["a"], show_progress_bar=False).shape[1])
        self.default_prompt: str | None = self.model.default_prompt_name
        self._engines: dict[str, Engine | None] = {}
        self._lock = threading.Lock()
        self._fastest: str | None = None

    def prompts(self, given: Mapping[str, str] | None) -> dict[str, str]:
        """Return the prompts: those `given`, else those of the model."""
        own = {name: text for name, text in self.model.prompts.items() if text}
        return dict(given) if given is not None else own

    def room(self, prompt: str) -> int:
        """Return how many tokens of a text the model sees after `prompt`."""
        if self.tokenizer.limit is None:
            return _LONGEST
        used = int(self.tokenizer([prompt]).whole[0]) if prompt else 0
        return max(1, self.tokenizer.limit - self.tokenizer.specials - used)

    def engine(self, name: str) -> Engine | None:
        """Return the engine of that name, made once; None where it cannot compute this model."""
        if name not in self._engines:
            self._engines[name] = make(name, self.model)
        return self._engines[name]

    def fastest(self) -> str:
        """Return the name of the engine that won the measurement, which is made once."""
        with self._lock:
            if self._fastest is None:
                self._fastest = choose(self.model, self.tokenizer, self.engine)
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
    ) -> Encoded:
        """Encode texts, equal ones once."""
        with self._lock:
            engine = self.engine(name)
        if engine is None:
            raise UnsupportedError(
                f"The engine {name} computes BERT-shaped models on a CPU, which {self.folder} is not; "
                "use engine='auto' or 'torch-float32'."
            )
        first: dict[str, int] = {}
        copies = np.fromiter((first.setdefault(text, len(first)) for text in texts), np.int64, len(texts))
        unique, counts = list(first), np.bincount(copies, minlength=len(first))
        vectors = np.empty((len(unique), self.dim), np.float32)
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
        vectors = _finished(vectors, dim, self.unit(normalize, dim))
        return Encoded(vectors[copies], whole[copies], lost[copies])

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

    def unit(self, normalize: bool | None, dim: int | None) -> bool:
        """Whether vectors have length one: as asked for, as the model says, or because they are cut to `dim`."""
        cut = dim is not None and dim < self.dim
        return cut or (normalize if normalize is not None else type(self.model[-1]).__name__ == "Normalize")


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
