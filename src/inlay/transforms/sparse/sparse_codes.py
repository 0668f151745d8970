"""Sparse codes whose search costs few operations."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import normalize

from ._rows import by_blocks

REGULARIZERS = ("flops", "l1")


class SparseCodes(Transform):
    r"""Learn long vectors, most of which is zero, evenly over dimensions, so that an inverted index answers fast.

    To compare a query with all codes by inverted lists takes one multiplication for each dimension in which both are
    active, :math:`n \sum_j p_j^2` where dimension j is active with probability :math:`p_j`. The regularizer is its
    continuous relaxation, of the mean activation of each dimension over a batch,

    .. math:: \tilde F(f) = \sum_j \Bigl(\frac1n \sum_i \lvert f_j(x_i) \rvert\Bigr)^2,

    where L1 would be the sum without the square: for as many active entries in all, the square is least when they are
    spread evenly, which L1 does not ask for. Codes are :math:`f(x) = \mathrm{ReLU}(Wx + b)`, scaled to length one,
    and the weight of the regularizer rises with the square of the step over the first half of the training.

    Few steps leave codes dense: allow some hundreds, by more epochs or smaller batches where vectors are few.

    The paper trains encoders of images by classes; here the vectors are given and there are no classes, so that the
    other term of the loss asks for the neighbourhoods of the vectors, the cross entropy of
    :math:`\mathrm{softmax}_j(\cos(x_i, x_j) / \tau)` and the same of the codes, over the others of a batch.

    Use it to search dense vectors where sparse ones are at home, in an inverted index. `TopKSparseAutoencoder` keeps
    the vector rather than its neighbours, with as many active entries in each row, and names features; hashes and
    codecs are shorter.

    Parameters
    ----------
    dim : of the codes, at least 1.
    strength : lambda, at least 0: the larger, the fewer entries are active.
    regularizer : "flops", or "l1" to compare with.
    temperature : tau, above 0: the smaller, the nearer the neighbours that count.
    n_epochs, batch_size, learning_rate : of the training by AdamW.
    random_state : seed of the training.

    Attributes
    ----------
    mean_ : (d,), subtracted from the vectors after they are scaled to length one.
    weight_ : (dim, d), W.
    bias_ : (dim,), b.
    losses_ : (n_epochs,), the mean loss in each epoch.

    References
    ----------
    Paria, Yeh, Yen, Xu, Ravikumar, Póczos (2020). Minimizing FLOPs to Learn Efficient Sparse Representations. ICLR.
    arXiv:2004.05665

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 8))
    >>> codes = SparseCodes(dim=64, strength=100, n_epochs=40, batch_size=50, learning_rate=0.01).fit_transform(X)
    >>> type(codes).__name__, codes.shape, bool(codes.nnz < 0.1 * 200 * 64)
    ('csr_array', (200, 64), True)
    """

    paper: ClassVar[str] = "paria2020minimizing"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    mean_: FloatArray
    weight_: FloatArray
    bias_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        dim: int = 1024,
        strength: float = 1.0,
        regularizer: str = "flops",
        temperature: float = 0.05,
        n_epochs: int = 20,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.strength = strength
        self.regularizer = regularizer
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=16, n_epochs=2)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the layer from (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is not in its range.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_numbers(self, at_least={"dim": 1, "strength": 0}, above={"temperature": 0})
        if self.regularizer not in REGULARIZERS:
            raise ParameterError(f"regularizer must be one of {', '.join(REGULARIZERS)}, got {self.regularizer!r}.")
        units = normalize(validated(self, X, fit=True))
        torch = load("torch", extra="nn", purpose="learning sparse codes")
        from inlay.nn.training import minimize, seeded

        mean, n = units.mean(axis=0), len(units)
        u = torch.from_numpy(units)
        x = torch.from_numpy((units - mean) * np.float32(np.sqrt(units.shape[1])))
        with seeded(self.random_state):
            layer = torch.nn.Linear(units.shape[1], self.dim)
        rising = max(1, self.n_epochs * -(-n // self.batch_size) // 2)
        step = 0

        def loss(rows: Any) -> Any:
            nonlocal step
            step += 1
            codes = torch.nn.functional.normalize(torch.relu(layer(x[rows])), dim=1)
            itself = torch.eye(len(rows)) * 1e9
            target = torch.softmax(u[rows] @ u[rows].T / self.temperature - itself, dim=1)
            kept = torch.nn.functional.cross_entropy(codes @ codes.T / self.temperature - itself, target)
            means = codes.mean(dim=0)
            cost = (means**2).sum() if self.regularizer == "flops" else means.sum()
            return kept + self.strength * min(1.0, step / rising) ** 2 * cost

        self.losses_ = minimize(
            layer.parameters(),
            loss,
            n,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.mean_ = mean
        scale = np.float32(np.sqrt(units.shape[1]))
        self.weight_ = layer.weight.detach().numpy() * scale
        self.bias_ = layer.bias.detach().numpy().copy()
        return self

    def transform(self, X: ArrayLike) -> sparse.csr_array:
        """Turn (n, d) vectors into (n, dim) codes of length one, CSR; a code without an active entry is zero."""
        self._check_fitted()
        return by_blocks(normalize(validated(self, X, fit=False)), self._activate)

    def _activate(self, units: NDArray[Any]) -> NDArray[Any]:
        Z = np.maximum((units - self.mean_) @ self.weight_.T + self.bias_, 0)
        length = np.linalg.norm(Z, axis=1, keepdims=True)
        out: NDArray[Any] = Z / np.where(length > 0, length, 1)
        return out
