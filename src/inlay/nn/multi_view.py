"""The networks of several views whose codes are fused by weights from a memory, and their training."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import mse_loss, normalize, softplus

from .training import minimize, seeded

Arrays = list[NDArray[Any]]


class MultiView(nn.Module):
    """A network for each view, and a memory that gives the weight of each.

    Parameters
    ----------
    ends : where the columns of each view end, with 0 before them.
    bits, dim_hidden, n_memory : widths.
    """

    def __init__(self, ends: list[int], bits: int, dim_hidden: int, n_memory: int) -> None:
        super().__init__()
        self.ends = ends
        widths = [b - a for a, b in pairwise(ends)]
        self.hidden = nn.ModuleList(nn.Linear(width, dim_hidden) for width in widths)
        self.coding = nn.ModuleList(nn.Linear(dim_hidden, bits) for _ in widths)
        self.keys = nn.Parameter(torch.randn(n_memory, ends[-1]))
        self.values = nn.Parameter(torch.zeros(n_memory, len(widths)))

    def views(self, x: Tensor) -> list[Tensor]:
        """Return the columns of each view."""
        return [x[:, a:b] for a, b in pairwise(self.ends)]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return fused codes (n, bits), codes of the views (n views, n, bits), and weights (n, n views)."""
        parts = zip(self.views(x), self.hidden, self.coding, strict=True)
        outputs = torch.stack([coding(torch.relu(hidden(part))) for part, hidden, coding in parts])
        weights = torch.softmax(torch.softmax(x @ self.keys.T / x.shape[1] ** 0.5, dim=1) @ self.values, dim=1)
        fused = len(outputs) * torch.einsum("nm,mnb->nb", weights, outputs)
        return torch.tanh(fused), torch.tanh(outputs), weights

    def stability(self, x: Tensor, codes: Tensor, temperature: float) -> Tensor:
        """Return (n, n views) weights: how well distances of codes follow those of features within the batch."""
        gaps = []
        for part, code in zip(self.views(x), codes, strict=True):
            relations = []
            for vectors in (normalize(part), normalize(code)):
                distances = 1 - vectors @ vectors.T
                relations.append(distances / distances.mean().clamp_min(1e-6))
            gaps.append((relations[0] - relations[1]).abs().mean(dim=1))
        return torch.softmax(-torch.stack(gaps, dim=1) / temperature, dim=1)


def likelihood(codes: Tensor, same: Tensor) -> Tensor:
    """Return the negative log likelihood of which pairs are of one class; both kinds of pairs count alike."""
    theta = codes @ codes.T / 2
    loss = softplus(theta) - same * theta
    others = 1 - torch.eye(len(same))
    means = [(loss * which).sum() / which.sum().clamp_min(1) for which in (same * others, 1 - same)]
    return (means[0] + means[1]) / 2


def learn(
    X: NDArray[Any],
    y: NDArray[Any],
    ends: list[int],
    *,
    bits: int,
    dim_hidden: int,
    n_memory: int,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[tuple[Arrays, Arrays, Arrays, Arrays, NDArray[Any], NDArray[Any]], list[float]]:
    """Train on (n, d) vectors of (n,) classes, and return layers and memory as arrays, and the losses."""
    x, classes = torch.from_numpy(np.ascontiguousarray(X, np.float32)), torch.from_numpy(y)
    with seeded(random_state):
        net = MultiView(ends, bits, dim_hidden, n_memory)

    def loss(rows: Tensor) -> Tensor:
        part = x[rows]
        same = (classes[rows][:, None] == classes[rows]).float()
        fused, codes, weights = net(part)
        stable = net.stability(part, codes.detach(), temperature)
        total = likelihood(fused, same) + sum(likelihood(code, same) for code in codes) / len(codes)
        return total + 0.1 * mse_loss(fused, torch.sign(fused.detach())) + mse_loss(weights, stable)

    losses = minimize(
        net.parameters(),
        loss,
        len(x),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    layers = tuple(
        [getattr(layer, what).detach().numpy().copy() for layer in group]
        for group in (net.hidden, net.coding)
        for what in ("weight", "bias")
    )
    memory = (net.keys.detach().numpy().copy(), net.values.detach().numpy().copy())
    return (*layers, *memory), losses  # type: ignore[return-value]
