"""Several bits for each dimension, each the sign of what those before have left."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits

from ._codes import checked
from ._principal import principal_rotation
from ._training import finite

ROWS = 4096  # at once


class RecurrentBinarizer(Transform):
    r"""Write each vector as a sum of sign vectors, learned so that codes are as alike as their vectors.

    The recurrent binarization of BEBR (Gan et al., 2023). With :math:`f` of length one, two-layer perceptrons
    :math:`W_u` and :math:`R_u`, and :math:`m` dimensions of the code,

    .. math::

        b_0 = \operatorname{sign} W_0(f), \qquad
        \hat f_u = \frac{R_u(b_u)}{\lVert R_u(b_u) \rVert}, \qquad
        b_{u+1} = b_u + 2^{-(u+1)} \operatorname{sign} W_{u+1}(f - \hat f_u).

    Codes are compared with codes, by the symmetric distance of the paper: the cosine of :math:`b_q` and :math:`b_d`,
    whose inner product needs the bits alone,

    .. math:: \langle b_q, b_d \rangle = \sum_{i, j} 2^{-i-j} \, (m - 2 \operatorname{popcount}(q_i \oplus d_j)).

    The blocks are trained straight through the signs by a contrast within a batch: the softmax
    of :math:`\cos(b_i, b_j) / \tau` over the rows j other than i has to be that of
    :math:`\langle f_i, f_j \rangle / \tau`.

    Use it where a bit for each dimension loses too much: each further bit brings the neighbours of codes nearer to
    those of the vectors, and a search of codes still counts bits. It takes vectors as directions: their lengths are not
    coded, and scores estimate cosines. `VectorQuantizer`, `Poeem` and `MoPQ` go below a bit for each dimension.

    The paper contrasts pairs of things that belong together, with the keys of a slow copy of the blocks in a queue.
    Here there are vectors only, so that the vectors themselves say how alike two rows are; taking each row for its
    own only match loses neighbours. Most is gained by the recursion itself: training adds little where `dim` is that of
    the vectors, and some where it is less. The paper starts from chance; here all blocks start as one rotation of the
    principal directions and its transpose, with which the first bit is that of a random rotation.

    Parameters
    ----------
    bits : for each dimension of the code, u + 1 in the paper; 1 to 8.
    dim : dimensions of the code, m in the paper; None takes that of the vectors.
    temperature : of the contrast, above 0; the smaller, the more the nearest rows count.
    n_epochs : passes over the rows; 0 leaves the start as it is.
    batch_size : rows that are contrasted with each other; at least 2.
    learning_rate : of AdamW.
    random_state : seed of the rotation and of the order of rows.

    Attributes
    ----------
    binarize_ : hidden weights (bits, 2 d, d), hidden biases (bits, 2 d), output weights (bits, dim, 2 d) and output
        biases (bits, dim) of the blocks W.
    reconstruct_ : the same of the blocks R; bits - 1 of them, with d and dim in each other's place.
    decoder_ : (d, dim), the least squares map from codes to vectors.
    offset_ : (d,), what that map adds.
    losses_ : mean loss of each epoch.

    References
    ----------
    Gan, Ge, Zhou, Su, Xu, Xu, Hui, Chen, Wang, Shan (2023). Binary Embedding-based Retrieval at Tencent. KDD.
    arXiv:2302.08714.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)
    >>> coder = RecurrentBinarizer(bits=2, n_epochs=1).fit(X)
    >>> codes = coder.transform(X)
    >>> codes.shape, codes.dtype
    ((200, 4), dtype('uint8'))
    >>> coder.search_codes(X[:3], codes, k=1).ids.ravel().tolist()
    [0, 1, 2]
    """

    paper: ClassVar[str] = "gan2023binary"
    requires: ClassVar[tuple[str, ...]] = ("nn", "quantize")

    binarize_: list[NDArray[Any]]
    reconstruct_: list[NDArray[Any]]
    decoder_: NDArray[Any]
    offset_: NDArray[Any]
    losses_: list[float]

    def __init__(
        self,
        bits: int = 4,
        dim: int | None = None,
        temperature: float = 0.07,
        n_epochs: int = 5,
        batch_size: int = 512,
        learning_rate: float = 1e-4,
        random_state: int = 0,
    ) -> None:
        self.bits = bits
        self.dim = dim
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(bits=2, n_epochs=2, batch_size=32)
        yield cls(bits=1, dim=12, n_epochs=0)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the blocks, and the way back, from (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        limits = (("bits", 1), ("dim", 1), ("n_epochs", 0), ("batch_size", 2))
        for name, least in limits:
            value = getattr(self, name)
            if value is not None and value < least:
                raise ParameterError(f"{name} must be at least {least}, got {value}.")
        if self.bits > 8:
            raise ParameterError(f"bits must be at most 8, got {self.bits}.")
        if self.temperature <= 0:
            raise ParameterError(f"temperature must be above 0, got {self.temperature}.")
        X = validated(self, X, fit=True)
        self._train(_directions(X))
        B = np.concatenate([_sum(self._planes(X[i : i + ROWS])) for i in range(0, len(X), ROWS)])
        # Least squares from codes to vectors, held in check where there are fewer rows than dimensions.
        mean, centre = B.mean(axis=0), X.mean(axis=0, dtype=np.float64)
        gram = (B - mean).T @ (B - mean) + 0.01 * len(B) * np.eye(B.shape[1])
        decoder = solve(gram, (B - mean).T @ (X - centre), assume_a="pos").T
        self.decoder_, self.offset_ = decoder.astype(np.float32), (centre - decoder @ mean).astype(np.float32)
        return self

    def _train(self, F: NDArray[np.float64]) -> None:
        torch = load("torch", extra="nn", purpose="RecurrentBinarizer")
        from inlay.nn.binarization import RecurrentBinarization, layers
        from inlay.nn.training import minimize, seeded

        f = torch.from_numpy(F.astype(np.float32))
        start = principal_rotation(F, self.dim or F.shape[1], self.random_state)
        with seeded(self.random_state):
            module = RecurrentBinarization(torch.from_numpy(start), self.bits)

        def loss(rows: Any) -> Any:
            b = torch.nn.functional.normalize(module(f[rows]), dim=1)
            own = torch.eye(len(rows), dtype=torch.bool)
            wanted = (f[rows] @ f[rows].T / self.temperature).masked_fill(own, -1e9).softmax(dim=1)
            got = (b @ b.T / self.temperature).masked_fill(own, -1e9)
            return torch.nn.functional.cross_entropy(got, wanted)

        self.losses_ = minimize(
            module.parameters(),
            loss,
            len(f),
            n_epochs=self.n_epochs if len(f) > 1 else 0,  # a row alone has nothing to be contrasted with
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        arrays = [
            [np.stack([t.numpy() for t in kind]) if kind else np.zeros(0, np.float32) for kind in layers(blocks)]
            for blocks in (module.binarize, module.reconstruct)
        ]
        # A sign is finite whatever it is the sign of: it is the weights that tell.
        finite([float(np.abs(kind).max(initial=0)) for kind in [*arrays[0], *arrays[1]]], self.learning_rate)
        self.binarize_, self.reconstruct_ = arrays

    def _planes(self, X: FloatArray) -> Iterator[NDArray[np.bool_]]:
        """Yield the planes of bits, (n, dim) each; in float64, so that rounding turns no bit."""
        F = _directions(X)
        b: Any = 0.0
        left = F
        for u in range(self.bits):
            if u:
                back = _apply(self.reconstruct_, u - 1, b)
                left = F - _directions(back)
            plane = _apply(self.binarize_, u, left) >= 0
            b += 2.0**-u * np.where(plane, 1.0, -1.0)
            yield plane

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, bits * ceil(dim / 8)) bytes: plane after plane, the coarsest first.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another number of columns, or is not finite.
        """
        self._check_fitted()
        X = validated(self, X, fit=False)
        parts = [
            np.concatenate([np.packbits(plane, axis=1) for plane in self._planes(X[i : i + ROWS])], axis=1)
            for i in range(0, len(X), ROWS)
        ]
        return np.concatenate(parts)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn codes into (n, d) float32 vectors, by least squares.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not codes as `transform` gives them.
        """
        self._check_fitted()
        dim = self.decoder_.shape[1]
        codes = checked(C, self.bits * -(-dim // 8))
        codes = codes.reshape(len(codes), self.bits, -(-dim // 8))
        planes = np.unpackbits(codes, axis=2, count=dim).transpose(1, 0, 2)
        out = _sum(iter(planes.astype(bool))) @ self.decoder_.T.astype(np.float64) + self.offset_
        return np.asarray(out, np.float32)

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find the `k` codes that are most like the codes of the (n queries, d) vectors `Q`.

        A score is the cosine of two codes, which stands for that of the vectors; ties are in row order.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If `k` is less than 1.
        ShapeError
            If `Q` has another number of columns, or `C` is not codes as `transform` gives them.
        """
        asked = self.transform(Q)
        load("numba", extra="quantize", purpose="A search of bit planes")
        from ._bit_planes import search

        return search(asked, checked(C, asked.shape[1]), self.bits, self.decoder_.shape[1], k)


def _directions(X: NDArray[Any]) -> NDArray[np.float64]:
    """Scale rows to length one, in float64; a zero row stays zero."""
    wide = np.ascontiguousarray(X, np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    out: NDArray[np.float64] = np.divide(wide, length, out=np.zeros_like(wide), where=length > 0)
    return out


def _apply(blocks: list[NDArray[Any]], u: int, X: NDArray[Any]) -> NDArray[Any]:
    """Apply block `u` in float64."""
    hidden, bias, out, offset = (kind[u].astype(np.float64) for kind in blocks)
    return np.asarray(np.maximum(X @ hidden.T + bias, 0) @ out.T + offset)


def _sum(planes: Iterator[NDArray[np.bool_]]) -> NDArray[np.float64]:
    """Add up the signs of planes: 1, 1/2, 1/4 and so on of them."""
    total: Any = sum(2.0**-u * np.where(plane, 1.0, -1.0) for u, plane in enumerate(planes))
    return np.asarray(total)
