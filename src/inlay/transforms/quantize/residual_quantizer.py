"""Residual quantisation: a sum of centroids, each of what those before it left."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._beam import encode
from ._codes import check_bits, checked, joined, packed, unpacked
from ._lloyd import PER_CENTROID, kmeans, nearest


class ResidualQuantizer(Transform):
    r"""Replace a vector by a sum of centroids, one of each codebook, found by a beam search.

    The first codebook is learned by k-means on the vectors, each further one on what the codes so far leave of them:

    .. math:: \hat x = \sum_{j=1}^m c_j(i_j), \qquad r_j = x - \sum_{l<j} c_l(i_l), \qquad
        \langle y, \hat x \rangle = \sum_{j=1}^m \langle y, c_j(i_j) \rangle

    The nearest centroid of each residual (Chen et al., 2010) is not the best sum; therefore the `beam_size` best sums
    are kept after each codebook (Babenko and Lempitsky, 2014), and the best of them at the end is the code.

    Use it where bytes count more than the time of making codes, for the vectors that it learned from or where there
    are very many to learn from. It has many more numbers to learn than `OptimizedProductQuantizer`: of 6,000 vectors of
    a sentence encoder that it had seen, it kept far more of the neighbours at 16 bytes; of others, as many. Codes are
    searched at the same speed.

    Parameters
    ----------
    n_codebooks : m, at least 1.
    bits : 8 for codebooks of 256 centroids, or 4 for 16, of which two share a byte.
    beam_size : how many sums are kept, at least 1, which takes the nearest centroid each time.
    n_iter : steps of Lloyd's algorithm for each codebook, at least 1.
    random_state : seed of the rows that the centroids start from.

    Attributes
    ----------
    codebooks_ : (n_codebooks, 2**bits, d) float32.

    References
    ----------
    Chen, Guan, Wang (2010). Approximate Nearest Neighbor Search by Residual Vector Quantization. Sensors 10(12).
    Babenko, Lempitsky (2014). Additive Quantization for Extreme Vector Compression. CVPR.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    >>> for beam_size in (1, 8):
    ...     codec = ResidualQuantizer(4, bits=4, beam_size=beam_size).fit(X)
    ...     codes = codec.transform(X)
    ...     print(codes.shape, round(float(((codec.inverse_transform(codes) - X) ** 2).mean()), 2))
    (500, 2) 0.09
    (500, 2) 0.08
    """

    paper: ClassVar[str] = "chen2010approximate"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)

    codebooks_: FloatArray

    def __init__(
        self, n_codebooks: int = 16, *, bits: int = 8, beam_size: int = 5, n_iter: int = 25, random_state: int = 0
    ) -> None:
        self.n_codebooks = n_codebooks
        self.bits = bits
        self.beam_size = beam_size
        self.n_iter = n_iter
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(3, bits=4, beam_size=2, n_iter=3)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the codebooks from (n, d) vectors, of which at most 256 a centroid are looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits, (4, 8))
        check_numbers(self, at_least={"n_codebooks": 1, "beam_size": 1, "n_iter": 1})
        rest = validated(self, X, fit=True)[:, None]
        rng = np.random.default_rng(self.random_state)
        size = 2**self.bits
        if len(rest) > PER_CENTROID * size:
            rest = rest[np.sort(rng.choice(len(rest), PER_CENTROID * size, replace=False))]
        codebooks = []
        for _ in range(self.n_codebooks):
            codebooks.append(kmeans(rest, size, self.n_iter, rng))
            rest = rest - codebooks[-1][0, nearest(rest, codebooks[-1])]
        self.codebooks_ = np.concatenate(codebooks)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, n_codebooks) bytes, or half as many with 4 bits.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        X = validated(self, X, fit=False)
        return packed(encode(X, self.codebooks_, self.beam_size), self.bits)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, m) codes into (n, d) vectors.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes of this codec.
        """
        self._check_fitted()
        m, _, d = self.codebooks_.shape
        numbers = unpacked(checked(C, -(-m * self.bits // 8)), self.bits, m)
        out = np.zeros((len(numbers), d), np.float32)
        for j in range(m):
            out += self.codebooks_[j, numbers[:, j]]
        return out

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the best `k` of (n, m) codes for each of the (n queries, d) vectors, by the vectors they stand for.

        Raises
        ------
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another dimension or is not finite, or `C` is not codes of this codec.
        """
        self._check_fitted()
        m, size, d = self.codebooks_.shape
        Q = as_vectors(Q, "Q", dim=d)
        codes = checked(C, -(-m * self.bits // 8))
        scan = load("inlay.transforms.quantize._tables", extra="quantize", purpose="Searching codes").search
        flat = self.codebooks_.reshape(m * size, d)

        def tables(some: FloatArray) -> FloatArray:
            # One by one, for a product of all queries at once would round one otherwise with others beside it.
            return joined(np.stack([(flat @ q).reshape(m, size) for q in some]), self.bits)

        hits: Hits = scan(tables, Q, codes, k)
        return hits
