"""The network of AspectMatcher: two vectors, and which aspects they share."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .training import minimize, seeded


class AspectClassifier(nn.Module):
    """Tell what pairs share; (n, d) and (n, d) give (n, n_aspects) log-odds.

    Parameters
    ----------
    dim : of the vectors.
    hidden : units of the layer between.
    n_aspects : aspects, of which a pair may share several.
    dropout : share of the units that is left out in training.
    """

    def __init__(self, dim: int, hidden: int, n_aspects: int, *, dropout: float) -> None:
        super().__init__()
        self.joint, self.head = nn.Linear(4 * dim, hidden), nn.Linear(hidden, n_aspects)
        self.dropout = nn.Dropout(dropout)

    def forward(self, u: Tensor, v: Tensor) -> Tensor:
        """Return the log-odds of each aspect."""
        units = torch.relu(self.joint(torch.cat([u, v, (u - v).abs(), u * v], dim=1)))
        odds: Tensor = self.head(self.dropout(units))
        return odds


def learn(
    Q: NDArray[np.float32],
    X: NDArray[np.float32],
    pairs: NDArray[np.int64],
    shared: NDArray[np.bool_],
    *,
    hidden: int,
    dropout: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[AspectClassifier, list[float]]:
    """Learn by binary cross-entropy, the mean of all aspects.

    Parameters
    ----------
    Q, X : (n queries, d) and (n rows, d).
    pairs : (n pairs, 2), a query and a row.
    shared : (n pairs, n_aspects), which aspects they share.

    Returns
    -------
    network, and the mean loss of each epoch.
    """
    queries, stored = (torch.from_numpy(np.ascontiguousarray(part)) for part in (Q, X))
    left, right = (torch.from_numpy(np.ascontiguousarray(part)) for part in pairs.T)
    target = torch.from_numpy(shared.astype(np.float32))
    with seeded(random_state):
        network = AspectClassifier(Q.shape[1], hidden, shared.shape[1], dropout=dropout)

    def loss(rows: Tensor) -> Tensor:
        odds = network(queries[left[rows]], stored[right[rows]])
        return nn.functional.binary_cross_entropy_with_logits(odds, target[rows])

    losses = minimize(
        network.parameters(),
        loss,
        len(pairs),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return network.eval(), losses
