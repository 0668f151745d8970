"""Autoencoders of fully connected layers: two networks, and how strongly the first one answers to its input."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .training import minimize, seeded

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}


@dataclass(frozen=True)
class Trained:
    """Matrices and biases of both networks, layer by layer, and the mean loss of each epoch."""

    encoder_weights: list[NDArray[np.float32]]
    encoder_biases: list[NDArray[np.float32]]
    decoder_weights: list[NDArray[np.float32]]
    decoder_biases: list[NDArray[np.float32]]
    losses: list[float]


def answers(layers: Sequence[nn.Linear], X: Tensor, activation: str, last: str = "identity") -> list[Tensor]:
    """Return what each layer puts out, the last of them with the activation `last`."""
    out = []
    for number, layer in enumerate(layers, 1):
        X = layer(X)
        kind = last if number == len(layers) else activation
        X = X if kind == "identity" else ACTIVATIONS[kind](X)
        out.append(X)
    return out


def slope(Z: Tensor, kind: str) -> Tensor:
    """Return the derivative of an activation from what it put out."""
    if kind == "tanh":
        return 1 - Z**2
    return (Z > 0).to(Z.dtype) if kind == "relu" else torch.ones_like(Z)


def jacobian_size(layers: Sequence[nn.Linear], outputs: Sequence[Tensor], activation: str, last: str) -> Tensor:
    r"""Return the mean over rows of :math:`\|J_f(x)\|_F^2`, the squared size of the Jacobian of all layers together.

    By the chain rule :math:`J = D_L W_L \cdots D_1 W_1`, with the derivatives of the activations on the diagonals;
    it is multiplied out from the narrow end.
    """
    kinds = [activation] * (len(layers) - 1) + [last]
    J = slope(outputs[-1], kinds[-1])[:, :, None] * layers[-1].weight
    for layer, Z, kind in zip(layers[-2::-1], outputs[-2::-1], kinds[-2::-1], strict=True):
        J = (J * slope(Z, kind)[:, None, :]) @ layer.weight
    return (J**2).sum(dim=(1, 2)).mean()


def layer_sizes(layers: Sequence[nn.Linear], outputs: Sequence[Tensor], activation: str, last: str) -> Tensor:
    """Return the mean over rows of the squared size of the Jacobian of each layer for itself, summed over layers."""
    kinds = [activation] * (len(layers) - 1) + [last]
    parts = [
        (slope(Z, kind) ** 2 @ (layer.weight**2).sum(dim=1)).mean()
        for layer, Z, kind in zip(layers, outputs, kinds, strict=True)
    ]
    return torch.stack(parts).sum()


def train_autoencoder(
    X: NDArray[np.float32],
    widths: Sequence[int],
    *,
    activation: str,
    last: str,
    penalty: float,
    contracts: str,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> Trained:
    """Train an encoder of the given `widths` and a decoder of the same in reverse to give `X` back.

    Parameters
    ----------
    X : (n, d).
    widths : of the layers of the encoder, the last of them the dimension of the code.
    activation : of the hidden layers, a key of `ACTIVATIONS`.
    last : activation of the code, "identity" or a key of `ACTIVATIONS`.
    penalty : what the size of the Jacobian is multiplied by.
    contracts : "encoder" or "layers", whose Jacobian it is.
    n_epochs, batch_size, learning_rate, random_state : as in `minimize`.
    """
    data = torch.from_numpy(np.array(X))
    with seeded(random_state):
        sizes = [X.shape[1], *widths]
        encoder, decoder = _layers(sizes), _layers(sizes[::-1])
    size = {"encoder": jacobian_size, "layers": layer_sizes}[contracts]

    def loss(rows: Tensor) -> Tensor:
        x = data[rows]
        codes = answers(encoder, x, activation, last)
        error = ((answers(decoder, codes[-1], activation)[-1] - x) ** 2).sum(dim=1).mean()
        return error + penalty * size(encoder, codes, activation, last) if penalty else error

    losses = minimize(
        [*encoder.parameters(), *decoder.parameters()],
        loss,
        len(data),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )
    return Trained(*_arrays(encoder), *_arrays(decoder), losses)


def _layers(sizes: Sequence[int]) -> Any:
    return nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))


def _arrays(layers: Sequence[nn.Linear]) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    return [layer.weight.detach().numpy() for layer in layers], [layer.bias.detach().numpy() for layer in layers]
