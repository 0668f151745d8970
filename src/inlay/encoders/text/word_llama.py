"""A static text encoder: the mean of token vectors taken from large language models."""

import logging
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from inlay.core.contracts import Encoder
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.values import FloatArray
from inlay.core.vectors import normalize

from ._arguments import check_texts

DIMS = (64, 128, 256)


class WordLlama(Encoder):
    """Encode texts by the mean of their tokens' vectors, which were distilled from language models.

    Thousands of texts a second on one core, for word order and context are not seen. Use it where `TextEncoder` is too
    slow, and as the static model between it and `HashingEncoder`. The weights come inside the package ``wordllama``.

    Parameters
    ----------
    dim : number of dimensions, 64, 128 or 256; the vectors are nested: fewer are the first of more.

    References
    ----------
    Miller (2024). WordLlama: Recycled Token Embeddings from Large Language Models.
    https://github.com/dleemiller/wordllama

    Examples
    --------
    >>> encoder = WordLlama()
    >>> a, b, c = encoder.encode(["a cat sat on the mat", "the cat lay on a rug", "stocks fell on monday"])
    >>> bool(a @ b > a @ c)
    True
    """

    paper: ClassVar[str] = "miller2024wordllama"
    requires: ClassVar[tuple[str, ...]] = ("wordllama",)

    def __init__(self, dim: int = 256) -> None:
        self.dim = dim

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(dim=64)

    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        """Encode texts; the role makes no difference.

        Returns
        -------
        (n, dim) float32, of length one; an empty text has the zero vector.
        """
        if self.dim not in DIMS:
            raise ParameterError(f"dim must be one of {DIMS}, got {self.dim}.")
        if role not in ("document", "query"):
            raise ParameterError(f"role must be 'document' or 'query', got {role!r}.")
        texts = check_texts(items)
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        # Padding is masked by the library, but costs time: texts of like length go together.
        order = np.argsort([len(text) for text in texts], kind="stable")
        X = np.empty((len(texts), self.dim), np.float32)
        X[order] = self._model().embed([texts[i] for i in order], norm=False)[:, : self.dim]
        return normalize(X)

    def identity(self) -> dict[str, object]:
        """Return what decides the vectors: the weights, which belong to a version of the package, and `dim`."""
        self._model()
        return {"wordllama": version("wordllama"), "dim": self.dim}

    def _model(self) -> Any:
        if not hasattr(self, "_loaded"):
            # As it is imported it would let everybody's messages out on stderr, unless the root has a handler already.
            root, handler = logging.getLogger(), logging.NullHandler()
            root.addHandler(handler)
            try:
                library = load("wordllama", extra="wordllama", purpose="WordLlama")
            finally:
                root.removeHandler(handler)
            folder = Path(str(library.__file__)).parent  # the files lie in the package; it looks one folder too high
            self._loaded = library.WordLlama.load(cache_dir=folder, trunc_dim=None, disable_download=True)
        return self._loaded
