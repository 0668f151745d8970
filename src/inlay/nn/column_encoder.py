"""The training of ColumnEncoder: a linear map under which columns that can be joined are nearest to each other."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .aspect_view import ranking_loss
from .training import minimize


def learn(
    X: NDArray[np.float32],
    anchors: NDArray[np.int64],
    mates: NDArray[np.int64],
    *,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> tuple[NDArray[np.float32], list[float]]:
    """Learn a linear map from pairs of rows, from the identity on.

    In each epoch each row that has mates meets one of those, drawn anew; those of the other rows of its batch are its
    negatives, where they are not the same one.

    Parameters
    ----------
    X : (n, d).
    anchors, mates : (p,) rows of each pair, anchor by anchor.

    Returns
    -------
    map : (d, d), to be multiplied from the right.
    losses : the mean loss of each epoch.
    """
    rows_of, starts, counts = np.unique(anchors, return_index=True, return_counts=True)
    vectors, second = torch.tensor(X), torch.tensor(mates)
    row, first, many = torch.tensor(rows_of), torch.tensor(starts), torch.tensor(counts)
    added = torch.zeros(X.shape[1], X.shape[1], requires_grad=True)

    def loss(batch: Tensor) -> Tensor:
        drawn = (torch.rand(len(batch), dtype=torch.float64) * many[batch]).long()
        mate = second[first[batch] + drawn]
        a, b = (some + some @ added for some in (vectors[row[batch]], vectors[mate]))
        return ranking_loss(a, b, mate, temperature)

    losses = minimize(
        [added],
        loss,
        len(rows_of),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )
    return np.eye(X.shape[1], dtype=np.float32) + added.detach().numpy(), losses
