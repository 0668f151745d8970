"""The network of CharacterTransport: characters are encoded and aligned, and the alignment is read."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .training import minimize, seeded

SIZES = {1: (7,), 2: (5, 3), 3: (7, 5, 5), 4: (7, 5, 5, 3)}  # of the filters, by the number of layers
AT_ONCE = 1 << 19  # cells of alignments that are scored in one step


class Aligner(nn.Module):
    """Score pairs of strings, given as codes of characters; (n, l) and (n, m) codes give (n,) scores.

    What stands beyond the end of a string counts for nothing, so that a score does not depend on the padding.

    Parameters
    ----------
    n_codes : of characters, with 0 for what lies beyond the end and 1 for characters not known.
    dim : of a character's vector, of its encoding in either direction, and so half of what is compared.
    n_filters : of each layer that reads the alignment.
    n_layers : of those layers, 1 to 4.
    n_iterations : of Sinkhorn, each over rows and columns.
    epsilon : weight of the entropy.
    max_length : characters that are looked at.
    """

    def __init__(
        self,
        n_codes: int,
        *,
        dim: int,
        n_filters: int,
        n_layers: int,
        n_iterations: int,
        epsilon: float,
        max_length: int,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_codes, dim, padding_idx=0)
        self.ahead, self.back = (nn.LSTM(dim, dim, batch_first=True) for _ in range(2))
        widths = [1] + [n_filters] * n_layers
        layers = [
            nn.Conv2d(before, after, size, padding=size // 2)
            for before, after, size in zip(widths, widths[1:], SIZES[n_layers], strict=False)
        ]
        for name, part in (pair for layer in layers for pair in layer.named_parameters()):
            if name == "bias":
                nn.init.zeros_(part)  # or a score would start as little else than the number of cells
        self.layers = nn.ModuleList(layers)
        half = -(-max_length // 2)
        # Alike at all places at the start: only pairs of long strings say anything of the places far down.
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(n_filters, 1, 1)).expand(-1, half, half).clone())
        self.n_iterations, self.epsilon = n_iterations, epsilon

    def encode(self, codes: Tensor) -> Tensor:
        """Return the encodings of (n, l) characters, (n, l, 2 dim), zero beyond the end."""
        there = codes > 0
        # A string is read backwards from its own end, so that no padding comes before it.
        place = torch.arange(codes.shape[1]).expand_as(codes)
        last = there.sum(dim=1, keepdim=True) - 1
        turned = torch.where(there, last - place, place)
        ahead, _ = self.ahead(self.embedding(codes))
        back, _ = self.back(self.embedding(codes.gather(1, turned)))
        back = back.gather(1, turned[:, :, None].expand_as(back))
        return torch.cat([ahead, back], dim=2) * there[:, :, None]

    def align(self, H: Tensor, G: Tensor, pairs: Tensor) -> Tensor:
        """Return the similarities of (n, l, h) and (n, m, h) encodings, each weighted by the mass moved between them.

        `pairs` is 1 where both characters are there, (n, l, m).
        """
        S = H @ G.transpose(1, 2)
        inside = pairs > 0
        # Scaling rows and columns leaves the plan as it is; like this each has a 1, and nothing vanishes.
        K = S.masked_fill(~inside, -1e9)
        K = K - K.amax(dim=2, keepdim=True)
        K = K.masked_fill(~inside, -1e9)
        K = (K - K.amax(dim=1, keepdim=True)) / self.epsilon
        K = K.clamp(min=-60).exp() * pairs  # numbers far smaller are slow to compute with
        rows, columns = (pairs.amax(dim=d) for d in (2, 1))
        mu, nu = (one / one.sum(dim=1, keepdim=True).clamp(min=1) for one in (rows, columns))
        u, v = rows, columns
        for _ in range(self.n_iterations):
            u = mu / (torch.einsum("nij,nj->ni", K, v) + (1 - rows))
            v = nu / (torch.einsum("nij,ni->nj", K, u) + (1 - columns))
        return S * (u[:, :, None] * K * v[:, None, :])

    def read(self, aligned: Tensor, pairs: Tensor) -> Tensor:
        """Return the scores of (n, l, m) alignments, of even l and m."""
        out, inside = aligned[:, None], pairs[:, None]
        for i, layer in enumerate(self.layers):
            out = layer(out if i == 0 else out.relu()) * inside
        out = nn.functional.max_pool2d(out, 2)
        return torch.einsum("nfij,fij->n", out, self.weight[:, : out.shape[2], : out.shape[3]])

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the scores of strings `a`, each with the string `b` at its place."""
        return self.score(self.encode(a), self.encode(b), a > 0, b > 0)

    def score(self, H: Tensor, G: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """Return the scores of encodings; `a` and `b` say where there is a character."""
        pairs = (a[:, :, None] & b[:, None, :]).to(H.dtype)
        return self.read(self.align(H, G, pairs), pairs)


def learn(
    network: Aligner,
    queries: NDArray[np.int64],
    items: NDArray[np.int64],
    pairs: NDArray[np.int64],
    others: NDArray[np.int64],
    *,
    n_negatives: int,
    n_epochs: int,
    batch_size: int,
    learning_rate: float,
    random_state: int,
) -> list[float]:
    """Learn that items which are named stand above others, by the logistic loss of the difference of their scores.

    Parameters
    ----------
    queries, items : (n, l) and (m, l) codes of characters.
    pairs : (p, 2) numbers of a query and of an item that it names.
    others : (n, k) for each query the numbers of items like what it names, -1 padded; what it names may be among them.
    n_negatives : drawn for each pair in each epoch, the first half of them from `others`, the rest from all items.

    Returns
    -------
    list of float, the mean loss of each epoch.
    """
    Q, X, P, N = (torch.tensor(part) for part in (queries, items, pairs, others))
    named = (P[:, 0] * len(X) + P[:, 1]).sort().values
    sizes = (N >= 0).sum(dim=1)

    def loss(rows: Tensor) -> Tensor:
        query, positive = P[rows].T
        n, hard = len(rows), -(-n_negatives // 2)
        any_row = _drawn(torch.full((n, n_negatives), len(X)))
        if N.shape[1]:
            like = N[query[:, None], _drawn(sizes[query].clamp(min=1)[:, None].expand(-1, hard))]
            any_row[:, :hard] = torch.where(like >= 0, like, any_row[:, :hard])
        wrong = ~torch.isin(query[:, None] * len(X) + any_row, named)
        a, b = _cut(Q[query]), _cut(X[torch.cat([positive, any_row.reshape(-1)])])
        repeated = torch.cat([torch.arange(n), torch.arange(n).repeat_interleave(n_negatives)])
        scores = network.score(network.encode(a)[repeated], network.encode(b), (a > 0)[repeated], b > 0)
        ahead = scores[:n, None] - scores[n:].reshape(n, n_negatives)
        return (nn.functional.softplus(-ahead) * wrong).sum() / wrong.sum().clamp(min=1)

    return minimize(
        network.parameters(),
        loss,
        len(P),
        n_epochs=n_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        random_state=random_state,
    )


def scores(network: Aligner, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the (n,) scores of n strings, each with the one at its place; strings of like length stand together."""
    # Equal pairs once, for in two steps they might differ by rounding.
    pairs, place = np.unique(np.stack([a, b], axis=1), axis=0, return_inverse=True)
    a, b = pairs[:, 0], pairs[:, 1]
    out = np.empty(len(a), np.float32)
    longest = np.maximum((a > 0).sum(axis=1), (b > 0).sum(axis=1))
    with torch.no_grad():
        for rows in _blocks(longest):
            pair = [_cut(torch.from_numpy(codes[rows])) for codes in (a, b)]
            out[rows] = network(*pair).numpy()
    return out[place.ravel()]


def _blocks(longest: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    order = np.argsort(longest, kind="stable")
    while len(order):
        # No step holds more cells than AT_ONCE, whatever the lengths in it.
        fits = (np.arange(1, len(order) + 1) * longest[order] ** 2 <= AT_ONCE).sum()
        yield order[: max(1, fits)]
        order = order[max(1, fits) :]


def _cut(codes: Tensor) -> Tensor:
    """Leave out columns in which all strings have ended, to an even number."""
    longest = int((codes > 0).sum(dim=1).max())
    return nn.functional.pad(codes, (0, 1))[:, : longest + longest % 2]


def _drawn(below: Tensor) -> Tensor:
    """Return a whole number from 0 to below each of those given."""
    return torch.minimum((torch.rand(below.shape, dtype=torch.float64) * below).long(), below - 1)


def made(n_codes: int, random_state: int, shape: Mapping[str, Any]) -> Aligner:
    """Return a network that has learned nothing yet; `shape` are the other parameters of Aligner."""
    with seeded(random_state):
        return Aligner(n_codes, **shape)


def restored(weights: Mapping[str, NDArray[np.float32]], n_codes: int, shape: Mapping[str, Any]) -> Aligner:
    """Return the network with weights that it had."""
    network = made(n_codes, 0, shape)
    network.load_state_dict({name: torch.from_numpy(np.array(part)) for name, part in weights.items()})
    return network
