"""MaxSim over compressed vectors: centroids choose the items, centroids with residuals put them in order."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Index, Where
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray, Hits, IdArray, Ragged
from inlay.core.vectors import top_k

from ._multi import (
    asked_items,
    choices,
    code_kernels,
    finite,
    joined,
    k_means,
    kernels,
    max_sim_rescore,
    nearest,
    ordered,
    stored_items,
)
from ._stored import check_kept

BITS = (1, 2, 4, 8)
MOST = 1 << 16  # centroids that a code of two bytes can name
STEPS = 255  # of the scores of centroids
BLOCK = 1 << 12  # vectors at a time
SAMPLE = 1 << 18  # numbers from which the levels are learned
ROUNDS = 20  # of Lloyd's algorithm over the levels


class CentroidMaxSim(Index):
    r"""Find items of several vectors by the centroids nearest to their vectors, and score the best by compressed ones.

    A stored vector becomes the number of its nearest centroid and its residual at `bits` a number, as in ColBERTv2
    (Santhanam et al. 2021). A search then has the stages of PLAID (Santhanam et al. 2022). With the scores
    :math:`S_{c,q}` of all centroids for the vectors of the query, each item is scored as if its vectors were their
    centroids,

    .. math:: \tilde s(q, d) = \sum_i \max_{c \,\in\, \text{codes}(d)} S_{c,i} ,

    for which no vector is read. The best `n_candidates` are decoded and scored by MaxSim, in each of them the vectors
    that can be the nearest to a vector of the query, as far as their centroids tell (`near`). PLAID first drops items
    and centroids that are far from every query vector, because it looks the scores up one by one; here a row of the
    table holds those of 32 query vectors in 8 bits each, so that a stored vector costs one instruction, and all items
    are looked at.

    Use it where `MaxSim` is too slow or its vectors take too much memory. `Muvera` needs no learning and any index of
    single vectors; `DiskMaxSim` scores by full vectors from disk.

    Parameters
    ----------
    bits : 1, 2, 4 or 8 for each number of a residual.
    n_candidates : items that are decoded for a query; at least 1.
    near : of a candidate, the vectors are decoded whose centroid, for some vector of the query, scores at most this
        share of the range of such scores less than the best of the item; from 0 to 1, where all are.
    rescore : how many times `k` of them are compared again by their full vectors, which lie on disk where the index
        was loaded with ``mmap``; 0 where the codes have the last word and no vectors are kept.
    n_centroids : at most 65536; None takes :math:`2^{\lfloor \log_2 16 \sqrt t \rfloor}` for :math:`t` stored
        vectors, as ColBERTv2 does, but no more than a quarter of them.
    n_fit : vectors for each centroid from which they are learned, drawn at random; at least 1.
    n_iterations : passes of k-means.
    random_state : seed of the draws.

    Attributes
    ----------
    centroids_ : (n_centroids, d) float32.
    levels_ : (2 ** bits,) float32, the numbers that a residual is rounded to, by Lloyd's algorithm.
    codes_ : (total,) uint16, the centroid of each vector.
    residuals_ : (total, bytes) uint8, packed, lowest bits first.
    offsets_ : (n + 1,) int64; item i owns the vectors from ``offsets_[i]`` to ``offsets_[i + 1]``.
    values_ : (total, d) float32, the full vectors, where `rescore` is not 0; else (0, d).

    References
    ----------
    Santhanam, Khattab, Potts, Zaharia (2022). PLAID: An Efficient Engine for Late Interaction Retrieval. CIKM.
    arXiv:2205.09707.

    Santhanam, Khattab, Saad-Falcon, Potts, Zaharia (2021). ColBERTv2: Effective and Efficient Retrieval via
    Lightweight Late Interaction. arXiv:2112.01488.

    Examples
    --------
    >>> from inlay.core.vectors import normalize
    >>> X = Ragged(normalize(np.random.default_rng(0).normal(size=(200, 16))), np.arange(0, 201, 4))
    >>> index = CentroidMaxSim().fit(X)
    >>> index.search(Ragged(X.values[:8], np.array([0, 4, 8])), k=1).ids.tolist(), index.bytes_per_vector
    ([[0], [1]], 10)
    """

    paper: ClassVar[str] = "santhanam2022plaid"
    requires: ClassVar[tuple[str, ...]] = ("quantize",)
    stores = "multivectors"

    centroids_: FloatArray
    levels_: FloatArray
    codes_: NDArray[np.uint16]
    residuals_: NDArray[np.uint8]
    offsets_: IdArray
    values_: FloatArray

    def __init__(
        self,
        bits: int = 4,
        *,
        n_candidates: int = 64,
        near: float = 0.125,
        rescore: int = 0,
        n_centroids: int | None = None,
        n_fit: int = 16,
        n_iterations: int = 4,
        random_state: int = 0,
    ) -> None:
        self.bits = bits
        self.n_candidates = n_candidates
        self.near = near
        self.rescore = rescore
        self.n_centroids = n_centroids
        self.n_fit = n_fit
        self.n_iterations = n_iterations
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(bits=8, n_candidates=30, near=1.0, rescore=3, n_centroids=20, random_state=1)

    @property
    def bytes_per_vector(self) -> int:
        """What a stored vector takes, the full one on disk not counted."""
        self._check_fitted()
        return int(self.codes_.itemsize + self.residuals_.shape[1])

    def fit(self, X: Ragged) -> Self:
        """Learn centroids and levels from n items of vectors, code and store them; their numbers are the ids.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not a Ragged of finite numbers.
        """
        if self.bits not in BITS:
            raise ParameterError(f"bits must be one of {BITS}, got {self.bits!r}.")
        if self.n_centroids is not None and not 1 <= self.n_centroids <= MOST:
            raise ParameterError(f"n_centroids must be from 1 to {MOST}, or None, got {self.n_centroids}.")
        if not 0 <= self.near <= 1:
            raise ParameterError(f"near must be from 0 to 1, got {self.near}.")
        if self.n_candidates < 1 or self.rescore < 0 or self.n_fit < 1 or self.n_iterations < 0:
            raise ParameterError(
                "n_candidates and n_fit must be at least 1, rescore and n_iterations at least 0, got "
                f"{self.n_candidates}, {self.n_fit}, {self.rescore}, {self.n_iterations}."
            )
        values, self.offsets_ = stored_items(X)
        rng = np.random.default_rng(self.random_state)
        self.centroids_ = self._centroids(values, rng)
        some = values[np.sort(rng.permutation(len(values))[: max(1, SAMPLE // values.shape[1])])]
        self.levels_ = _levels((some - self.centroids_[nearest(some, self.centroids_)]).ravel(), 2**self.bits)
        self.codes_, self.residuals_ = self._code(values)
        self.values_ = values if self.rescore else values[:0].copy()
        return self

    def add(self, X: Ragged) -> Self:
        """Code and store further items behind those there are; centroids and levels stay as they were learned.

        Raises
        ------
        ShapeError
            If `X` does not have as many columns as the stored vectors.
        """
        self._check_fitted()
        more, ends = joined(self.values_[:0], self.offsets_[:1], X)
        if not self.offsets_[-1]:
            # Of no vectors, nothing was learned.
            return self.fit(Ragged(more, np.concatenate([self.offsets_, ends[1:]])))
        check_kept(self.rescore, len(self.values_), int(self.offsets_[-1]))
        codes, residuals = self._code(more)
        self.codes_, self.residuals_ = np.append(self.codes_, codes), np.concatenate([self.residuals_, residuals])
        self.offsets_ = np.append(self.offsets_, self.offsets_[-1] + ends[1:])
        if self.rescore:
            self.values_ = np.concatenate([self.values_, more])
        return self

    def search(self, Q: Ragged, k: int, *, where: Where | None = None) -> Hits:
        """Find the best `k` items for each query; see `MaxSim.search` for the parameters and errors."""
        self._check_fitted()
        check_kept(self.rescore, len(self.values_), int(self.offsets_[-1]))
        library, coded = kernels(), code_kernels()
        bits = len(self.levels_).bit_length() - 1
        Q, k = asked_items(Q, k, self.centroids_.shape[1])
        rows = choices(where, self.offsets_)
        width = min(len(rows), max(k, self.n_candidates))
        ids, scores = np.full((len(Q), width), -1, np.int64), np.full((len(Q), width), -np.inf, np.float32)
        starts, stops = self.offsets_[rows], self.offsets_[rows + 1]
        meant, slack = _bytes(self.levels_, bits), round(STEPS * self.near)
        centroids, codes, residuals = (np.asarray(held) for held in (self.centroids_, self.codes_, self.residuals_))

        def one(i: int) -> None:
            tables = _tables(Q[i] @ self.centroids_.T, coded.BYTES)
            near = coded.entry_sums(tables, codes, starts, stops)
            best = top_k(near[None].astype(np.float32), width)[0][0]
            ids[i] = rows[best]
            scores[i] = finite(
                coded.decoded_scores(
                    library.laid(Q[i]), tables, slack, centroids, meant, codes, residuals, starts[best], stops[best]
                )
            )

        asked = np.flatnonzero(Q.lengths) if width else np.zeros(0, np.int64)
        work = int(Q.lengths.sum()) * self.centroids_.size
        library.side_by_side(lambda i: one(int(asked[i])), len(asked), work)
        if not self.rescore:
            return ordered(ids, scores, k)
        return max_sim_rescore(Q, self.values_, self.offsets_, ordered(ids, scores, self.rescore * k).ids, k)

    def _centroids(self, values: FloatArray, rng: np.random.Generator) -> FloatArray:
        total = len(values)
        usual = min(2 ** int(np.log2(16 * np.sqrt(max(1, total)))), max(1, total // 4))
        count = max(1, min(total, MOST, usual if self.n_centroids is None else self.n_centroids))
        rows = rng.permutation(total)[: count * self.n_fit]
        # Where nothing is stored, a row of zeros tells the number of columns.
        some = values[np.sort(rows)] if total else np.zeros((1, values.shape[1]), np.float32)
        return k_means(some, count, self.n_iterations, rng)

    def _code(self, values: FloatArray) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        bits = len(self.levels_).bit_length() - 1  # `bits` as it was when the levels were learned
        per = 8 // bits
        codes = nearest(values, self.centroids_)
        out = np.zeros((len(values), -(-values.shape[1] // per)), np.uint8)
        borders = (self.levels_[1:] + self.levels_[:-1]) / 2
        for start in range(0, len(values), BLOCK):
            part = slice(start, start + BLOCK)
            steps = np.searchsorted(borders, values[part] - self.centroids_[codes[part]]).astype(np.uint8)
            for place in range(per):
                numbers = steps[:, place::per]
                out[part, : numbers.shape[1]] |= numbers << np.uint8(place * bits)
        return codes.astype(np.uint16), out


def _levels(numbers: FloatArray, count: int) -> FloatArray:
    """Return the numbers, in order, to which rounding changes the given ones least."""
    if not len(numbers):
        return np.zeros(count, np.float32)
    ordered = np.sort(numbers)
    out = np.quantile(ordered, (np.arange(count) + 0.5) / count)
    sums = np.append(0.0, np.cumsum(ordered, dtype=np.float64))
    for _ in range(ROUNDS):
        cuts = np.concatenate([[0], np.searchsorted(ordered, (out[1:] + out[:-1]) / 2), [len(ordered)]])
        counts = np.diff(cuts)
        out = np.where(counts > 0, np.diff(sums[cuts]) / np.maximum(counts, 1), out)
    return np.asarray(out, np.float32)


def _bytes(levels: FloatArray, bits: int) -> FloatArray:
    """Return what each byte stands for, (256, numbers of a byte)."""
    steps = np.arange(256)[:, None] >> (bits * np.arange(8 // bits))
    return np.ascontiguousarray(levels[steps & (2**bits - 1)])


def _tables(products: FloatArray, width: int) -> NDArray[np.uint8]:
    """Round (m, centroids) products to 8 bits, one step for all, and lay `width` query vectors side by side."""
    # Only maxima count, which are rarely below the mean.
    above = products - products.mean(axis=1, keepdims=True)
    steps = np.clip(np.rint(above * (STEPS / max(float(above.max()), 1e-30))), 0, STEPS).astype(np.uint8)
    groups = -(-len(steps) // width)
    out = np.zeros((groups * width, steps.shape[1]), np.uint8)
    out[: len(steps)] = steps
    return np.ascontiguousarray(out.reshape(groups, width, -1).transpose(0, 2, 1))
