"""The gate that makes the next query of a query and a passage, and its training."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, layer_norm, normalize

from .training import minimize, seeded


class TreeHopGate(nn.Module):
    r"""Make the next query: :math:`q - d + \mathrm{UpdateGate}(q, d)`.

    In each head, attention without a sum, :math:`h\,\mathrm{softmax}(W_q q \odot W_k d / \sqrt h) \odot W_v d`, goes
    through residual layers; the heads together are brought back to the dimension of the vectors. The factor h, which
    makes the weights one on average, can be had by :math:`W_v` as well.

    The weights of the start make the next query :math:`q + d`, but for the weights of the softmax, which are close to
    even: :math:`W_v` has orthogonal columns, twice its transpose leads back, and the last layer is zero. Heads that
    are narrower together than the vectors hold a projection of d only.

    Parameters
    ----------
    dim : of the vectors.
    dim_hidden : width h of a head.
    n_heads, n_layers : heads, and residual layers in each.
    """

    def __init__(self, dim: int, dim_hidden: int, n_heads: int, n_layers: int) -> None:
        super().__init__()
        self.shape = (n_heads, dim_hidden)
        self.of_query, self.of_key, self.of_value = (nn.Linear(dim, n_heads * dim_hidden) for _ in range(3))
        bound = dim_hidden**-0.5
        # One matrix for each head; the last one has no activation behind it.
        self.layers = nn.Parameter(torch.empty(n_layers + 1, n_heads, dim_hidden, dim_hidden).uniform_(-bound, bound))
        self.shifts = nn.Parameter(torch.empty(n_layers + 1, n_heads, 1, dim_hidden).uniform_(-bound, bound))
        self.back = nn.Linear(n_heads * dim_hidden, dim, bias=False)
        with torch.no_grad():
            nn.init.orthogonal_(self.of_value.weight)
            self.of_value.bias.zero_()
            self.back.weight.copy_(2 * self.of_value.weight.T)
            self.layers[-1].zero_()
            self.shifts[-1].zero_()

    def forward(self, q: Tensor, d: Tensor) -> Tensor:
        """Return the next queries of (n, dim) queries and passages, not scaled to length one."""
        queries, keys, values = (
            part(x).view(-1, *self.shape).transpose(0, 1)
            for part, x in ((self.of_query, q), (self.of_key, d), (self.of_value, d))
        )
        attended = self.shape[1] * torch.softmax(queries * keys / self.shape[1] ** 0.5, dim=-1) * values
        x = attended
        for weight, shift in zip(self.layers[:-1], self.shifts[:-1], strict=True):
            x = x + torch.relu(torch.baddbmm(shift, layer_norm(x, x.shape[-1:]), weight))
        x = torch.baddbmm(self.shifts[-1], x, self.layers[-1]) + attended
        out: Tensor = q - d + self.back(x.transpose(0, 1).reshape(len(q), -1))
        return out


def train_tree_hop(
    Q: NDArray[np.float32],
    X: NDArray[np.float32],
    hops: NDArray[np.int64],
    relevant: NDArray[np.int64],
    negatives: NDArray[np.int64],
    *,
    dim_hidden: int,
    n_heads: int,
    n_layers: int,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[dict[str, NDArray[Any]], list[float]]:
    """Train a gate by InfoNCE to find the next passage with the query and the passage before it.

    What is learned is how far each weight is from the start, in units of one over the root of the dimension: the size
    of an entry of an orthogonal matrix. Weight decay pulls back to the start.

    Parameters
    ----------
    Q, X : (n queries, d) and (n rows, d), of length one.
    hops : (m, 3): number of the query, row of the passage that was found, row of the one to be found next.
    relevant : (n queries, r) rows that are no negatives of a query; -1 behind.
    negatives : (n queries, c) rows against which to learn, beside the other passages of a batch; -1 behind.
    dim_hidden, n_heads, n_layers : as in `TreeHopGate`.
    temperature : of the softmax.
    n_epochs, batch_size, learning_rate, weight_decay, random_state : as in `minimize`.

    Returns
    -------
    weights : the state of the gate, as arrays.
    losses : the mean loss of each epoch.
    """
    queries, stored, hop, known, hard = (torch.from_numpy(np.array(a)) for a in (Q, X, hops, relevant, negatives))
    with seeded(random_state):
        gate = TreeHopGate(X.shape[1], dim_hidden, n_heads, n_layers)
    start, unit = gate.state_dict(), X.shape[1] ** -0.5
    moved = {name: torch.zeros_like(value, requires_grad=True) for name, value in start.items()}

    def weights() -> dict[str, Tensor]:
        return {name: value + unit * moved[name] for name, value in start.items()}

    def loss(rows: Tensor) -> Tensor:
        query, source, target = hop[rows].T
        candidates = torch.cat([target, hard[query].flatten()])
        fresh = functional_call(gate, weights(), (queries[query], stored[source]))
        logits = normalize(fresh) @ stored[candidates.clamp_min(0)].T / temperature
        spared = (candidates[None, :, None] == known[query][:, None, :]).any(dim=2) | (candidates < 0)
        spared[torch.arange(len(rows)), torch.arange(len(rows))] = False
        return cross_entropy(logits.masked_fill(spared, -torch.inf), torch.arange(len(rows)))

    losses = minimize(
        moved.values(),
        loss,
        len(hop),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return {name: value.detach().numpy() for name, value in weights().items()}, losses


def tree_hop_gate(weights: dict[str, NDArray[Any]]) -> TreeHopGate:
    """Return the gate of these weights, in float64, so that what comes out does not depend on the size of a batch."""
    n_layers, n_heads, dim_hidden, _ = weights["layers"].shape
    with torch.device("meta"):
        gate = TreeHopGate(weights["back.weight"].shape[0], dim_hidden, n_heads, n_layers - 1)
    state = {name: torch.from_numpy(np.array(value, np.float64)) for name, value in weights.items()}
    gate.load_state_dict(state, assign=True)
    return gate.eval()
