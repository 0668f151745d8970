"""An autoencoder whose code answers little to small changes of its input."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.values import FloatArray

from ._network import decode, encode, train

CONTRACTS = ("encoder", "layers")


class ContractiveAutoencoder(Transform):
    r"""Learn a code from which a network gives the vector back, and which small changes of the vector leave in place.

    To the error of reconstruction comes the squared size of the Jacobian of the encoder :math:`f`, all its layers
    taken together,

    .. math:: \min_{f, g} \; \tfrac{1}{n} \sum_i \| g(f(x_i)) - x_i \|^2 + \lambda \, \| J_f(x_i) \|_F^2,
        \qquad J_f = D_L W_L \cdots D_1 W_1

    with the derivatives of the activations on the diagonals :math:`D`. It is exact, by the chain rule. A stacked
    contractive autoencoder instead adds up the Jacobians of the layers, :math:`\sum_l \| D_l W_l \|_F^2`, which is
    cheaper but ties the hands of each layer where only the outcome matters; ``contracts="layers"`` is that.

    Use it instead of `Autoencoder` where inputs are noisy, such as tables of records, or where codes go into another
    model. Vectors are centred and brought to a mean squared entry of one first.

    Parameters
    ----------
    dim : dimensions of the code, at least 1.
    hidden_dims : widths of the hidden layers of the encoder, the one next to the input first.
    activation : of the hidden layers and of the code, "tanh" or "relu".
    penalty : lambda, at least 0.
    contracts : "encoder", or "layers" for the stacked form.
    n_epochs : passes over the rows.
    batch_size : rows of a batch, at least 2.
    learning_rate : of AdamW at the start; it falls to zero.
    random_state : seed of the weights at the start and of the order of rows.

    Attributes
    ----------
    mean_ : (d,), the mean of the vectors.
    scale_ : what centred vectors are divided by.
    encoder_weights_, encoder_biases_ : of each layer, (out, in) and (out,).
    decoder_weights_, decoder_biases_ : of each layer, (out, in) and (out,).
    losses_ : the mean loss of each epoch, penalty included.

    References
    ----------
    Bertrand, Hoffmann, Gargano, Mombaerts, Taws (2024). Autoencoder-based General Purpose Representation Learning for
    Customer Embedding. arXiv:2402.18164

    Rifai, Vincent, Muller, Glorot, Bengio (2011). Contractive Auto-Encoders: Explicit Invariance During Feature
    Extraction. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(200, 4)) * [3, 3, 0.1, 0.1]
    >>> params = dict(dim=2, hidden_dims=(8,), n_epochs=20, learning_rate=0.02)
    >>> free, held = (ContractiveAutoencoder(penalty=p, **params).fit(X) for p in (0.0, 10.0))
    >>> moved = [np.linalg.norm(coder.transform(X + 0.1) - coder.transform(X)) for coder in (free, held)]
    >>> bool(moved[1] < 0.6 * moved[0])
    True
    """

    paper: ClassVar[str] = "bertrand2024autoencoder"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    mean_: FloatArray
    scale_: float
    encoder_weights_: list[FloatArray]
    encoder_biases_: list[FloatArray]
    decoder_weights_: list[FloatArray]
    decoder_biases_: list[FloatArray]
    losses_: list[float]

    def __init__(
        self,
        dim: int = 64,
        *,
        hidden_dims: Sequence[int] = (256,),
        activation: str = "tanh",
        penalty: float = 1e-2,
        contracts: str = "encoder",
        n_epochs: int = 50,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.hidden_dims = hidden_dims
        self.activation = activation
        self.penalty = penalty
        self.contracts = contracts
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=3, hidden_dims=(8,), n_epochs=2, batch_size=15, learning_rate=0.05)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Train both networks on (n, d) vectors.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        MissingExtra
            If torch is not installed.
        DataError
            If the training diverges.
        """
        if not self.penalty >= 0:
            raise ParameterError(f"penalty must be at least 0, got {self.penalty}.")
        if self.contracts not in CONTRACTS:
            raise ParameterError(f"contracts must be one of {CONTRACTS}, got {self.contracts!r}.")
        train(self, X, last=self.activation, penalty=self.penalty, contracts=self.contracts)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) codes.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another number of columns, or is not finite.
        """
        self._check_fitted()
        return encode(self, X, self.activation)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) codes into (n, d) vectors.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `C` is not (n, dim) finite numbers.
        """
        self._check_fitted()
        return decode(self, C)
