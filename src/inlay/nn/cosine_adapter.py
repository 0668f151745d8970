"""A network from the vector of a query to the mapping that turns its cosines into logits of relevance."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .training import minimize, seeded


class Mapping(nn.Module):
    r"""One hidden layer, and from it the slope a, the offset b and the power k of each query's mapping.

    It starts as one mapping for all queries, so that what there is to learn is how queries differ.

    Parameters
    ----------
    dim : of the vectors.
    hidden : units of the layer.
    slope, middle : of the mapping that it starts with: its slope, and where it is zero.
    step : how far one unit of the network's output moves that zero.
    power : k where it is fixed; None where it is learned, between 0 and 2.
    """

    def __init__(self, dim: int, hidden: int, *, slope: float, middle: float, step: float, power: float | None) -> None:
        super().__init__()
        self.hidden, self.heads = nn.Linear(dim, hidden), nn.Linear(hidden, 3)
        nn.init.zeros_(self.heads.weight)
        nn.init.zeros_(self.heads.bias)
        self.slope, self.middle, self.step, self.power = slope, middle, step, power

    def forward(self, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return a, b and k, all (n, 1)."""
        slope, shift, power = self.heads(torch.relu(self.hidden(q))).split(1, dim=1)
        a = self.slope * torch.exp(slope)
        k = 2 * torch.sigmoid(power) if self.power is None else torch.full_like(power, self.power)
        return a, -a * (self.middle + self.step * shift), k


def learn(
    Q: NDArray[np.float32],
    cosines: NDArray[np.float32],
    targets: NDArray[np.float32],
    real: NDArray[np.bool_],
    *,
    hidden: int,
    slope: float,
    middle: float,
    step: float,
    power: float | None,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[Mapping, list[float]]:
    """Learn the mapping under which the binary cross-entropy of judged hits is least.

    Parameters
    ----------
    Q : (n queries, d).
    cosines, targets, real : (n queries, k) of each hit, whether it is relevant, and whether there is one.

    Returns
    -------
    mapping, and the mean loss of each epoch.
    """
    with seeded(random_state):
        mapping = Mapping(Q.shape[1], hidden, slope=slope, middle=middle, step=step, power=power)
    q, x, y = (torch.from_numpy(np.array(part)) for part in (Q, cosines, targets))
    weight = torch.from_numpy(real.astype(np.float32))
    # Away from 0, where the logarithm of a power has no derivative.
    size, sign = x.abs().clamp_min(1e-6), torch.sign(x)

    def loss(rows: Tensor) -> Tensor:
        a, b, k = mapping(q[rows])
        logits = sign[rows] * a * size[rows] ** k + b
        each = nn.functional.binary_cross_entropy_with_logits(logits, y[rows], weight=weight[rows], reduction="sum")
        return each / weight[rows].sum().clamp_min(1)

    losses = minimize(
        mapping.parameters(),
        loss,
        len(Q),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return mapping, losses
