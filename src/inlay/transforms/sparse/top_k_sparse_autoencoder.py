"""A sparse autoencoder with k active features."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import top_k

from ._rows import as_rows, by_blocks


class TopKSparseAutoencoder(Transform):
    r"""Write a vector as a sum of few directions out of many, which often have a meaning each.

    .. math:: z = \mathrm{TopK}(W_{enc}(x - b_{pre})), \qquad \hat x = W_{dec} z + b_{pre}, \qquad
        L = \lVert x - \hat x \rVert^2 + \alpha \lVert e - \hat e \rVert^2,

    where all but the `k` largest entries of z, and negative ones, are set to zero. The last term lets the `n_dead`
    largest among features that have not been active for `patience` batches reconstruct what is left over,
    :math:`e = x - \hat x`, so that they come back to use. Columns of :math:`W_{dec}` have length one, and the encoder
    starts as its transpose.

    Use it to see what vectors of an encoder are made of: `most_active` lists the items by which a feature is best
    explained, and a feature can be raised or lowered on the way back. `SparseCodes` keeps neighbours rather than
    vectors, for search. Principal components are better per number where all of them are kept, not where each vector
    may choose its own.

    The paper takes the geometric median for the first :math:`b_{pre}`, here it is the mean, and counts patience in
    tokens. O'Neill et al. train the same on dense vectors of texts.

    Parameters
    ----------
    dim : number of features, at least 1; usually some times the dimension of the vectors.
    k : features that may be active in a vector, from 1 to `dim`.
    n_dead : features that reconstruct what is left over, at least 0.
    auxiliary : alpha, at least 0.
    patience : batches without activity after which a feature is dead, at least 1.
    n_epochs, batch_size, learning_rate : of the training by AdamW.
    random_state : seed of the training.

    Attributes
    ----------
    bias_ : (d,), b_pre.
    encoder_ : (dim, d), W_enc.
    decoder_ : (dim, d), the transpose of W_dec: row j is the direction of feature j.
    losses_ : (n_epochs,), the mean loss in each epoch.

    References
    ----------
    Gao, Dupré la Tour, Tillman, Goh, Troll, Radford, Sutskever, Leike, Wu (2025). Scaling and evaluating sparse
    autoencoders. ICLR. arXiv:2406.04093

    Makhzani, Frey (2014). k-Sparse Autoencoders. ICLR. arXiv:1312.5663

    O'Neill, Ye, Iyer, Wu (2024). Disentangling Dense Embeddings with Sparse Autoencoders. arXiv:2408.00657

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> directions = rng.normal(size=(12, 8))
    >>> X = np.eye(12)[rng.integers(0, 12, 400)] @ directions
    >>> model = TopKSparseAutoencoder(dim=24, k=1, n_epochs=60, batch_size=100, learning_rate=0.01).fit(X)
    >>> codes = model.transform(X)
    >>> codes.shape, int(codes.nnz)
    ((400, 24), 400)
    >>> bool(np.square(model.inverse_transform(codes) - X).sum() < 0.2 * np.square(X - X.mean(axis=0)).sum())
    True
    """

    paper: ClassVar[str] = "gao2025scaling"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    bias_: FloatArray
    encoder_: FloatArray
    decoder_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        dim: int = 1024,
        k: int = 32,
        n_dead: int = 64,
        auxiliary: float = 1 / 32,
        patience: int = 20,
        n_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.k = k
        self.n_dead = n_dead
        self.auxiliary = auxiliary
        self.patience = patience
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=24, k=4, n_epochs=2, patience=1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn features from (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is not in its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        if self.dim < 1 or not 1 <= self.k <= self.dim:
            raise ParameterError(f"k must be from 1 to dim, got k={self.k} and dim={self.dim}.")
        check_numbers(self, at_least={"n_dead": 0, "auxiliary": 0, "patience": 1})
        X = validated(self, X, fit=True)
        load("torch", extra="nn", purpose="learning features")
        from inlay.nn.sparse_autoencoder import learn

        # Vectors of any length are learned at one scale, on which the learning rate and the loss depend.
        scale = max(float(np.sqrt(np.square(X - X.mean(axis=0)).sum(axis=1).mean())), 1e-12)
        found, self.losses_ = learn(
            X / np.float32(scale),
            dim=self.dim,
            k=self.k,
            n_dead=min(self.n_dead, self.dim),
            auxiliary=self.auxiliary,
            patience=self.patience,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.encoder_, self.decoder_, self.bias_ = found[0], found[1], found[2] * np.float32(scale)
        return self

    def transform(self, X: ArrayLike) -> sparse.csr_array:
        """Turn (n, d) vectors into (n, dim) activations, CSR, none of them negative and at most `k` in a row."""
        self._check_fitted()
        return by_blocks(validated(self, X, fit=False), self._activate)

    def _activate(self, X: NDArray[Any]) -> NDArray[Any]:
        Z = (X - self.bias_) @ self.encoder_.T
        out = np.zeros_like(Z)
        columns = top_k(Z, self.k)[0]
        np.put_along_axis(out, columns, np.maximum(np.take_along_axis(Z, columns, 1), 0), 1)
        return out

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) activations, sparse or dense, into (n, d) vectors.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If the activations have another width.
        """
        self._check_fitted()
        return np.asarray(as_rows(C, self.dim) @ self.decoder_ + self.bias_, np.float32)

    def most_active(self, X: ArrayLike, features: Sequence[int], k: int = 10) -> Hits:
        """Find for each feature the `k` of (n, d) vectors that activate it most; those that do not are left out.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If a feature is not from 0 to dim - 1, or `k` is below 1.
        """
        codes = self.transform(X)
        wanted = np.asarray(features, np.int64).reshape(-1)
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < self.dim:
            raise ParameterError(f"features must be from 0 to {self.dim - 1}, got {wanted.tolist()}.")
        rows, scores = top_k(codes[:, wanted].T.toarray(), k)
        pad = ((0, 0), (0, k - rows.shape[1]))
        ids = np.pad(np.where(scores > 0, rows, -1), pad, constant_values=-1)
        return Hits(ids, np.pad(np.where(scores > 0, scores, -np.inf), pad, constant_values=-np.inf))
