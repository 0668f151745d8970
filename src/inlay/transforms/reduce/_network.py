"""What transforms share that are an encoder and a decoder of a few layers, trained by torch and run by numpy."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors
from inlay.transforms._layers import forward

ACTIVATIONS = ("relu", "tanh")


def train(method: Any, X: ArrayLike, *, last: str, penalty: float, contracts: str) -> None:
    """Check the parameters, train both networks and keep them as fitted attributes of `method`.

    Parameters
    ----------
    method : with the parameters and attributes of `Autoencoder`.
    X : (n, d).
    last : the activation of the code.
    penalty, contracts : as in `ContractiveAutoencoder`.
    """
    X = validated(method, X, fit=True)
    widths = [*method.hidden_dims, method.dim]
    if min(widths) < 1:
        raise ParameterError(f"dim and hidden_dims must be at least 1, got {method.dim} and {method.hidden_dims}.")
    if method.activation not in ACTIVATIONS:
        raise ParameterError(f"activation must be one of {ACTIVATIONS}, got {method.activation!r}.")
    check_numbers(method, at_least={"n_epochs": 1, "batch_size": 2}, above={"learning_rate": 0})
    network = load("inlay.nn.autoencoder", extra="nn", purpose=type(method).__name__)
    mean = X.mean(axis=0, dtype=np.float64)
    # Entries of a size of about one, whatever the scale of the vectors, are what networks are made for.
    size = float(np.sqrt(np.mean((X - mean) ** 2)))
    scale = size if size > 0 else 1.0
    trained = network.train_autoencoder(
        ((X - mean) / scale).astype(np.float32),
        widths,
        activation=method.activation,
        last=last,
        penalty=penalty,
        contracts=contracts,
        n_epochs=method.n_epochs,
        batch_size=method.batch_size,
        learning_rate=method.learning_rate,
        random_state=method.random_state,
    )
    if not np.isfinite(trained.losses).all():
        raise DataError(f"The training diverged; give a learning_rate below {method.learning_rate}.")
    method.mean_, method.scale_ = mean.astype(np.float32), scale
    method.encoder_weights_, method.encoder_biases_ = trained.encoder_weights, trained.encoder_biases
    method.decoder_weights_, method.decoder_biases_ = trained.decoder_weights, trained.decoder_biases
    method.losses_ = trained.losses


def encode(method: Any, X: ArrayLike, last: str) -> FloatArray:
    """Turn (n, d) vectors into (n, dim) codes."""
    centred = (validated(method, X, fit=False) - method.mean_) / np.float32(method.scale_)
    return forward(centred, method.encoder_weights_, method.encoder_biases_, method.activation, last)


def decode(method: Any, C: ArrayLike) -> FloatArray:
    """Turn (n, dim) codes into (n, d) vectors."""
    codes = as_vectors(C, "C", dim=len(method.encoder_biases_[-1]))
    decoded = forward(codes, method.decoder_weights_, method.decoder_biases_, method.activation)
    out: FloatArray = decoded * np.float32(method.scale_) + method.mean_
    return out
