"""A fitted codec that stays as it is, for what fits its parts anew."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from .contracts import Codec
from .method import Method
from .values import FloatArray, Hits


class Frozen(Method):
    """Keep a codec as it was fitted, whatever it is fitted to; a clone is the same object.

    An index fits a copy of its codec to the vectors that it stores. A codec that has learned from something else, such
    as queries and their documents, is handed to it in this.

    Parameters
    ----------
    codec : fitted, with ``transform`` and ``inverse_transform``, perhaps ``search_codes``.

    Examples
    --------
    >>> from inlay.indexes import Coded
    >>> from inlay.transforms.quantize import ScalarQuantizer
    >>> codec = ScalarQuantizer().fit([[0.0, 0.0], [1.0, 1.0]])
    >>> Coded(Frozen(codec)).fit([[0.2, 0.4]]).codec_.codec is codec
    True
    """

    paper: ClassVar[str] = ""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec

    def __sklearn_clone__(self) -> Self:
        return self

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield nothing, for an example is not fitted, and this is nothing else."""
        yield from ()

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Return the object; nothing is learned."""
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Turn (n, d) vectors into (n, m) codes."""
        return self.codec.transform(X)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, m) codes into (n, d) vectors."""
        return self.codec.inverse_transform(C)

    @available_if(lambda self: hasattr(self.codec, "search_codes"))  # type: ignore[untyped-decorator]
    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the best `k` of (n, m) codes for each of the (n queries, d) vectors."""
        hits: Hits = self.codec.search_codes(Q, C, k)  # type: ignore[attr-defined]
        return hits
