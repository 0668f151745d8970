"""What transforms share that are an encoder and a decoder of a few layers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import DataError, ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors
from inlay.transforms._layers import forward

ACTIVATIONS = ("relu", "tanh")


class _Network(Transform):
    """Vectors to codes by an encoder, codes to vectors by a decoder; both run in numpy."""

    dim: int
    hidden_dims: Sequence[int]
    activation: str
    n_epochs: int
    batch_size: int
    learning_rate: float
    random_state: int

    mean_: NDArray[np.float32]
    scale_: float
    encoder_weights_: list[NDArray[np.float32]]
    encoder_biases_: list[NDArray[np.float32]]
    decoder_weights_: list[NDArray[np.float32]]
    decoder_biases_: list[NDArray[np.float32]]
    losses_: list[float]

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) codes."""
        self._check_fitted()
        centred = (validated(self, X, fit=False) - self.mean_) / np.float32(self.scale_)
        return forward(centred, self.encoder_weights_, self.encoder_biases_, self.activation, self._last)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) codes into (n, d) vectors."""
        self._check_fitted()
        codes = as_vectors(C, "C", dim=len(self.encoder_biases_[-1]))
        decoded = forward(codes, self.decoder_weights_, self.decoder_biases_, self.activation)
        return decoded * np.float32(self.scale_) + self.mean_

    @property
    def _last(self) -> str:
        """Return the activation of the code."""
        return "identity"

    def _train(self, X: ArrayLike, penalty: float, contracts: str) -> None:
        """Check the parameters, train both networks and keep them."""
        X = validated(self, X, fit=True)
        widths = [*self.hidden_dims, self.dim]
        if min(widths) < 1:
            raise ParameterError(f"dim and hidden_dims must be at least 1, got {self.dim} and {self.hidden_dims}.")
        if self.activation not in ACTIVATIONS:
            raise ParameterError(f"activation must be one of {ACTIVATIONS}, got {self.activation!r}.")
        if self.n_epochs < 1 or self.batch_size < 2 or not self.learning_rate > 0:
            raise ParameterError(
                "n_epochs must be at least 1, batch_size at least 2 and learning_rate above 0, got "
                f"{self.n_epochs}, {self.batch_size} and {self.learning_rate}."
            )
        from inlay.core.extras import load

        network = load("inlay.nn.autoencoder", extra="nn", purpose=type(self).__name__)
        mean = X.mean(axis=0, dtype=np.float64)
        # Entries of a size of about one, whatever the scale of the vectors, are what networks are made for.
        size = float(np.sqrt(np.mean((X - mean) ** 2)))
        scale = size if size > 0 else 1.0
        trained = network.train_autoencoder(
            ((X - mean) / scale).astype(np.float32),
            widths,
            activation=self.activation,
            last=self._last,
            penalty=penalty,
            contracts=contracts,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        if not np.isfinite(trained.losses).all():
            raise DataError(f"The training diverged; give a learning_rate below {self.learning_rate}.")
        self.mean_, self.scale_ = mean.astype(np.float32), scale
        self.encoder_weights_, self.encoder_biases_ = trained.encoder_weights, trained.encoder_biases
        self.decoder_weights_, self.decoder_biases_ = trained.decoder_weights, trained.decoder_biases
        self.losses_ = trained.losses
