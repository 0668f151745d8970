"""MUVERA: one vector an item whose inner products estimate MaxSim, and MaxSim of the best."""

import itertools
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits, IdArray, Ragged

from ._multi import asked_items, choices, max_sim_rescore, stored_items
from .exact import Exact

BLOCK_BYTES = 4 << 20  # of what is nearest to each bucket of some items
WHOLE_BYTES = 32 << 20  # of encodings at a time


class Muvera(Index):
    r"""Find items of several vectors by any index of single vectors, and put the best in order by MaxSim.

    A fixed dimensional encoding (FDE) makes one vector of the vectors of an item. Random hyperplanes part space into
    :math:`2^b` buckets; with the vectors of the bucket :math:`k` of the query :math:`Q` and of the item :math:`P`,

    .. math:: q_{(k)} = \sum_{x \in Q,\, \varphi(x) = k} \psi(x), \qquad
        p_{(k)} = \frac{1}{|P \cap \varphi^{-1}(k)|} \sum_{x \in P,\, \varphi(x) = k} \psi(x)

    are laid end to end, those of several repetitions behind each other, where :math:`\psi` is a random projection by
    signs. A bucket without a vector of the item is empty, or takes the vector whose bucket differs in the fewest bits
    (`fill_empty`). Vectors that are near each other fall into the same bucket, so that
    :math:`\langle q, p \rangle`, over the repetitions, estimates the MaxSim of the two (Dhulipala et al. 2024). The
    best `n_rescored` items by it are compared by MaxSim.

    Use it where an index of single vectors is there and its ways are wanted: a graph, codes, a server. Nothing is
    learned. `CentroidMaxSim` learns centroids, needs fewer candidates, and is its own index.

    Parameters
    ----------
    n_repetitions : at least 1.
    n_bits : hyperplanes of a repetition, which make ``2 ** n_bits`` buckets; from 0 to 12.
    dim_projection : dimension of a bucket; None leaves vectors as they are.
    dim_final : dimension to which the whole is brought by a count sketch; None leaves it.
    fill_empty : let a bucket without a vector of the item take the nearest one, as the paper does. The estimate then
        comes nearer to MaxSim the more buckets there are; the vectors of a text, which are much alike, are told apart
        better where it is left empty, as by the published code. ``benchmarks/claims/muvera.py`` has both.
    n_rescored : items that are compared by MaxSim for a query; at least 1.
    index : an index of single vectors, of which a copy is fitted to the FDEs; None takes `Exact`.
    random_state : seed of hyperplanes, signs and sketch.

    Attributes
    ----------
    index_ : the index of the FDEs.
    planes_ : (n_repetitions, n_bits, d) float32, the hyperplanes.
    signs_ : (n_repetitions, dim_projection, d) float32, the projections; (0, 0, d) where there are none.
    sketch_ : (2, FDE dimension) int64, place and sign of each number in the count sketch; (2, 0) where there is none.
    values_, offsets_ : the stored items, as in `MaxSim`.

    References
    ----------
    Dhulipala, Hadian, Jayaram, Lee, Mirrokni (2024). MUVERA: Multi-Vector Retrieval via Fixed Dimensional Encodings.
    NeurIPS. arXiv:2405.19504.

    Examples
    --------
    >>> from inlay.core.vectors import normalize
    >>> X = Ragged(normalize(np.random.default_rng(0).normal(size=(200, 16))), np.arange(0, 201, 4))
    >>> index = Muvera(n_bits=3, dim_projection=8, n_rescored=10).fit(X)
    >>> index.encode_documents(X).shape
    (50, 1280)
    >>> index.search(Ragged(X.values[:8], np.array([0, 4, 8])), k=1).ids.tolist()
    [[0], [1]]
    """

    paper: ClassVar[str] = "dhulipala2024muvera"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)
    stores = "multivectors"

    index_: Any
    planes_: FloatArray
    signs_: FloatArray
    sketch_: IdArray
    values_: NDArray[Any]
    offsets_: IdArray

    def __init__(
        self,
        n_repetitions: int = 20,
        n_bits: int = 5,
        dim_projection: int | None = 16,
        *,
        dim_final: int | None = None,
        fill_empty: bool = False,
        n_rescored: int = 100,
        index: Index | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_repetitions = n_repetitions
        self.n_bits = n_bits
        self.dim_projection = dim_projection
        self.dim_final = dim_final
        self.fill_empty = fill_empty
        self.n_rescored = n_rescored
        self.index = index
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_repetitions=10, n_bits=3, dim_projection=None, n_rescored=30)
        yield cls(8, 2, 8, dim_final=200, fill_empty=True, n_rescored=50, index=Exact("float16"), random_state=1)

    def fit(self, X: Ragged) -> Self:
        """Draw the hyperplanes, encode and store n items of vectors; their numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or `index` does not store vectors.
        ShapeError
            If `X` is not a Ragged of finite numbers.
        """
        if self.n_repetitions < 1 or not 0 <= self.n_bits <= 12 or self.n_rescored < 1:
            raise ParameterError(
                "n_repetitions and n_rescored must be at least 1, n_bits from 0 to 12, got "
                f"{self.n_repetitions}, {self.n_rescored}, {self.n_bits}."
            )
        if any(dim is not None and dim < 1 for dim in (self.dim_projection, self.dim_final)):
            raise ParameterError(
                "dim_projection and dim_final must be at least 1, or None, got "
                f"{self.dim_projection}, {self.dim_final}."
            )
        if self.index is not None and getattr(self.index, "stores", None) != "vectors":
            raise ParameterError(f"index must be an index of single vectors, or None, got {self.index!r}.")
        self.values_, self.offsets_ = stored_items(X)
        dim, rng = self.values_.shape[1], np.random.default_rng(self.random_state)
        self.planes_ = rng.standard_normal((self.n_repetitions, self.n_bits, dim), np.float32)
        shape = (0, 0) if self.dim_projection is None else (self.n_repetitions, self.dim_projection)
        signs = rng.choice(np.array([-1, 1], np.float32), (*shape, dim))
        self.signs_ = np.asarray(signs / np.sqrt(max(1, shape[1])), np.float32)
        width = self.n_repetitions * 2**self.n_bits * (shape[1] or dim)
        self.sketch_ = np.zeros((2, 0), np.int64)
        if self.dim_final is not None:
            self.sketch_ = np.stack([rng.integers(self.dim_final, size=width), rng.choice([-1, 1], width)])
        fresh = Exact() if self.index is None else clone(self.index)
        self.index_ = fresh.fit(self._encode(self.values_, self.offsets_, stored=True))
        return self

    def encode_documents(self, X: Ragged) -> FloatArray:
        """Return the FDEs of stored items: the mean of each bucket; (n, FDE dimension)."""
        self._check_fitted()
        X, _ = asked_items(X, 1, self.values_.shape[1])
        return self._encode(X.values, X.offsets, stored=True)

    def encode_queries(self, Q: Ragged) -> FloatArray:
        """Return the FDEs of queries: the sum of each bucket, over the number of repetitions; (n, FDE dimension)."""
        self._check_fitted()
        Q, _ = asked_items(Q, 1, self.values_.shape[1])
        return self._encode(Q.values, Q.offsets, stored=False)

    def search(self, Q: Ragged, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` items for each query; see `MaxSim.search` for the parameters and errors."""
        self._check_fitted()
        Q, k = asked_items(Q, k, self.values_.shape[1])
        rows = choices(where, self.offsets_)
        width = max(1, min(len(rows), max(k, self.n_rescored)))
        some = None if len(rows) == len(self.offsets_) - 1 else rows
        found = self.index_.search(self._encode(Q.values, Q.offsets, stored=False), width, where=some)
        return max_sim_rescore(Q, self.values_, self.offsets_, found.ids, k)

    def _encode(self, values: FloatArray, offsets: IdArray, *, stored: bool) -> FloatArray:
        repetitions, n_bits, dim = self.planes_.shape
        width = repetitions * 2**n_bits * (self.signs_.shape[1] or dim)
        out = np.empty((len(offsets) - 1, self.dim_final or width), np.float32)
        # A block has so many vectors, and no more items than make encodings of as many bytes.
        step = BLOCK_BYTES // 8 // 2**n_bits
        work = np.maximum(np.diff(offsets), min(step, -(-4 * width * step // WHOLE_BYTES)))
        cuts = np.flatnonzero(np.diff(np.cumsum(work) // step)) + 1
        ends = [0, *cuts.tolist(), len(out)]
        for start, stop in itertools.pairwise(ends):
            places = offsets[start : stop + 1]
            block = np.asarray(values[places[0] : places[-1]])
            whole = np.empty((stop - start, repetitions, width // repetitions), np.float32)
            for r in range(repetitions):
                whole[:, r] = self._buckets(r, block, places - places[0], stored)
            out[start:stop] = self._sketched(whole.reshape(stop - start, width))
        return out

    def _buckets(self, r: int, values: FloatArray, offsets: IdArray, stored: bool) -> FloatArray:
        """Return what a repetition puts into the buckets of each item, (items, buckets * dim)."""
        n, buckets = len(offsets) - 1, 2 ** self.planes_.shape[1]
        codes = ((values @ self.planes_[r].T) > 0) @ (1 << np.arange(self.planes_.shape[1]))
        vectors = values @ self.signs_[r].T if len(self.signs_) else values
        owner = np.repeat(np.arange(n), np.diff(offsets))
        place = owner * buckets + codes
        pick = sparse.csr_array(
            (np.ones(len(codes), np.float32), (place, np.arange(len(codes)))), (n * buckets, len(codes))
        )
        out = np.asarray(pick @ vectors, np.float32)
        if not stored:
            return (out / np.float32(len(self.planes_))).reshape(n, buckets * vectors.shape[1])
        counts = np.bincount(place, minlength=n * buckets)
        out /= np.maximum(counts, 1)[:, None]
        held = np.flatnonzero(np.diff(offsets))
        if self.fill_empty and len(held):
            # By bits that differ, then by place in the item.
            differ = np.bitwise_count(codes[:, None] ^ np.arange(buckets)).astype(np.int64) * len(codes)
            first = np.minimum.reduceat(differ + np.arange(len(codes))[:, None], offsets[held]) % len(codes)
            empty = (counts.reshape(n, buckets)[held] == 0).ravel()
            out[(held[:, None] * buckets + np.arange(buckets)).ravel()[empty]] = vectors[first.ravel()[empty]]
        return out.reshape(n, buckets * vectors.shape[1])

    def _sketched(self, whole: FloatArray) -> FloatArray:
        if not self.sketch_.shape[1]:
            return whole
        place, sign = self.sketch_
        shape = (len(place), int(self.dim_final or 0))
        sketch = sparse.csr_array((sign.astype(np.float32), (np.arange(len(place)), place)), shape)
        return np.asarray((sketch.T @ whole.T).T, np.float32)
