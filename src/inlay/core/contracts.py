"""The nine contracts: what each kind of method answers.

A contract is the set of methods that a folder's classes share. Optional powers are declared by defining them
and are absent otherwise: an index that can grow has ``add``, a codec has ``inverse_transform``, an encoder that
counts what it cuts has ``encode_counted``.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin

from .method import Method
from .values import Encoded, FloatArray, Hits, IdArray, Ragged, Reading, Search

if TYPE_CHECKING:
    from torch import Tensor

Where = NDArray[np.bool_] | IdArray | Sequence[int]
Progress = Callable[[int], object]
Grades = Sequence[Mapping[int, float]]  # for each query the grades of rows, by row number; 0 where a row is not named


class Encoder(Method):
    """Things to vectors."""

    @abstractmethod
    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        """Encode `items`; `role` is ``"document"`` for what is stored and ``"query"`` for what is asked.

        Returns
        -------
        (n, d) float32
        """


@runtime_checkable
class CountingEncoder(Protocol):
    """The optional power of an encoder with a limit on input length: to say what the limit cut away."""

    def encode_counted(
        self, items: Sequence[Any], *, role: str = "document", progress: Progress | None = None
    ) -> Encoded:
        """Encode, counting the tokens of each item and those that were lost.

        `progress` is called with the number of items finished since the last call.
        """

    def count_tokens(self, items: Sequence[Any]) -> IdArray:
        """Count the tokens of each item, special tokens not counted."""

    if TYPE_CHECKING:  # Python 3.11 reads each member that it looks for, and this one may load a model

        @property
        def max_tokens(self) -> int:
            """The longest input that is seen whole, in tokens, special tokens not counted."""


@runtime_checkable
class TokenEncoder(Protocol):
    """The optional power of an encoder of texts to give a vector for each token."""

    def encode_tokens(self, items: Sequence[str], *, layer: int | None = None) -> Ragged:
        """Turn n texts into the vectors of their tokens, special tokens left out; None takes the last layer."""


class Transform(TransformerMixin, Method):  # type: ignore[misc]
    """Vectors to vectors or codes: a scikit-learn estimator.

    Aligners take the second space as `y`, and what learns from classes takes those; both set the tag
    ``target_tags.required``, and the second ``target_tags.one_d_labels`` as well. Sparse vectors are CSR matrices.
    """

    @abstractmethod
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn from (n, d) vectors."""

    @abstractmethod
    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Turn (n, d) vectors into (n, d') vectors of float32, or codes of integers."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # float32 or codes come out, whatever went in
        return tags


@runtime_checkable
class Codec(Protocol):
    """A transform with a way back: `transform` gives codes, packed as they are stored, and this makes vectors of them.

    The bytes of a row of codes are what a vector costs.
    """

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn from (n, d) vectors."""

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Turn (n, d) vectors into (n, m) codes."""

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, m) codes into (n, d) vectors."""


@runtime_checkable
class SearchesCodes(Protocol):
    """The optional power of a codec to search its codes faster than by making vectors of them."""

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the best `k` of (n, m) codes for each of the (n queries, d) query vectors.

        A score estimates the inner product of the query with the vector that was coded.
        """


class Multivector(Method):
    """Items of several vectors each to fewer or smaller ones.

    What learns has ``fit(items, y=None)``, which returns the object; `y` holds an item for each of `items`, such as
    the query that it answers, where pairs are learned from. An item is what it is whatever stands beside it.
    """

    @abstractmethod
    def transform(self, items: Ragged) -> Ragged:
        """Turn n items of vectors of d dimensions into n items of d'; one is empty only where it was empty before."""


class Index(Method):
    """Stored vectors to Hits.

    `stores` says of what kind `X` and `Q` are: ``"vectors"``, ``"multivectors"`` (Ragged), ``"sparse"`` (CSR
    matrices without negative numbers) or ``"texts"``. Sparse vectors and texts have only those rows as hits that share
    a column or a word with the query.

    Optional powers: ``add(X)`` stores more vectors, whose row numbers follow those that are there; ``remove(rows)``
    takes rows out of all later searches, and the others keep their numbers; ``fit_with_progress(X, progress)`` is a
    `fit` that takes long, and calls `progress` with the number of rows finished since the last call. All return the
    index itself.
    """

    stores: ClassVar[Literal["vectors", "multivectors", "sparse", "texts"]] = "vectors"

    @abstractmethod
    def fit(self, X: Any) -> Self:
        """Store (n, d) vectors; their row numbers are the ids."""

    @abstractmethod
    def search(self, Q: Any, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` rows for each query.

        Parameters
        ----------
        Q : (n queries, d) query vectors.
        k : at least 1.
        where : rows allowed as hits: a mask of booleans, one for each row, or row numbers. As many as `k` of them
            are returned wherever that many are allowed.
        """


class Ranker(Method):
    """Hits to better Hits.

    What learns has ``fit(search, y=None)``, which returns the object. Where `y` is the `Grades` of the queries, the
    tag ``target_tags.required`` is set; where it is a label for each stored row, ``target_tags.one_d_labels`` as well.
    A query's hits do not depend on the queries beside it, and are among ``search.rows`` where those are given. What a
    ranker looks at and the search lacks, it names: ``search.need("Name", "Q", "X")``. `by_row` tells that it keeps
    state by the numbers of rows, so that it is of no use where these are numbered anew, as in searches of a space.
    """

    by_row: ClassVar[bool] = False

    @abstractmethod
    def rank(self, search: Search) -> Search:
        """Return the search with new hits, as `Search.found` does; the one given is not changed."""


@runtime_checkable
class ScoresPairs(Protocol):
    """The optional power of a ranker to score any query with any item, such as a cross-encoder has it."""

    def score_pairs(self, queries: Sequence[Any], items: Sequence[Any]) -> FloatArray:
        """Return the (n,) scores of n queries, each with the item at its place; larger is better."""


class Generates(Protocol):
    """What writes texts about texts, such as a language model; one that is to be saved with a ranker is a Method."""

    def generate(self, texts: Sequence[str], n: int) -> list[list[str]]:
        """Return up to `n` new texts for each of `texts`; what is written for one does not depend on the others."""


class Loss(Protocol):
    """A batch of embeddings to one number: a ``torch.nn.Module`` with these members.

    It stands here as a protocol because this package does without torch. A wrapper takes another loss.
    """

    paper: ClassVar[str]

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances on which the contract checks run."""

    def forward(self, a: "Tensor", b: "Tensor", target: "Tensor | None" = None) -> "Tensor":
        """Return the loss of (n, d) embeddings `a` against `b`, a scalar."""


class Sampler(Method):
    """Which rows meet in a batch."""

    @abstractmethod
    def batches(self, n: int, rng: np.random.Generator, scores: NDArray[Any] | None = None) -> Iterator[IdArray]:
        """Yield the row numbers of each batch for `n` rows; all chance comes from `rng`."""


class Measure(Method):
    """One or two spaces to readings."""

    @abstractmethod
    def measure(self, X: ArrayLike, Y: ArrayLike | None = None, *, labels: ArrayLike | None = None) -> list[Reading]:
        """Measure the (n, d) space `X`, alone or against `Y`."""


@runtime_checkable
class Encodes(Protocol):
    """What a task scores: an encoder, or a pipeline, which has `store` and `search` besides."""

    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        """Turn items into (n, d) vectors."""


class Task(Method):
    """Data, protocol and score."""

    @abstractmethod
    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder, or a pipeline; the first reading is the main score."""
