"""Losses of product quantization: the nearest codewords, and a contrast of queries with coded documents."""

from typing import Any

import torch
from torch import Tensor

CELLS = 1 << 19  # of parts and codewords that are compared at a time: what they take stays in the cache


def closeness(Y: Tensor, C: Tensor) -> Tensor:
    """Return (n, m, k): minus the squared distance of (n, m, s) parts to (m, k, s) codewords, but for the part's own.

    Examples
    --------
    >>> closeness(torch.tensor([[[2.0]]]), torch.tensor([[[1.0], [3.0]]])).tolist()
    [[[3.0, 3.0]]]
    """
    return 2 * torch.einsum("nms,mks->nmk", Y, C) - (C**2).sum(dim=2)


def closest(Y: Tensor, C: Tensor) -> Tensor:
    """Return (n, m) numbers of the closest codeword of each part; no gradient goes through a choice.

    Examples
    --------
    >>> closest(torch.tensor([[[2.5]]]), torch.tensor([[[1.0], [3.0]]])).tolist()
    [[1]]
    """
    with torch.no_grad():
        return torch.cat([closeness(Y[:, i], C[i]).argmax(dim=2) for i in _blocks(Y, C)], dim=1)


def chosen(C: Tensor, numbers: Tensor) -> Tensor:
    """Return (n, m, s), the codeword of each part that has the number."""
    m, k, _ = C.shape
    return torch.nn.functional.embedding(numbers + k * torch.arange(m), C.flatten(0, 1))


def matching_codes(Y: Tensor, C: Tensor) -> Tensor:
    r"""Return (n, m, s), the closest codewords, with the gradient of the mean codeword as well as of the chosen one.

    With p the softmax of `closeness`, the gradient is that of ``chosen + soft - soft.detach()`` where soft is the sum
    of p times the codewords, these taken as constants. It reaches `C` alone, for parts are given.
    """
    coded: Tensor = _MatchingCodes.apply(Y, C)  # type: ignore[no-untyped-call]
    return coded


class _MatchingCodes(torch.autograd.Function):
    """What `matching_codes` gives; p is computed again on the way back, for it is large and soon there."""

    @staticmethod
    def forward(ctx: Any, Y: Tensor, C: Tensor) -> Tensor:
        """Choose codewords."""
        numbers = closest(Y, C)
        ctx.save_for_backward(Y, C, numbers)
        return chosen(C, numbers)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        """Turn the gradient of what was chosen into that of the codewords."""
        (G,), (Y, C, numbers) = gradients, ctx.saved_tensors
        m, k, s = C.shape
        words = torch.zeros(m * k, s).index_add_(0, (numbers + k * torch.arange(m)).flatten(), G.flatten(0, 1))
        out = words.view_as(C)
        for i in _blocks(Y, C):
            p = closeness(Y[:, i], C[i]).softmax(dim=2)
            along = torch.einsum("nms,mks->nmk", G[:, i], C[i])
            change = p * (along - (p * along).sum(dim=2, keepdim=True))
            out[i] += 2 * torch.einsum("nmk,nms->mks", change, Y[:, i]) - 2 * change.sum(dim=0)[:, :, None] * C[i]
        return None, out


def _blocks(Y: Tensor, C: Tensor) -> list[slice]:
    step = max(1, CELLS // max(1, len(Y) * C.shape[1]))
    return [slice(start, start + step) for start in range(0, len(C), step)]


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
