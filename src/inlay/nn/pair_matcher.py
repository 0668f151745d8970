"""The network of PairMatcher: two vectors are compared as they are, and again behind a layer that both pass."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .training import minimize, seeded


class Comparator(nn.Module):
    """Score pairs of vectors; (n, d) and (n, d) give (n,) log-odds of one class.

    Parameters
    ----------
    dim : of the vectors.
    hidden : units of the branch, which both vectors pass, and of the joint layer.
    dropout : share of the units of the joint layer that is left out in training.
    """

    def __init__(self, dim: int, hidden: int, *, dropout: float) -> None:
        super().__init__()
        self.branch, self.joint = nn.Linear(dim, hidden), nn.Linear(2 * (dim + hidden), hidden)
        self.head = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, q: Tensor, x: Tensor) -> Tensor:
        """Return the log-odds, the same for (q, x) and (x, q)."""
        f, g = torch.relu(self.branch(q)), torch.relu(self.branch(x))
        compared = torch.cat([(q - x).abs(), q * x, (f - g).abs(), f * g], dim=1)
        scores: Tensor = self.head(self.dropout(torch.relu(self.joint(compared)))).squeeze(1)
        return scores


def learn(
    X: NDArray[np.float32],
    numbers: NDArray[np.int64],
    *,
    hidden: int,
    dropout: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[Comparator, list[float]]:
    """Learn to tell pairs of one class from pairs of two, by binary cross-entropy.

    In each epoch each row of a class of several rows meets one row of its class and one of another, drawn anew.

    Parameters
    ----------
    X : (n, d), of at least two classes, one of which has at least two rows.
    numbers : (n,) of the class of each row.

    Returns
    -------
    network, and the mean loss of each epoch.
    """
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers)
    vectors = torch.from_numpy(np.ascontiguousarray(X[order]))
    size = torch.from_numpy(np.repeat(sizes, sizes))
    start = torch.from_numpy(np.repeat(np.cumsum(sizes) - sizes, sizes))
    anchors = torch.nonzero(size > 1).squeeze(1)
    with seeded(random_state):
        network = Comparator(X.shape[1], hidden, dropout=dropout)

    def loss(rows: Tensor) -> Tensor:
        at = anchors[rows]
        first, many = start[at], size[at]
        # Rows stand class by class: a step round the class meets another row of it, one round the rest all others.
        same = first + (at - first + 1 + _drawn(many - 1)) % many
        other = (first + many + _drawn(len(vectors) - many)) % len(vectors)
        q = vectors[at]
        scores = network(torch.cat([q, q]), vectors[torch.cat([same, other])])
        return nn.functional.binary_cross_entropy_with_logits(
            scores, torch.cat([torch.ones(len(at)), torch.zeros(len(at))])
        )

    losses = minimize(
        network.parameters(),
        loss,
        len(anchors),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return network.eval(), losses


def _drawn(below: Tensor) -> Tensor:
    """Return a whole number from 0 to below each of those given."""
    return torch.minimum((torch.rand(len(below), dtype=torch.float64) * below).long(), below - 1)
