"""Training of an autoencoder whose codes fall into clusters (Ghasedi Dizaji et al. 2017)."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inlay.core.values import FloatArray, IdArray

from .training import minimize, seeded


class Autoencoder(nn.Module):
    """An encoder and a decoder of the same widths, and a softmax on the code.

    Parameters
    ----------
    widths : of the input, the hidden layers and the code.
    n_clusters : outputs of the softmax.
    corruption : share of the activations of each layer that the noisy path drops.
    """

    def __init__(self, widths: Sequence[int], n_clusters: int, corruption: float) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in pairs)
        self.head = nn.Linear(widths[-1], n_clusters, bias=False)
        self.corruption = corruption

    def encode(self, X: Tensor, noisy: bool) -> list[Tensor]:
        """Return the input and the output of each layer; the code, which is the last, is linear."""
        layers = [X]
        for number, layer in enumerate(self.encoder, 1):
            Z = functional.dropout(layers[-1], self.corruption, training=noisy)
            Z = layer(Z)
            layers.append(Z if number == len(self.encoder) else functional.relu(Z))
        return layers

    def reconstruction(self, clean: list[Tensor], code: Tensor) -> Tensor:
        """Return the squared error of each layer of the clean path, rebuilt from a noisy code, summed over layers."""
        total, Z = code.new_zeros(()), code
        for number in range(len(self.decoder) - 1, -1, -1):
            Z = self.decoder[number](Z)
            Z = functional.relu(Z) if number else Z
            total = total + functional.mse_loss(Z, clean[number])
        return total

    def log_probabilities(self, code: Tensor) -> Tensor:
        """Return the logarithms of the softmax of each cluster."""
        return functional.log_softmax(self.head(code), dim=1)


def targets(P: Tensor) -> Tensor:
    """Return the balanced target of each row: probabilities over the square root of how often a cluster is chosen.

    Examples
    --------
    >>> targets(torch.tensor([[0.5, 0.5], [0.9, 0.1]]))[0].round(decimals=2).tolist()
    [0.4000000059604645, 0.6000000238418579]
    """
    Q = P / P.sum(dim=0, keepdim=True).sqrt().clamp_min(1e-12)
    return Q / Q.sum(dim=1, keepdim=True)


class Training:
    """The two steps of training: an autoencoder alone, then clusters and reconstruction together."""

    def __init__(
        self,
        X: FloatArray,
        widths: Sequence[int],
        n_clusters: int,
        *,
        corruption: float,
        batch_size: int,
        learning_rate: float,
        random_state: int,
    ) -> None:
        self.X = torch.tensor(X)
        self.batch_size, self.learning_rate, self.random_state = batch_size, learning_rate, random_state
        with seeded(random_state):
            self.net = Autoencoder([X.shape[1], *widths], n_clusters, corruption)

    def reconstruct(self, n_epochs: int) -> None:
        """Learn to rebuild each layer of the clean path from the noisy code."""

        def loss(rows: Tensor) -> Tensor:
            clean, noisy = (self.net.encode(self.X[rows], way) for way in (False, True))
            return self.net.reconstruction(clean, noisy[-1])

        self._minimize(loss, n_epochs)

    def cluster(self, labels: IdArray, n_epochs: int, n_start_epochs: int) -> None:
        """Learn the clusters of `labels` for some epochs, and then those of the balanced targets."""
        Q = functional.one_hot(torch.tensor(labels), self.net.head.out_features).float()
        per_epoch, step = -(-len(self.X) // self.batch_size), 0

        def loss(rows: Tensor) -> Tensor:
            nonlocal Q, step
            if step % per_epoch == 0 and step >= n_start_epochs * per_epoch:
                with torch.no_grad():
                    Q = targets(self.net.log_probabilities(self.net.encode(self.X, noisy=False)[-1]).exp())
            step += 1
            clean, noisy = (self.net.encode(self.X[rows], way) for way in (False, True))
            likely = (Q[rows] * self.net.log_probabilities(noisy[-1])).sum(dim=1).mean()
            return self.net.reconstruction(clean, noisy[-1]) - likely

        self._minimize(loss, n_epochs)

    def codes(self) -> FloatArray:
        """Return the clean codes."""
        with torch.no_grad():
            return self.net.encode(self.X, noisy=False)[-1].numpy()

    def state(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Return weights and biases of the layers of the encoder and of the softmax."""
        values = [value.detach().numpy().copy() for value in self.net.encoder.parameters()]
        head = self.net.head.weight.detach().numpy().copy()
        return [*values[::2], head], [*values[1::2], np.zeros(len(head), np.float32)]

    def _minimize(self, loss: Callable[[Tensor], Tensor], n_epochs: int) -> None:
        minimize(
            self.net.parameters(),
            loss,
            len(self.X),
            n_epochs=n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
