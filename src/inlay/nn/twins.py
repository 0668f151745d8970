"""Linear encoders trained on pairs by redundancy reduction."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .training import minimize, seeded


def redundancy_loss(a: Tensor, b: Tensor, weight: float) -> Tensor:
    r"""Return the Barlow Twins loss of two (n, d) batches whose columns have mean zero and variance one.

    With :math:`C = a^\top b / n` it is :math:`\sum_i (1 - C_{ii})^2 + \lambda \sum_{i \ne j} C_{ij}^2`.

    Examples
    --------
    >>> a = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    >>> redundancy_loss(a, a, 0.5).item()
    1.0
    """
    C = a.T @ b / len(a)
    diagonal = torch.diagonal(C)
    return ((1 - diagonal) ** 2).sum() + weight * ((C**2).sum() - (diagonal**2).sum())


def train_twins(
    X: NDArray[np.float32],
    pairs: NDArray[np.int64],
    dim: int,
    *,
    encoder_dims: Sequence[int],
    projector_dim: int,
    n_hidden: int,
    weight: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> tuple[NDArray[np.float32], list[float]]:
    """Train a linear encoder under a projector so that the two rows of a pair come out alike and columns differ.

    Parameters
    ----------
    X : (n, d).
    pairs : (n, k) row numbers; in each batch a row is paired with one of its own, drawn at random.
    dim : outputs of the encoder.
    encoder_dims : widths of further linear layers inside the encoder, with batch normalisation between.
    projector_dim : width of the projector and of its output.
    n_hidden : hidden layers of the projector.
    weight : lambda of `redundancy_loss`.
    n_epochs, batch_size, learning_rate, random_state : as in `minimize`.

    Returns
    -------
    weight : (dim, d), the encoder as one matrix.
    losses : the mean loss of each epoch.
    """
    data, mates = torch.from_numpy(np.array(X)), torch.from_numpy(np.array(pairs))
    with seeded(random_state):
        encoder = _encoder([X.shape[1], *encoder_dims, dim])
        projector = _projector(dim, projector_dim, n_hidden)

    def loss(rows: Tensor) -> Tensor:
        pick = torch.randint(mates.shape[1], (len(rows),))
        a, b = (projector(encoder(data[one])) for one in (rows, mates[rows, pick]))
        # Divided by the width, so that the learning rate fits all widths.
        return redundancy_loss(a, b, weight) / projector_dim

    losses = minimize(
        [*encoder.parameters(), *projector.parameters()],
        loss,
        len(data),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=1e-6,
        random_state=random_state,
    )
    encoder.eval()
    with torch.no_grad():
        # All layers are affine, so that together they are one matrix and a shift.
        shift = encoder(torch.zeros(1, X.shape[1]))
        matrix = (encoder(torch.eye(X.shape[1])) - shift).T
    return matrix.contiguous().numpy(), losses


def _encoder(sizes: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Linear(sizes[0], sizes[1])]
    for a, b in pairwise(sizes[1:]):
        layers += [nn.BatchNorm1d(a), nn.Linear(a, b)]
    return nn.Sequential(*layers)


def _projector(dim: int, width: int, n_hidden: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(n_hidden):
        layers += [nn.Linear(width if number else dim, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    layers += [nn.Linear(width if n_hidden else dim, width, bias=False), nn.BatchNorm1d(width, affine=False)]
    return nn.Sequential(*layers)
