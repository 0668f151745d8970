"""Generation: texts that are not in the data, written by a language model on this machine."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from .core.errors import DataError, MissingData, ParameterError
from .core.extras import load
from .core.method import Method

# Beside the weights, what of a model's folder decides its texts: its numbers, its tokens and its conversations.
_READ = ("*.json", "chat_template.jinja", "*.model", "merges.txt", "vocab.txt")


class LanguageModel(Method):
    """Texts that a causal language model writes when it is asked, sampled at a temperature.

    It is the `generator` of rankers that search with written texts, such as
    `inlay.rankers.feedback.HypotheticalDocuments` and `inlay.rankers.feedback.QuestionToQuestion`, and is saved with
    them: where the model lies and how it is asked, not its weights. Anything else with ``generate(texts, n)``
    (`inlay.core.contracts.Generates`) can take its place, such as a client of a service.

    It is slow on a CPU: a model of 135 million parameters writes some hundred tokens in a few seconds. Each text is
    asked about on its own, with a seed of its own, so that an answer does not depend on what else is asked. How a model
    proposes to be sampled, in its ``generation_config.json``, is left aside but for the tokens that end an answer.

    Parameters
    ----------
    model : folder of a model, or its name in the local cache of the hub. Nothing is downloaded.
    gguf_file : the file in that folder that holds weights and vocabulary, for models in the GGUF format, which take
        the packages ``gguf`` and ``accelerate`` besides.
    prompt : what is asked; ``{text}`` stands for the text. It becomes a message of the user where the model has a
        template of conversations.
    max_tokens : the most tokens of an answer, at least 1.
    temperature : above 0; small ones take the likeliest words.
    dtype : of the weights, "bfloat16" or "float32".
    random_state : seed.

    References
    ----------
    Gao, Ma, Lin, Callan (2023). Precise Zero-Shot Dense Retrieval without Relevance Labels. ACL. arXiv:2212.10496.

    Examples
    --------
    The model is loaded when it is first asked.

    >>> from inlay.encoders.text import HashingEncoder
    >>> from inlay.rankers.feedback import HypotheticalDocuments
    >>> model = LanguageModel("SmolLM2-135M-Instruct", prompt="Answer in one sentence: {text}", max_tokens=40)
    >>> HypotheticalDocuments(HashingEncoder(), model, n_documents=4).generator.max_tokens
    40
    """

    paper: ClassVar[str] = "gao2023precise"
    requires: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(
        self,
        model: str | Path,
        *,
        gguf_file: str | None = None,
        prompt: str = "Please write a passage to answer the question.\nQuestion: {text}\nPassage:",
        max_tokens: int = 128,
        temperature: float = 0.7,
        dtype: str = "bfloat16",
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.gguf_file = gguf_file
        self.prompt = prompt
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.dtype = dtype
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls("a-folder")

    def identity(self) -> dict[str, object]:
        """Return what decides the texts: the model itself, where its files are in a folder, and how it is asked."""
        folder = Path(self.model)
        files = [folder / self.gguf_file] if self.gguf_file else sorted(folder.glob("*.safetensors"))
        named: dict[str, object] = {"model": str(self.model)}
        if self.gguf_file and not files[0].is_file():
            named["gguf_file"] = self.gguf_file
        elif files:
            named = {"weights": _mark(files)}
            if not self.gguf_file:  # which holds the vocabulary, too
                named["read"] = _mark(sorted({file for name in _READ for file in folder.glob(name)}), named=True)
        asked = ("prompt", "max_tokens", "temperature", "dtype", "random_state")
        return named | {name: getattr(self, name) for name in asked}

    def generate(self, texts: Sequence[str], n: int) -> list[list[str]]:
        """Return `n` answers to the prompt about each text.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        MissingData
            If the model is not on this machine.
        DataError
            If the prompt about a text has no tokens, or goes with its answer beyond what the model can read.
        """
        if self.max_tokens < 1 or self.temperature <= 0 or "{text}" not in self.prompt:
            raise ParameterError(
                "max_tokens must be at least 1, temperature above 0, and prompt must hold {text}, "
                f"got {self.max_tokens}, {self.temperature} and {self.prompt!r:.60}."
            )
        if self.dtype not in ("bfloat16", "float32"):
            raise ParameterError(f"dtype must be 'bfloat16' or 'float32', got {self.dtype!r}.")
        return [self._answers(text, n) for text in texts]

    def _answers(self, text: str, n: int) -> list[str]:
        tokenizer, model = self._model()
        asked = self.prompt.replace("{text}", text)
        if tokenizer.chat_template:
            message = [{"role": "user", "content": asked}]
            asked = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
        # A template writes the tokens that begin a text itself.
        tokens = tokenizer([asked], return_tensors="pt", add_special_tokens=not tokenizer.chat_template)
        start = tokens["input_ids"].shape[1]
        window = getattr(model.config, "max_position_embeddings", None)
        if not start:
            raise DataError(f"The prompt about {text!r:.60} has no tokens that could be continued; give it words.")
        if window is not None and start + self.max_tokens - 1 > window:  # the last token is written, and not read
            raise DataError(
                f"The prompt about {text!r:.60} has {start} tokens and max_tokens is {self.max_tokens}, but the model "
                f"can read {window}; shorten the text, or lower max_tokens."
            )
        torch = load("torch", extra="nn", purpose="A language model")
        seed = int.from_bytes(hashlib.sha256(f"{self.random_state}\0{text}".encode()).digest()[:7], "big")
        with torch.random.fork_rng(devices=[]), torch.inference_mode():
            torch.manual_seed(seed)
            read = {}
            if start > 1:  # what was asked is read once, and not once for each answer
                begun = model(**{name: value[:, :-1] for name, value in tokens.items()}, use_cache=True)
                begun.past_key_values.batch_repeat_interleave(n)
                read = {"past_key_values": begun.past_key_values}
            out = model.generate(
                **{name: value.repeat_interleave(n, dim=0) for name, value in tokens.items()},
                **read,
                max_new_tokens=self.max_tokens,
                do_sample=True,
                temperature=self.temperature,
                top_k=0,
                pad_token_id=tokenizer.eos_token_id,
            )
        return [tokenizer.decode(row[start:], skip_special_tokens=True).strip() for row in out]

    def _model(self) -> tuple[Any, Any]:
        wanted = (str(self.model), self.gguf_file, self.dtype)
        if getattr(self, "_loaded", (None,))[0] != wanted:
            self._loaded: tuple[Any, Any, Any] = (None, None, None)  # what was loaded before makes room
            library = load("transformers", extra="text", purpose="A language model")
            torch = load("torch", extra="nn", purpose="A language model")
            options = {"gguf_file": self.gguf_file} if self.gguf_file else {}
            try:
                tokenizer = library.AutoTokenizer.from_pretrained(self.model, local_files_only=True, **options)
                model = library.AutoModelForCausalLM.from_pretrained(
                    self.model, local_files_only=True, dtype=getattr(torch, self.dtype), **options
                )
            except (OSError, ValueError) as error:
                raise MissingData(f"There is no language model {str(self.model)!r} on this machine: {error}") from error
            # Of its own way to be sampled, which takes part in all that is not said, only the ends are kept.
            own = model.generation_config
            ends = {name: getattr(own, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
            model.generation_config = library.GenerationConfig(**ends)
            self._loaded = (wanted, tokenizer, model.eval())
        return self._loaded[1:]


def _mark(files: Sequence[Path], *, named: bool = False) -> str:
    """Return the hash of the contents of files, in this order, and of their names where they tell what they are."""
    mark = hashlib.sha256()
    for file in files:
        if named:
            mark.update(f"{file.name}\0".encode())
        with file.open("rb") as content:
            mark.update(hashlib.file_digest(content, "sha256").digest())
    return mark.hexdigest()
