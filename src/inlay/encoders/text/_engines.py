"""The ways to compute a model's vectors, and the measurement that chooses among them."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from inlay.core.values import FloatArray, IdArray

from ._batches import Block, pack
from ._lean import ROWS, LeanBert
from ._probes import PROBES
from ._tokens import Tokenizer, Tokens

LEAN = ("lean-float32", "lean-bfloat16")
TORCH = ("torch-float32", "torch-bfloat16")
QUALITY = 0.999  # the least mean cosine to the vectors of sentence-transformers in float32, on the probe texts
_CPU_TOKENS, _GPU_TOKENS = 1024, 16_384  # of a padded batch, where the caller does not say

Done = Callable[[IdArray, FloatArray], object]


class Engine(Protocol):
    """A way to compute the vectors of texts."""

    def run(self, texts: Sequence[str], tokens: Tokens, settings: "Settings", done: Done) -> None:
        """Compute all vectors, calling `done` with the numbers of some texts and their vectors, in any order."""


class Settings:
    """What a call asks of the engine.

    Parameters
    ----------
    prompt : goes before each text, and is in the texts that the tokenizer saw.
    role : ``"document"`` or ``"query"``.
    batch_tokens : the most tokens of a batch, unless one text alone has more; None leaves it to the engine.
    batch_size : the most texts of a batch; None for no limit.
    stable : give the same bits whatever is encoded together, in whatever order, on however many threads.
    """

    def __init__(
        self,
        prompt: str,
        role: str,
        batch_tokens: int | None = None,
        batch_size: int | None = None,
        *,
        stable: bool = False,
    ) -> None:
        self.prompt, self.role, self.batch_tokens = prompt, role, batch_tokens
        self.batch_size, self.stable = batch_size, stable


class Lean:
    """`LeanBert` on packed rows; each thread computes blocks of its own, with all arithmetic of a block on one."""

    def __init__(self, bert: LeanBert) -> None:
        self._bert = bert

    def run(self, texts: Sequence[str], tokens: Tokens, settings: Settings, done: Done) -> None:
        """Compute all vectors; `texts` are in `tokens`."""
        most = settings.batch_tokens or ROWS[-1]
        sizes = [rows for rows in ROWS if rows < most] + [most]
        blocks = pack(tokens.ids, ROWS[-1:] if settings.stable else sizes, settings.batch_size)
        for block, vectors in _on_threads(self._vectors, blocks, torch.get_num_threads()):
            done(block.texts, vectors)

    def _vectors(self, block: Block) -> FloatArray:
        with torch.inference_mode():
            return self._bert(block)


@cache
def _workers(threads: int) -> ThreadPoolExecutor:
    # Kept: each new thread may get a heap of its own from the C library, which keeps what was freed there.
    return ThreadPoolExecutor(threads, "inlay", initializer=torch.set_num_threads, initargs=(1,))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_workers.cache_clear)  # a fork has no threads but its own


def _on_threads(
    work: Callable[[Block], FloatArray], blocks: Iterator[Block], threads: int
) -> Iterator[tuple[Block, FloatArray]]:
    """Yield each block with its result, keeping a few blocks ahead; leaving early cancels what has not begun."""
    waiting: deque[tuple[Block, Future[FloatArray]]] = deque()
    try:
        for block in blocks:
            waiting.append((block, _workers(threads).submit(work, block)))
            if len(waiting) > 2 * threads:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()
        wait([future for _, future in waiting])
        torch.set_num_threads(threads)  # the setting of new threads, which those above have changed


class Torch:
    """The forward pass of sentence-transformers, on texts of like length in batches of a constant token count."""

    def __init__(self, model: Any, dtype: torch.dtype) -> None:
        self._model, self._dtype = model, dtype

    def run(self, texts: Sequence[str], tokens: Tokens, settings: Settings, done: Done) -> None:
        """Compute all vectors; the model's own tokenizer sees `texts`, without their prompt."""
        limit = 1 if settings.stable else settings.batch_size
        threads = torch.get_num_threads()
        try:
            if settings.stable:
                torch.set_num_threads(1)
            most = settings.batch_tokens or (_CPU_TOKENS if self._model.device.type == "cpu" else _GPU_TOKENS)
            for rows in _padded(tokens.ids, most, limit):
                done(rows, self._vectors([texts[i] for i in rows], settings))
        finally:
            if settings.stable:
                torch.set_num_threads(threads)

    def _vectors(self, texts: list[str], settings: Settings) -> FloatArray:
        with self._precision():
            found = self._model.encode(
                texts,
                prompt=settings.prompt,
                task=settings.role,
                batch_size=len(texts),
                show_progress_bar=False,
                convert_to_tensor=True,
            )
        return np.asarray(found.float().cpu().numpy(), np.float32)

    def _precision(self) -> AbstractContextManager[Any]:
        if self._dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self._model.device.type, self._dtype)


