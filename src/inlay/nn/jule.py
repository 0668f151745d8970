"""Training of a map in which rows are nearer to their own cluster than to its neighbours (Yang et al. 2016)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inlay.core.values import FloatArray, IdArray

from .training import minimize, seeded


class Representation:
    """A network of dense layers with ReLU, whose output has length one.

    Parameters
    ----------
    X : (n, d) rows.
    widths : of the hidden layers and the output.
    margin : by how much a row of another cluster has to be farther.
    n_negatives : rows of other clusters for each pair of the same.
    batch_size, learning_rate, random_state : as in `minimize`.
    """

    def __init__(
        self,
        X: FloatArray,
        widths: Sequence[int],
        *,
        margin: float,
        n_negatives: int,
        batch_size: int,
        learning_rate: float,
        random_state: int,
    ) -> None:
        self.X, self.margin, self.n_negatives = torch.tensor(X), margin, n_negatives
        self.batch_size, self.learning_rate, self.random_state = batch_size, learning_rate, random_state
        with seeded(random_state):
            self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise([X.shape[1], *widths]))

    def __call__(self, X: Tensor) -> Tensor:
        """Return the outputs of rows."""
        for number, layer in enumerate(self.layers, 1):
            X = layer(X)
            X = X if number == len(self.layers) else functional.relu(X)
        return functional.normalize(X, dim=1)

    def learn(self, labels: IdArray, near: IdArray, n_epochs: int) -> None:
        """Bring rows of a cluster together and those of its neighbours away, by triplets drawn anew for each step.

        Parameters
        ----------
        labels : (n,) clusters.
        near : (n_clusters, k) the neighbours of each cluster.
        """
        order = torch.tensor(np.argsort(labels, kind="stable"))
        sizes = torch.tensor(np.bincount(labels))
        starts, label, others = sizes.cumsum(0) - sizes, torch.tensor(labels), torch.tensor(near)

        def drawn(clusters: Tensor) -> Tensor:
            place = (torch.rand(clusters.shape) * sizes[clusters]).long()
            return order[starts[clusters] + place.minimum(sizes[clusters] - 1)]

        def loss(rows: Tensor) -> Tensor:
            mine = label[rows]
            choice = torch.randint(others.shape[1], (len(rows), self.n_negatives))
            same, other = drawn(mine), drawn(others[mine].gather(1, choice))
            anchor, positive, negative = self(self.X[rows]), self(self.X[same]), self(self.X[other.flatten()])
            near_by = (anchor - positive).square().sum(dim=1, keepdim=True)
            far_off = (anchor[:, None] - negative.view(*other.shape, -1)).square().sum(dim=2)
            return functional.relu(near_by - far_off + self.margin).mean()

        minimize(
            self.layers.parameters(),
            loss,
            len(self.X),
            n_epochs=n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )

    def outputs(self) -> FloatArray:
        """Return the outputs of all rows."""
        with torch.no_grad():
            return self(self.X).numpy()

    def state(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Return weights and biases of the layers."""
        values = [value.detach().numpy().copy() for value in self.layers.parameters()]
        return values[::2], values[1::2]
