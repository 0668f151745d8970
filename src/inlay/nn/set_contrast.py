"""Training of SetContrast: a linear map that moves the vectors of one set away from those of all others."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .training import minimize


def inter_set_loss(H: Tensor, numbers: Tensor, temperature: float) -> Tensor:
    """Return the mean over sets of log sum exp(cos / temperature), over pairs of a member with one of another set.

    Parameters
    ----------
    H : (n, d) vectors.
    numbers : (n,) of the set of each; one set alone has the loss 0.

    Examples
    --------
    >>> H = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> inter_set_loss(H, torch.tensor([0, 1]), 0.5).item()
    0.0
    """
    there, number = torch.unique(numbers, return_inverse=True)
    if len(there) < 2:
        return 0 * H.sum()
    H = torch.nn.functional.normalize(H, dim=1)
    same = number[:, None] == number[None, :]
    rows = (H @ H.T / temperature).masked_fill(same, -torch.inf).logsumexp(dim=1)
    of_set = number[None, :] == torch.arange(len(there))[:, None]
    return rows.masked_fill(~of_set, -torch.inf).logsumexp(dim=1).mean()


def learn(
    X: NDArray[np.float32],
    numbers: NDArray[np.int64],
    *,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    random_state: int,
) -> tuple[NDArray[np.float32], list[float]]:
    """Return the (d, d) map that is learned from the identity, and the mean loss of each epoch.

    What is added to the identity is what decays, so that a heavy weight leaves the vectors as they are.
    """
    vectors, sets = torch.tensor(X), torch.tensor(numbers)
    added = torch.zeros(X.shape[1], X.shape[1], requires_grad=True)

    def loss(rows: Tensor) -> Tensor:
        H = vectors[rows]
        return inter_set_loss(H + H @ added.T, sets[rows], temperature)

    losses = minimize(
        [added],
        loss,
        len(X),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        random_state=random_state,
    )
    return (torch.eye(X.shape[1]) + added.detach()).numpy(), losses