class Layers(Torch):
    """The mean over the tokens of a text, special ones and the prompt's too, of the average of some hidden states."""

    def __init__(self, model: Any, dtype: torch.dtype, layers: Sequence[int]) -> None:
        super().__init__(model, dtype)
        self._layers = layers

    def _vectors(self, texts: list[str], settings: Settings) -> FloatArray:
        batch = self._model.tokenizer(
            [settings.prompt + text for text in texts],
            padding=True,
            truncation=True,
            max_length=self._model.max_seq_length,
            return_tensors="pt",
        ).to(self._model.device)
        with torch.inference_mode(), self._precision():
            states = self._model[0].auto_model(**batch, output_hidden_states=True).hidden_states
        mean = torch.stack([states[layer].float() for layer in self._layers]).mean(0)
        mask = batch["attention_mask"][:, :, None]
        return np.asarray(((mean * mask).sum(1) / mask.sum(1)).cpu().numpy(), np.float32)


def _padded(ids: Sequence[Sequence[int]], batch_tokens: int, batch_size: int | None) -> Iterator[NDArray[np.int64]]:
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        count = max(1, batch_tokens // max(1, int(lengths[order[start]])))
        count = min(count, batch_size or count)
        yield order[start : start + count]
        start += count


def choose(names: Sequence[str], build: Callable[[str], Engine | None], tokenizer: Tokenizer, device: str) -> str:
    """Return the name of the fastest engine that keeps the quality, measured on the probe texts.

    The vectors of the first one are the reference: an engine whose vectors have a mean cosine below 0.999 to them is
    out, and so is one in float32 that is below 0.9999.
    """
    settings = Settings("", "document")
    tokens = tokenizer(PROBES)
    best, fastest, reference = names[0], np.inf, None
    for name in names:
        if name == "torch-bfloat16" and best.startswith("lean"):
            continue  # the padded pass is slower than the packed one in either precision
        if name.endswith("bfloat16") and not has_bfloat16(device):
            continue
        engine = build(name)
        if engine is None:
            continue
        vectors, seconds = _timed(engine, tokens, settings, device)
        reference = vectors if reference is None else reference
        quality = float((vectors * reference).sum(1).mean())
        if quality >= (0.9999 if name.endswith("float32") else QUALITY) and seconds < fastest:
            best, fastest = name, seconds
    return best


def has_bfloat16(device: str) -> bool:
    """Whether the device computes in bfloat16 by itself."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _timed(engine: Engine, tokens: Tokens, settings: Settings, device: str) -> tuple[FloatArray, float]:
    vectors: dict[int, FloatArray] = {}
    times = []
    # On a CPU, time of the processor: other programs that run meanwhile must not decide.
    clock = time.process_time if device == "cpu" else time.perf_counter
    for _ in range(3):  # the first one warms up
        start = clock()
        engine.run(PROBES, tokens, settings, lambda rows, found: vectors.update(zip(rows.tolist(), found, strict=True)))
        times.append(clock() - start)
    whole = np.stack([vectors[i] for i in range(len(PROBES))])
    return whole / np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-12), min(times)
