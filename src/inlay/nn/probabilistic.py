"""A network from a vector to the parameters of a generalised Gaussian around it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .training import minimize, seeded

SHAPES = (0.5, 3.0)  # of the distribution: 1 is Laplace's, 2 is Gauss's
SCALES = (-7.0, 2.0)  # logarithm


class Adapter(nn.Module):
    """Two layers, and from them the shift of the mean, the logarithm of the scale, and the shape, for each dimension.

    Parameters
    ----------
    dim : of the vectors.
    hidden : units of a layer.
    dropout : share of the units that are left out in training.
    """

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(dim, hidden), nn.Linear(hidden, hidden)
        self.heads = nn.Linear(hidden, 3 * dim)
        self.drop = nn.Dropout(dropout)
        with torch.no_grad():  # starts as the identity, so that what there is to learn is the spread
            self.heads.weight[:dim] = 0
            self.heads.bias[:dim] = 0

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the mean, the logarithm of the scale, and the shape, all (n, dim)."""
        units = self.drop(torch.relu(self.second(self.drop(torch.relu(self.first(x))))))
        shift, scale, shape = self.heads(units).chunk(3, dim=1)
        low, high = SHAPES
        return x + shift, (scale - 3).clamp(*SCALES), low + (high - low) * torch.sigmoid(shape)


def negative_log_likelihood(z: Tensor, mean: Tensor, scale: Tensor, shape: Tensor) -> Tensor:
    """Return that of `z` under a generalised Gaussian, averaged over rows and dimensions; `scale` is a logarithm.

    Examples
    --------
    >>> zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    >>> round(negative_log_likelihood(one, zero, zero, one).item(), 4)  # Laplace's at 1: log 2 + 1
    1.6931
    """
    distance = ((z - mean).abs() + 1e-6) * torch.exp(-scale)
    each = distance**shape - torch.log(shape) + scale + torch.lgamma(1 / shape) + torch.log(torch.tensor(2.0))
    return each.mean()


def learn(
    make: Callable[[], Adapter],
    X: Tensor,
    Y: Tensor,
    *,
    cross_weight: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> Adapter:
    """Learn the parameters under which vectors and their partners are likely, each counted by its weight."""
    with seeded(random_state):
        adapter = make()

    def loss(rows: Tensor) -> Tensor:
        found = adapter(X[rows])
        own = negative_log_likelihood(X[rows], *found)
        return own + cross_weight * negative_log_likelihood(Y[rows], *found)

    adapter.train()
    minimize(
        adapter.parameters(),
        loss,
        len(X),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )
    return adapter
