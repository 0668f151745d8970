"""Losses of product quantization: the nearest codewords, and a contrast of queries with coded documents."""

import torch
from torch import Tensor


def closeness(Y: Tensor, C: Tensor) -> Tensor:
    """Return (n, m, k): minus the squared distance of (n, m, s) parts to (m, k, s) codewords, but for the part's own.

    Examples
    --------
    >>> closeness(torch.tensor([[[2.0]]]), torch.tensor([[[1.0], [3.0]]])).tolist()
    [[[3.0, 3.0]]]
    """
    return 2 * torch.einsum("nms,mks->nmk", Y, C) - (C**2).sum(dim=2)


def chosen(C: Tensor, near: Tensor) -> Tensor:
    """Return (n, m, s), the codeword of each part that is the closest."""
    m, k, _ = C.shape
    return torch.nn.functional.embedding(near.argmax(dim=2) + k * torch.arange(m), C.flatten(0, 1))


def contrast(Q: Tensor, D: Tensor, rows: Tensor, temperature: float) -> Tensor:
    """Return the mean of minus the log of the softmax that a query gives its own document.

    Parameters
    ----------
    Q : (b, d) queries; query i belongs to document i.
    D : (at least b, d) documents.
    rows : (len(D),), which document each row of `D` is; other rows of a query's own document are left out.
    temperature : what inner products are divided by.

    Examples
    --------
    >>> Q = torch.eye(2)
    >>> round(contrast(Q, Q, torch.tensor([0, 1]), 1.0).item(), 3), contrast(Q, Q, torch.tensor([0, 0]), 1.0).item()
    (0.313, 0.0)
    """
    n = len(Q)
    again = (rows[:n, None] == rows) & ~torch.eye(n, len(D), dtype=torch.bool)
    scores = (Q @ D.T / temperature).masked_fill(again, -torch.inf)
    return torch.nn.functional.cross_entropy(scores, torch.arange(n))


def disjoint_pairs(S: Tensor) -> tuple[Tensor, Tensor]:
    """Return pairs (i, j) of rows that share none, those with the largest ``abs(S[i, j])`` first to be taken.

    Two rows that are each other's best among those left are what taking one pair after another would come to.

    Examples
    --------
    >>> S = torch.tensor([[0, 3.0, 5, 0], [0, 0, 9, 1], [0, 0, 0, 1], [0, 0, 0, 0]])
    >>> [pair.tolist() for pair in disjoint_pairs(S - S.T)]
    [[1], [2]]
    """
    size = S.abs().fill_diagonal_(0)
    number = torch.arange(len(S))
    found: list[Tensor] = []
    while True:
        largest, partner = size.max(dim=1)
        mutual = (partner[partner] == number) & (number < partner) & (largest > 0)
        if not mutual.any():
            break
        pair = torch.stack([number[mutual], partner[mutual]])
        found.append(pair)
        size[pair.flatten()] = 0
        size[:, pair.flatten()] = 0
    i, j = torch.cat(found, dim=1) if found else torch.zeros((2, 0), dtype=torch.int64)
    return i, j


def turn(R: Tensor, gradient: Tensor, rate: float) -> None:
    """Turn pairs of columns of a rotation downhill, in place.

    For columns i and j, a rotation by a small angle t changes the loss by t S[i, j] with S = G'R - R'G; the pairs where
    it changes most are turned by -rate S[i, j].

    Examples
    --------
    >>> R = torch.eye(2)
    >>> turn(R, torch.tensor([[0.0, 1.0], [0.0, 0.0]]), 0.1)
    >>> (R * 1000).round().tolist()
    [[995.0, -100.0], [100.0, 995.0]]
    """
    S = gradient.T @ R
    S = S - S.T
    i, j = disjoint_pairs(S)
    angle = -rate * S[i, j]
    first, second = R[:, i].clone(), R[:, j].clone()
    R[:, i] = angle.cos() * first + angle.sin() * second
    R[:, j] = angle.cos() * second - angle.sin() * first
