"""The training of AspectView: a linear map under which rows of one label are nearest to each other."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from .training import minimize


def ranking_loss(a: Tensor, b: Tensor, labels: Tensor, temperature: float) -> Tensor:
    r"""Return the multiple-negatives ranking loss of (n, d) pairs, whose cosines are divided by `temperature`.

    Each row of `a` has the row of `b` beside it as its positive, and the others as negatives, but for those of the same
    label, which are left out.

    Examples
    --------
    >>> a = torch.eye(2)
    >>> round(ranking_loss(a, a, torch.tensor([0, 1]), 1.0).item(), 4)
    0.3133
    >>> ranking_loss(a, a, torch.tensor([0, 0]), 1.0).item()
    0.0
    """
    cosines = normalize(a) @ normalize(b).T
    alike = (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)
    return cross_entropy((cosines / temperature).masked_fill(alike, -torch.inf), torch.arange(len(labels)))


def learn(
    X: NDArray[np.float32],
    numbers: NDArray[np.int64],
    start: NDArray[np.float32],
    *,
    temperature: float,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> tuple[NDArray[np.float32], list[float]]:
    """Learn a linear map from pairs of one label.

    In each epoch each row whose label another one has meets one of those, drawn anew.

    Parameters
    ----------
    X : (n, d).
    numbers : (n,) of the label of each row, of which one has two rows at least.
    start : (dim, d), the map to begin with.

    Returns
    -------
    map : (dim, d).
    losses : the mean loss of each epoch.
    """
    order = np.argsort(numbers, kind="stable")
    sizes = np.bincount(numbers)
    vectors, labels = torch.from_numpy(np.ascontiguousarray(X[order])), torch.from_numpy(numbers[order])
    size = torch.from_numpy(np.repeat(sizes, sizes))
    first = torch.from_numpy(np.repeat(np.cumsum(sizes) - sizes, sizes))
    anchors = torch.nonzero(size > 1).squeeze(1)
    weight = torch.tensor(start, requires_grad=True)

    def loss(rows: Tensor) -> Tensor:
        at = anchors[rows]
        many = size[at]
        # Rows stand label by label: a step round those of a label meets another one of them.
        step = 1 + (torch.rand(len(at), dtype=torch.float64) * (many - 1)).long()
        mates = first[at] + (at - first[at] + step) % many
        return ranking_loss(vectors[at] @ weight.T, vectors[mates] @ weight.T, labels[at], temperature)

    losses = minimize(
        [weight],
        loss,
        len(anchors),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )
    return weight.detach().numpy(), losses
