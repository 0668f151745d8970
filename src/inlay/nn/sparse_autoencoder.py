"""The training of a sparse autoencoder with k active features."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from .training import minimize, seeded


class TopK(nn.Module):
    """An encoder, a decoder with rows of length one, and how long each feature has not been active.

    Parameters
    ----------
    dim : features.
    k : features that are active at once.
    bias : (d,), subtracted at first and added at last.
    """

    def __init__(self, dim: int, k: int, bias: Tensor) -> None:
        super().__init__()
        self.k = k
        self.bias = nn.Parameter(bias.clone())
        self.decoder = nn.Parameter(normalize(torch.randn(dim, len(bias)), dim=1))
        self.encoder = nn.Parameter(self.decoder.detach().clone())
        self.idle = torch.zeros(dim)

    def largest(self, z: Tensor, k: int) -> Tensor:
        """Keep the `k` largest entries of each row, as far as they are above zero."""
        values, columns = z.topk(k, dim=1)
        return torch.zeros_like(z).scatter(1, columns, torch.relu(values))

    def loss(self, x: Tensor, n_dead: int, auxiliary: float, patience: int) -> Tensor:
        """Return the squared error of a batch, with that of idle features on what is left over."""
        z = (x - self.bias) @ self.encoder.T
        active = self.largest(z, self.k)
        left = x - self.bias - active @ self.decoder
        total = (left**2).sum(dim=1).mean()
        self.idle = torch.where((active > 0).any(dim=0), 0.0, self.idle + 1)
        dead = self.idle > patience
        n = min(n_dead, int(dead.sum()))
        if n and auxiliary:
            revived = self.largest(torch.where(dead, z, -torch.inf), n) @ self.decoder
            total = total + auxiliary * ((left.detach() - revived) ** 2).sum(dim=1).mean()
        return total

    def rescale(self) -> None:
        """Bring the rows of the decoder back to length one."""
        self.decoder.copy_(normalize(self.decoder, dim=1))


def learn(
    X: NDArray[Any],
    *,
    dim: int,
    k: int,
    n_dead: int,
    auxiliary: float,
    patience: int,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> tuple[list[NDArray[Any]], list[float]]:
    """Train on (n, d) vectors, and return encoder, decoder and bias, and the losses."""
    x = torch.from_numpy(np.ascontiguousarray(X, np.float32))
    with seeded(random_state):
        net = TopK(dim, k, x.mean(dim=0))
    losses = minimize(
        net.parameters(),
        lambda rows: net.loss(x[rows], n_dead, auxiliary, patience),
        len(x),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
        after_step=net.rescale,
    )
    return [p.detach().numpy().copy() for p in (net.encoder, net.decoder, net.bias)], losses
