"""The network that makes one query of a reference and a wish, and its training."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from .training import minimize, seeded

Weights = dict[str, NDArray[np.float32]]

SAME = 1 - 1e-5  # the cosine of vectors that are of one text


class Combiner(nn.Module):
    r"""Make a query of a reference and a wish: a convex combination of both, and a correction that is learned.

    The correction starts at zero and the share at one half, so that an untrained network gives the mean of both.

    Parameters
    ----------
    dim : of the vectors.
    hidden : units of each layer.
    dropout : share of the units that is left out in training.
    """

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.of_reference, self.of_wish = nn.Linear(dim, hidden), nn.Linear(dim, hidden)
        self.joint, self.gate = nn.Linear(2 * hidden, hidden), nn.Linear(2 * hidden, hidden)
        self.correction, self.share = nn.Linear(hidden, dim), nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)
        for last in (self.correction, self.share):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, r: Tensor, w: Tensor) -> Tensor:
        """Return the queries of (n, dim) references and wishes of length one, themselves of length one."""
        both = torch.cat([torch.relu(self.of_reference(r)), torch.relu(self.of_wish(w))], dim=1)
        both = self.dropout(both)
        joint, gate = (self.dropout(torch.relu(layer(both))) for layer in (self.joint, self.gate))
        share = torch.sigmoid(self.share(gate))
        return normalize(self.correction(joint) + share * w + (1 - share) * r)


def learn_judged(
    R: NDArray[np.float32],
    W: NDArray[np.float32],
    X: NDArray[np.float32],
    triplets: NDArray[np.int64],
    right: NDArray[np.int64],
    wrong: NDArray[np.int64],
    *,
    hidden: int,
    dropout: float,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[Weights, list[float]]:
    """Train a network to find what was judged right, among the targets of a batch and rows that are wrong.

    Parameters
    ----------
    R, W : (n queries, d), references and wishes of length one.
    X : (n rows, d) of length one.
    triplets : (m, 2): number of the query, and a row that is right for it.
    right : (n queries, a) rows that are never learned against; -1 behind.
    wrong : (n queries, b) rows to learn against besides; -1 behind.
    hidden, dropout : as in `Combiner`.
    temperature : of the softmax.
    n_epochs, batch_size, learning_rate, weight_decay, random_state : as in `minimize`.

    Returns
    -------
    weights : of the network, by name.
    losses : the mean loss of each epoch.
    """
    references, wishes, stored, pairs, known, hard = (
        torch.from_numpy(np.array(a)) for a in (R, W, X, triplets, right, wrong)
    )
    with seeded(random_state):
        network = Combiner(X.shape[1], hidden, dropout)

    def loss(rows: Tensor) -> Tensor:
        query, target = pairs[rows].T
        candidates = torch.cat([target, hard[query].flatten()])
        logits = network(references[query], wishes[query]) @ stored[candidates.clamp_min(0)].T / temperature
        spared = (candidates[None, :, None] == known[query][:, None, :]).any(dim=2) | (candidates < 0)
        spared[torch.arange(len(rows)), torch.arange(len(rows))] = False
        return cross_entropy(logits.masked_fill(spared, -torch.inf), torch.arange(len(rows)))

    return _learned(network, loss, len(pairs), n_epochs, batch_size, learning_rate, weight_decay, random_state)


def learn_captioned(
    X: NDArray[np.float32],
    W: NDArray[np.float32],
    *,
    alpha: float,
    hidden: int,
    dropout: float,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[Weights, list[float]]:
    """Train a network on triplets that are made in each batch, of items and their captions, (n, d) of length one each.

    The reference lies the share `alpha` of the way from an item to its nearest neighbour in the batch that has another
    caption, the item's own caption is the wish, and the item is to be found. The other parameters are those of
    `learn_judged`.
    """
    stored, wishes = torch.from_numpy(np.array(X)), torch.from_numpy(np.array(W))
    with seeded(random_state):
        network = Combiner(X.shape[1], hidden, dropout)

    def loss(rows: Tensor) -> Tensor:
        x, w = stored[rows], wishes[rows]
        cosines = x @ x.T
        neighbours = x[(cosines - 4.0 * (w @ w.T > SAME)).argmax(dim=1)]
        logits = network(slerp(x, neighbours, alpha), w) @ x.T / temperature
        # What is stored twice is no wrong answer.
        twins = (cosines > SAME) & ~torch.eye(len(rows), dtype=torch.bool)
        return cross_entropy(logits.masked_fill(twins, -torch.inf), torch.arange(len(rows)))

    return _learned(network, loss, len(stored), n_epochs, batch_size, learning_rate, weight_decay, random_state)


def slerp(a: Tensor, b: Tensor, alpha: float) -> Tensor:
    """Return the vectors the share `alpha` of the angle from `a` to `b`, rows of length one; straight where none is.

    Examples
    --------
    >>> slerp(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 1 / 3).round(decimals=3)
    tensor([[0.8660, 0.5000]])
    """
    angle = torch.arccos((a * b).sum(dim=1, keepdim=True).clamp(-1, 1))
    sine = torch.sin(angle)
    straight = sine < 1e-4
    sine = torch.where(straight, torch.ones_like(sine), sine)
    start = torch.where(straight, torch.full_like(sine, 1 - alpha), torch.sin((1 - alpha) * angle) / sine)
    end = torch.where(straight, torch.full_like(sine, alpha), torch.sin(alpha * angle) / sine)
    return normalize(start * a + end * b)


def _learned(
    network: Combiner,
    loss: Callable[[Tensor], Tensor],
    n: int,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[Weights, list[float]]:
    losses = minimize(
        network.parameters(),
        loss,
        n,
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}, losses
