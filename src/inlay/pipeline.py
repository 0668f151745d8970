"""Pipeline: an encoder, transforms, an index and rankers, as one object that is saved whole."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone

from .core.catalogue import methods
from .core.contracts import CountingEncoder, Encoder, Index, Progress, Ranker, Transform, Where
from .core.errors import ParameterError
from .core.fingerprint import fingerprint
from .core.method import Method
from .core.values import Encoded, FloatArray, Hits, Search
from .core.vectors import as_vectors

DEPTH = 100  # rows that rankers choose from


def named_encoder(name: str | None = None) -> Encoder:
    """Return the encoder of that name: ``"hashing"``, a class of the catalogue, or a sentence-transformers model.

    A class is made with its defaults; a model is given by its name or its folder.

    Examples
    --------
    >>> named_encoder("hashing")
    HashingEncoder()
    """
    from .encoders import text

    encoder: Encoder
    known = {entry.name: entry for entry in methods() if entry.contract == "encoder"}
    if name == "hashing":
        encoder = text.HashingEncoder()
    elif name in known:
        encoder = known[name].load()()
    else:
        encoder = text.TextEncoder() if name is None else text.TextEncoder(model=name)
    return encoder


class Pipeline(Method):
    """Things to vectors to hits: an encoder, transforms of its vectors, an index over them, rankers of its hits.

    Use it where everything fits in memory and one object is to be saved; a `Space` keeps a pipeline together with
    its records on disk, and grows.

    Parameters
    ----------
    encoder : makes the vectors.
    transforms : applied one after another to documents and queries alike. As in scikit-learn's pipeline, `fit`
        fits these very objects.
    index : holds the vectors; None lets ``Auto`` choose one by size and measurement.
    rankers : applied one after another to what the index found.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> pipeline = Pipeline(HashingEncoder(dim=256)).store(["the cat sat", "stocks fell", "a cat and a dog"])
    >>> pipeline.search(["cat"], k=2).ids.tolist()
    [[0, 2]]
    """

    paper: ClassVar[str] = ""

    def __init__(
        self,
        encoder: Encoder,
        transforms: Sequence[Transform] = (),
        index: Index | None = None,
        rankers: Sequence[Ranker] = (),
    ) -> None:
        self.encoder = encoder
        self.transforms = transforms
        self.index = index
        self.rankers = rankers

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        from .encoders.text import HashingEncoder

        yield cls(HashingEncoder(dim=32))

    def fit(self, items: Sequence[Any]) -> Self:
        """Fit the encoder, where it learns, and the transforms to a sample of the items."""
        fit = getattr(self.encoder, "fit", None)
        if fit is not None:
            fit(items)
        X = self.encoder.encode(items)
        for transform in self.transforms:
            X = transform.fit(X).transform(X)
        return self

    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        """Encode `items` and transform the vectors.

        Returns
        -------
        (n, d) float32
        """
        return self._transform(self.encoder.encode(items, role=role))

    def encode_counted(
        self, items: Sequence[Any], *, role: str = "document", progress: Progress | None = None
    ) -> Encoded:
        """Encode as `encode` does, and count what the encoder's limit cut away, where it has one."""
        if isinstance(self.encoder, CountingEncoder):
            encoded = self.encoder.encode_counted(items, role=role, progress=progress)
            return Encoded(self._transform(encoded.vectors), encoded.tokens, encoded.lost)
        zeros = np.zeros(len(items), np.int64)
        return Encoded(self.encode(items, role=role), zeros, zeros)

    def _transform(self, X: FloatArray) -> FloatArray:
        if not len(X) and self.transforms:  # a transform takes at least one row
            return self._transform(np.zeros((1, X.shape[1]), np.float32))[:0]
        for transform in self.transforms:
            X = transform.transform(X)
        return as_vectors(X, "the vectors of the pipeline")

    def fingerprint(self) -> str:
        """Return the name of what makes the vectors; only those of equal fingerprints compare."""
        return fingerprint(self.encoder, *self.transforms)

    def new_index(self) -> Index:
        """Return an index that is not fitted yet."""
        if self.index is not None:
            return clone(self.index)  # type: ignore[no-any-return]
        from .indexes import Auto

        return Auto()  # type: ignore[no-any-return]

    def store(self, items: Sequence[Any]) -> Self:
        """Encode `items` and index them, in the place of those stored before."""
        X = self.encode(items)
        self.index_ = self.new_index().fit(X)
        # Rankers may look at what was found.
        self.items_ = list(items) if self.rankers else None
        self.vectors_ = X if self.rankers else None
        return self

    def search(self, queries: Sequence[Any], k: int = 10, *, where: Where | None = None) -> Hits:
        """Find the best `k` of the stored items for each query; rankers choose them from the best 100.

        Parameters
        ----------
        queries : of the kind of the items.
        k : at least 1.
        where : items allowed as hits: a mask or their numbers.
        """
        self._check_fitted()
        if isinstance(queries, str):
            raise ParameterError("search needs a list of queries; wrap a single one as [query].")
        if not isinstance(k, int | np.integer) or k < 1:
            raise ParameterError(f"k must be a whole number of at least 1, got {k!r}.")
        Q = self.encode(queries, role="query")
        deep = max(k, DEPTH) if self.rankers else k
        hits = self.index_.search(Q, deep, where=where)
        rows = None
        if where is not None:
            given = np.asarray(where)
            rows = np.flatnonzero(given) if given.dtype == bool else np.unique(given).astype(np.int64)
        asked = Search(hits, Q=Q, X=self.vectors_, queries=queries, items=self.items_, rows=rows)
        return self.rank(asked).hits.top(k)

    def rank(self, search: Search) -> Search:
        """Apply the rankers, one after another."""
        for ranker in self.rankers:
            search = ranker.rank(search)
        return search


def as_pipeline(encoder: "str | Encoder | Pipeline | None") -> Pipeline:
    """Return a pipeline for what the user named.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if isinstance(encoder, Pipeline):
        return encoder
    if encoder is None or isinstance(encoder, str):
        return Pipeline(named_encoder(encoder))
    if isinstance(encoder, Encoder):
        return Pipeline(encoder)
    raise ParameterError(
        f"encoder must be an Encoder, a Pipeline, the name of a model or 'hashing', got {type(encoder).__name__}."
    )
