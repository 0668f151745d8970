"""What product quantizers with learned codebooks share: codes, vectors, search, and the checks of queries."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._codes import checked

WARM = 10  # rounds of k-means that training starts from


class LearnedCodebooks(Transform):
    """Codes of one byte for each part of a vector, (n, n_subvectors); the layout of FAISS with 8 bits."""

    requires: ClassVar[tuple[str, ...]] = ("nn", "quantize")

    codebooks_: NDArray[Any]
    n_subvectors: int
    n_codewords: int

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _turned(self, X: FloatArray) -> FloatArray:
        """Return the vectors as they are cut into parts."""
        return X

    def _back(self, X: FloatArray) -> FloatArray:
        """Undo `_turned`."""
        return X

    def _parts(self, X: FloatArray) -> FloatArray:
        return np.ascontiguousarray(X, np.float32).reshape(len(X), self.n_subvectors, -1)

    def _pairs(self, X: ArrayLike, y: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
        """Return the documents and the queries, both checked."""
        for name, least in (("n_subvectors", 1), ("n_codewords", 2), ("n_epochs", 0), ("batch_size", 2)):
            if getattr(self, name) < least:
                raise ParameterError(f"{name} must be at least {least}, got {getattr(self, name)}.")
        if self.n_codewords > 256:
            raise ParameterError(f"n_codewords must be at most 256, as a code is one byte; got {self.n_codewords}.")
        X = validated(self, X, fit=True)
        if X.shape[1] % self.n_subvectors:
            raise ParameterError(f"n_subvectors must divide the {X.shape[1]} columns of X, got {self.n_subvectors}.")
        if y is None:
            raise ShapeError("y must be the queries, (n, d): row i of y belongs to row i of X; got None.")
        queries = as_vectors(y, "y", dim=X.shape[1])
        if len(queries) != len(X):
            raise ShapeError(f"y must have a row for each of the {len(X)} rows of X, got {len(queries)}.")
        return X, queries

    def _start(self, parts: FloatArray, random_state: int) -> FloatArray:
        """Return (m, k, s) codewords by k-means."""
        from ._lloyd import kmeans

        return kmeans(parts, self.n_codewords, WARM, np.random.default_rng(random_state))

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, n_subvectors) numbers of the nearest codewords.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another number of columns, or is not finite.
        """
        self._check_fitted()
        from ._lloyd import nearest

        return nearest(self._parts(self._turned(validated(self, X, fit=False))), self.codebooks_)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn codes into (n, d) vectors, whose inner product with a query is the score of the code.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes as `transform` gives them.
        """
        self._check_fitted()
        codes = self._known(C)
        return self._back(self.codebooks_[np.arange(self.n_subvectors), codes].reshape(len(codes), -1))

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the `k` codes whose vectors have the largest inner product with each of the (n queries, d) queries.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another number of columns, or `C` is not codes as `transform` gives them.
        """
        self._check_fitted()
        load("numba", extra="quantize", purpose="A search of codes")
        from ._tables import search

        return search(self._tables, self._turned(validated(self, Q, fit=False)), self._known(C), k)

    def _tables(self, Q: FloatArray) -> FloatArray:
        """Return (n queries, n_subvectors, 256) inner products with codewords; zero where there are none."""
        products = np.einsum("qms,mks->qmk", self._parts(Q), self.codebooks_, optimize=True)
        return np.pad(products, ((0, 0), (0, 0), (0, 256 - products.shape[2]))).astype(np.float32)

    def _known(self, C: ArrayLike) -> NDArray[np.uint8]:
        codes = checked(C, self.n_subvectors)
        if codes.size and codes.max() >= self.codebooks_.shape[1]:
            raise ShapeError(f"Codes must be below {self.codebooks_.shape[1]}, got {codes.max()}.")
        return codes


def rows_of(X: FloatArray) -> NDArray[np.int64]:
    """Return for each row which vector it is: equal rows have equal numbers."""
    return np.unique(X, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def small(cls: Any) -> Iterator[Any]:
    """Yield small instances for the contract checks."""
    yield cls(n_subvectors=4, n_codewords=8, n_epochs=2, batch_size=16)
    yield cls(n_subvectors=2, n_codewords=16, n_epochs=0)
