"""Small networks that were trained elsewhere, applied with numpy."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray

ACTIVATIONS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "relu": lambda Z: np.maximum(Z, 0),
    "tanh": np.tanh,
    "identity": lambda Z: Z,
}


def forward(
    X: FloatArray,
    weights: Sequence[NDArray[Any]],
    biases: Sequence[NDArray[Any]],
    activation: str = "relu",
    last: str = "identity",
) -> FloatArray:
    """Apply layers ``activation(X @ W.T + b)``, the last of them with `last` for its activation.

    Parameters
    ----------
    X : (n, d).
    weights : (out, in) matrices, as ``torch.nn.Linear`` has them.
    biases : (out,) vectors.
    activation, last : keys of `ACTIVATIONS`.

    Examples
    --------
    >>> forward(np.float32([[1, -2]]), [np.eye(2, dtype=np.float32)], [np.zeros(2, np.float32)], last="relu").tolist()
    [[1.0, 0.0]]
    """
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), 1):
        X = ACTIVATIONS[last if number == len(weights) else activation](X @ weight.T + bias)
    return np.asarray(X, np.float32)
