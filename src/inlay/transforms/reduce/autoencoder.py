"""An autoencoder."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from inlay.core.contracts import Transform
from inlay.core.values import FloatArray

from ._network import decode, encode, train


class Autoencoder(Transform):
    r"""Learn a small code from which a network gives the vector back.

    An encoder :math:`f` and a decoder :math:`g` of fully connected layers, the decoder in reverse order of widths,
    are trained together for

    .. math:: \min_{f, g} \; \tfrac{1}{n} \sum_i \| g(f(x_i)) - x_i \|^2

    on vectors that are centred and brought to a mean squared entry of one. Without hidden layers it finds the space of
    `PrincipalComponents`; with them it also follows bent shapes, which pays where there are many rows and few
    dimensions. `ContractiveAutoencoder` adds that the code shall not answer to small changes. Use `TLDR` where the
    code is searched and not decoded.

    Parameters
    ----------
    dim : dimensions of the code, at least 1.
    hidden_dims : widths of the hidden layers of the encoder, the one next to the input first.
    activation : of the hidden layers, "relu" or "tanh"; the code itself has none.
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
    losses_ : the mean loss of each epoch.

    References
    ----------
    Hinton, Salakhutdinov (2006). Reducing the Dimensionality of Data with Neural Networks. Science 313(5786).

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.linspace(0, 6, 200)
    >>> X = np.column_stack([np.cos(angle), np.sin(angle), angle])
    >>> coder = Autoencoder(dim=1, hidden_dims=(16,), activation="tanh", n_epochs=60, learning_rate=0.02).fit(X)
    >>> bool(np.mean((coder.inverse_transform(coder.transform(X)) - X) ** 2) < 0.1 * X.var(axis=0).mean())
    True
    """

    paper: ClassVar[str] = "hinton2006reducing"
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
        activation: str = "relu",
        n_epochs: int = 50,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.hidden_dims = hidden_dims
        self.activation = activation
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
        train(self, X, last="identity", penalty=0.0, contracts="encoder")
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
        return encode(self, X, "identity")

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
