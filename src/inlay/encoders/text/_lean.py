"""A lean forward pass for BERT-shaped models on the CPU: packed rows, no padding, no mask, prepacked weights.

Rows are tokens. A block always has one of a few numbers of rows, so that oneDNN builds its kernels once; the dense
layers see the block whole, and only attention looks at texts, those of equal length together. Each row of the
result depends on its own text alone, and all arithmetic of a block runs on one thread.
"""

import math
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inlay.core.values import FloatArray

from ._batches import Block
from ._facts import Bert

# oneDNN keeps a compiled kernel for each shape it has met, a thousand of them; attention meets any number of shapes,
# and making a kernel again costs less than the gigabyte they take. It is read when oneDNN is first used.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")

ROWS = (32, 64, 128, 256, 384, 512, 640, 768, 832, 896, 960, 1024)
_FUSED_FROM = 48  # tokens, from which on the fused attention of torch is the faster one in float32
_ALONE_FROM = 64  # tokens, from which on texts are attended to one by one in bfloat16
_STEP = 16  # to whose multiples the lengths of those are rounded up
_LEAST, _MOST = 1e-30, 1e37  # the sums of exponentials that are trusted, where values are at most one
_linear = torch.ops.mkldnn._linear_pointwise


@dataclass(slots=True)
class _Dense:
    """A dense layer whose weight was laid out for oneDNN once, for each number of rows."""

    weight: Tensor
    bias: Tensor
    activation: tuple[str, str] = ("none", "")

    def __call__(self, x: Tensor) -> Tensor:
        return _linear(x, self.weight, self.bias, self.activation[0], [], self.activation[1])  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Layer:
    qkv: _Dense
    out: _Dense
    up: _Dense
    down: _Dense
    most: float
    norm1: tuple[Tensor, Tensor]
    norm2: tuple[Tensor, Tensor]


class LeanBert:
    """The forward pass of a BERT, RoBERTa or XLM-RoBERTa of transformers, made from its weights.

    Parameters
    ----------
    bert : its configuration, its weights and its pooling.
    dtype : float32 or bfloat16; sums are kept in float32 either way.
    """

    def __init__(self, bert: Bert, dtype: torch.dtype) -> None:
        config, state = bert.config, bert.state()
        self.heads, self.dim = config["num_attention_heads"], config["hidden_size"]
        self.eps = config.get("layer_norm_eps", 1e-12)
        self.pooling, self.dtype = bert.pooling, dtype
        # RoBERTa counts positions from the number of the padding token on.
        first = 0 if config["model_type"] == "bert" else config["pad_token_id"] + 1
        self.word = state["embeddings.word_embeddings.weight"].to(dtype)
        self.position = (
            state["embeddings.position_embeddings.weight"][first:] + state["embeddings.token_type_embeddings.weight"][0]
        ).to(dtype)
        self.norm = self._norm(state, "embeddings.LayerNorm")
        names = [f"encoder.layer.{i}." for i in range(config["num_hidden_layers"])]
        before = ["embeddings.LayerNorm", *(name + "output.LayerNorm" for name in names)]
        self.layers = [self._layer(state, name, norm) for name, norm in zip(names, before, strict=False)]

    @staticmethod
    def supports(config: Mapping[str, Any]) -> bool:
        """Whether the shape of the model is known here."""
        return bool(
            torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
            and config.get("model_type") in ("bert", "roberta", "xlm-roberta")
            and config.get("position_embedding_type") in ("absolute", None)
            and config.get("hidden_act", "gelu") == "gelu"
            and not config.get("is_decoder")
            and not config.get("add_cross_attention")
        )

    def _norm(self, state: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
        return state[name + ".weight"].to(self.dtype), state[name + ".bias"].to(self.dtype)

    def _dense(self, weight: Tensor, bias: Tensor, activation: tuple[str, str] = ("none", "")) -> _Dense:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.to(self.dtype).contiguous(), ROWS[-1])
        return _Dense(packed, bias.to(self.dtype), activation)

    def _layer(self, state: dict[str, Tensor], prefix: str, norm: str) -> _Layer:
        def of(name: str) -> tuple[Tensor, Tensor]:
            return state[f"{prefix}{name}.weight"], state[f"{prefix}{name}.bias"]

        parts = [of(f"attention.self.{name}") for name in ("query", "key", "value")]
        scale = (self.dim // self.heads) ** -0.5
        parts[0] = (parts[0][0] * scale, parts[0][1] * scale)  # the scale of the scores, taken into the queries
        # A normalised row has the length sqrt(dim) before its scale and shift, which bounds the values, and so the sums
        # of exponentials times values that stay below the greatest number.
        scaled, shift = state[norm + ".weight"].float(), state[norm + ".bias"].float()
        weight, bias = (part.float() for part in parts[2])
        values = (weight * scaled).norm(dim=1) * self.dim**0.5 + (weight @ shift + bias).abs()
        return _Layer(
            most=_MOST / max(1.0, float(values.max())),
            qkv=self._dense(torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts])),
            out=self._dense(*of("attention.output.dense")),
            up=self._dense(*of("intermediate.dense"), ("gelu", "none")),
            down=self._dense(*of("output.dense")),
            norm1=self._norm(state, prefix + "attention.output.LayerNorm"),
            norm2=self._norm(state, prefix + "output.LayerNorm"),
        )

    def __call__(self, block: Block) -> FloatArray:
        """Return the pooled vectors of the texts of a block, (n texts, d) float32."""
        x = F.embedding(torch.from_numpy(block.ids), self.word) + F.embedding(
            torch.from_numpy(block.positions), self.position
        )
        x = F.layer_norm(x, (self.dim,), *self.norm, self.eps)
        for layer in self.layers:
            mixed = self._attend(layer.qkv(x), block, layer.most)
            x = F.layer_norm(layer.out(mixed).add_(x), (self.dim,), *layer.norm1, self.eps)
            x = F.layer_norm(layer.down(layer.up(x)).add_(x), (self.dim,), *layer.norm2, self.eps)
        values, starts = x.float().numpy(), block.starts
        if self.pooling == "cls":
            return np.ascontiguousarray(values[starts])
        # One row after another for each text, whatever texts are beside it.
        sums = np.add.reduceat(values[: block.used], starts, axis=0)
        return np.asarray(sums / block.lengths[:, None], np.float32)

    def _attend(self, qkv: Tensor, block: Block, most: float) -> Tensor:
        width = self.dim // self.heads
        out = torch.zeros((len(qkv), self.dim), dtype=self.dtype)
        for start, count, length in block.groups:
            each = 1 if self.dtype == torch.bfloat16 and length >= _ALONE_FROM else count
            for first in range(start, start + count * length, each * length):
                rows = slice(first, first + each * length)
                parts = qkv[rows].view(each, length, 3, self.heads, width).permute(2, 0, 3, 1, 4)
                mixed = out[rows].view(each, length, self.heads, width).transpose(1, 2)
                if self.dtype == torch.float32:
                    _attend_float32(parts, mixed)
                elif not _attend_bfloat16(parts, mixed, most):
                    _attend_softly(parts, mixed)
        return out


