"""Product quantization whose rotation and codewords are learned together, by retrieval."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits

from ._pairs import BITS, pairs, rows_of, small, start
from ._product import decode, encode, parts, search
from ._training import finite


class Poeem(Transform):
    r"""Learn a rotation and the codewords of product quantization from queries and their documents.

    The indexing layer of Poeem (Zhang et al., 2021), over frozen vectors. A document is turned, coded part by part by
    the nearest codewords, :math:`\varphi`, and turned back,

    .. math:: T(x) = \varphi(x R) R^\top,

    and rotation and codewords minimise the retrieval loss of T(x), a softmax over the documents of the batch, and the
    distortion :math:`\lVert T(x) - x \rVert^2`; the gradient goes straight through the choice of codewords. R stays a
    rotation as it is moved by Givens rotations alone: with the gradient G, the pairs of columns where
    :math:`S = G^\top R - R^\top G` is largest, each column in one pair, are turned by the angle
    :math:`-\lambda S_{ij}`. Training starts warm, from k-means and rotations that bring vectors nearest to their codes,
    in turns.

    Use it in place of optimized product quantization where there are queries with a document each to learn from; `MoPQ`
    learns no rotation, and its choice of codewords too. Codes and search are those of product quantization.

    The paper trains the encoders with the layer, and its codewords by distortion alone; here the encoders are frozen,
    and the retrieval loss reaches the codewords. There is no coarse quantizer before the parts.

    Parameters
    ----------
    n_subvectors : parts of a vector, which is also bytes for each vector; divides the dimension.
    n_codewords : for each part, 2 to 256.
    distortion : weight of the distortion beside the retrieval loss, 0 or more.
    n_alternations : turns of the warm start; 0 starts without a rotation.
    rotation_rate : λ, radians for a unit of the gradient; 0 leaves the rotation of the start.
    temperature : of the softmax, above 0.
    n_epochs : passes over the pairs; 0 leaves the warm start.
    batch_size : pairs in a step; at least 2.
    learning_rate : of AdamW, for codewords.
    random_state : seed of k-means and of the order of pairs.

    Attributes
    ----------
    rotation_ : (d, d), R.
    codebooks_ : (n_subvectors, n_codewords, d / n_subvectors), the codewords of turned vectors.
    losses_ : mean loss of each epoch.

    References
    ----------
    Zhang, Shen, Qiu, Jiang, Wang, Xu, Xiao, Long, Yang (2021). Joint Learning of Deep Retrieval Model and Product
    Quantization based Embedding Index. SIGIR. arXiv:2105.03933.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> documents = rng.normal(size=(200, 8)).astype(np.float32)
    >>> queries = documents + 0.1 * rng.normal(size=(200, 8)).astype(np.float32)
    >>> coder = Poeem(n_subvectors=4, n_codewords=16, n_epochs=1).fit(documents, queries)
    >>> bool(np.allclose(coder.rotation_ @ coder.rotation_.T, np.eye(8), atol=1e-5))
    True
    """

    paper: ClassVar[str] = "zhang2021joint"
    requires: ClassVar[tuple[str, ...]] = ("nn", "quantize")

    rotation_: FloatArray
    codebooks_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        n_subvectors: int = 8,
        n_codewords: int = 256,
        distortion: float = 1.0,
        n_alternations: int = 10,
        rotation_rate: float = 1e-2,
        temperature: float = 0.05,
        n_epochs: int = 10,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.n_subvectors = n_subvectors
        self.n_codewords = n_codewords
        self.distortion = distortion
        self.n_alternations = n_alternations
        self.rotation_rate = rotation_rate
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        for example in small(cls):
            yield example.set_params(n_alternations=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn from (n, d) documents `X` and (n, d) queries `y`; row i of y belongs to row i of X.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` or `y` is not numbers of shape (n, d), or their rows or columns do not go together.
        """
        least = {"distortion": 0, "n_alternations": 0, "rotation_rate": 0}
        check_numbers(self, at_least=least, above={"temperature": 0})
        X, queries = pairs(self, X, y)
        torch = load("torch", extra="nn", purpose="Poeem")
        from inlay.nn.product_quantization import chosen, closest, contrast, turn
        from inlay.nn.training import minimize

        rotation, codewords = self._warm(X)
        R, C = torch.from_numpy(rotation).requires_grad_(), torch.from_numpy(codewords).requires_grad_()
        D, Q, names = torch.tensor(X), torch.tensor(queries), torch.from_numpy(rows_of(X))

        def loss(rows: Any) -> Any:
            turned = (D[rows] @ R).unflatten(1, (self.n_subvectors, -1))
            words = chosen(C, closest(turned.detach(), C))
            coded = (words + turned - turned.detach()).flatten(1)
            match = contrast(Q[rows] @ R, coded, names[rows], self.temperature)
            return match + self.distortion * ((words.flatten(1) @ R.T - D[rows]) ** 2).sum(dim=1).mean()

        def rotate() -> None:
            turn(R, R.grad, self.rotation_rate)
            R.grad = None

        losses = minimize(
            [C],
            loss,
            len(D),
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
            after_step=rotate if self.rotation_rate else None,
        )
        self.losses_ = finite(losses, self.learning_rate)
        # Rounding of many turns adds up: back to the nearest rotation.
        self.rotation_ = _nearest_rotation(R.detach().numpy())
        self.codebooks_ = np.array(C.detach().numpy())
        return self

    def _warm(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return a rotation and codewords, by turns of k-means and of the rotation that fits codes best."""
        from ._lloyd import lloyd, nearest

        R = np.eye(X.shape[1], dtype=np.float32)
        m = self.n_subvectors
        C = start(parts(X, m), self.n_codewords, self.random_state)
        for _ in range(self.n_alternations):
            turned = parts(X @ R, m)
            C = lloyd(turned, C, 2)
            coded = C[np.arange(m), nearest(turned, C)].reshape(len(X), -1)
            R = _nearest_rotation(X.T.astype(np.float64) @ coded)
        return R, lloyd(parts(X @ R, m), C, 2)

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
        return encode(_turned(validated(self, X, fit=False), self.rotation_), self.codebooks_, BITS)

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
        return _turned(decode(C, self.codebooks_, BITS), self.rotation_.T)

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
        return search(
            Q, C, self.codebooks_, BITS, k, dim=self.n_features_in_, turn=partial(_turned, rotation=self.rotation_)
        )


def _turned(X: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return ``X @ rotation``; in float64, so that rounding turns no code."""
    return np.asarray(X.astype(np.float64) @ rotation, np.float32)


def _nearest_rotation(M: NDArray[Any]) -> FloatArray:
    """Return the orthogonal matrix that is nearest to `M`."""
    left, _, right = np.linalg.svd(M.astype(np.float64))
    return np.asarray(left @ right, np.float32)