def _attend_float32(parts: Tensor, out: Tensor) -> None:
    """Attend within texts: `parts` (3, texts, heads, length, width) holds queries (scaled), keys and values."""
    if parts.shape[3] < _FUSED_FROM:
        q, k, v = parts.reshape(3, -1, *parts.shape[3:])
        out.copy_(torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)), -1), v).view(parts.shape[1:]))
    else:
        out.copy_(F.scaled_dot_product_attention(parts[0], parts[1], parts[2], scale=1.0))


class _Rooms(threading.local):
    """Memory for the intermediate results of each thread: allocated anew each time, their many sizes fragment it."""

    def __init__(self) -> None:
        self._rooms: dict[str, Tensor] = {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        size = math.prod(shape)
        room = self._rooms.get(name)
        if room is None or len(room) < size:
            room = self._rooms[name] = torch.empty(1 << (size - 1).bit_length(), dtype=torch.bfloat16)
        return room[:size].view(shape)


_room = _Rooms()


def _attend_bfloat16(parts: Tensor, out: Tensor, most: float) -> bool:
    """Attend as above; a softmax of bfloat16 costs more than both products, an exponential next to nothing.

    So the exponentials are not shifted by their maximum, and a column of ones beside the values sums them. Where that
    may overflow or vanish, False is returned. Lengths are rounded up, so that oneDNN meets few shapes; the keys
    beyond the text are zero, and so are their values and their ones.
    """
    _, texts, heads, length, width = parts.shape
    n, padded = texts * heads, -(-length // _STEP) * _STEP if length >= _ALONE_FROM else length
    qk = _room("qk", 2, texts, heads, padded, width)
    v = _room("v", texts, heads, padded, width + 1)
    if padded > length:
        qk[:, :, :, length:].zero_()
        v[:, :, length:].zero_()
    qk[:, :, :, :length].copy_(parts[:2])
    v[:, :, :length, :width].copy_(parts[2])
    v[:, :, :length, width:].fill_(1.0)
    q, k = qk.view(2, n, padded, width)
    weights = torch.bmm(q, k.transpose(1, 2), out=_room("weights", n, padded, padded)).exp_()
    mixed = torch.bmm(weights, v.view(n, padded, width + 1), out=_room("mixed", n, padded, width + 1))
    mixed = mixed.view(texts, heads, padded, width + 1)[:, :, :length]
    sums = mixed[..., width:]
    torch.div(mixed[..., :width], sums, out=out)
    least, greatest = torch.aminmax(sums)
    return bool(least > _LEAST) and bool(greatest < most)  # neither holds for what is not a number


def _attend_softly(parts: Tensor, out: Tensor) -> None:
    """Attend the usual way, a text at a time."""
    for i in range(parts.shape[1]):
        q, k, v = parts[:, i]
        out[i] = torch.bmm(torch.softmax(torch.bmm(q, k.transpose(1, 2)).float(), -1).to(v.dtype), v)
