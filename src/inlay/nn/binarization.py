"""Recurrent binarization: what is trained of it."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Sign(torch.autograd.Function):
    """The sign, +1 at zero; backwards the identity within `width` of zero, and nothing beyond."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, width: float) -> Tensor:
        ctx.save_for_backward(x.abs() < width)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (near,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient * near, None


def two_layers(start: Tensor) -> nn.Sequential:
    """Return two layers with ReLU between them that compute ``start @ x``, as x = relu(x) - relu(-x).

    Examples
    --------
    >>> two_layers(torch.tensor([[2.0, 1.0]]))(torch.tensor([[1.0, -3.0]])).item()
    -1.0
    """
    m, d = start.shape
    hidden, out = nn.Linear(d, 2 * d), nn.Linear(2 * d, m)
    with torch.no_grad():
        hidden.weight.copy_(torch.cat([torch.eye(d), -torch.eye(d)]))
        out.weight.copy_(torch.cat([start, -start], dim=1))
        hidden.bias.zero_()
        out.bias.zero_()
    return nn.Sequential(hidden, nn.ReLU(), out)


class RecurrentBinarization(nn.Module):
    """Turn unit vectors into a sum of sign vectors, each that of what those before have left.

    Parameters
    ----------
    start : (dim, d), what all blocks compute before training; the blocks of the way back compute its transpose.
    bits : sign vectors.

    Examples
    --------
    >>> RecurrentBinarization(torch.eye(2), 2)(torch.tensor([[0.6, 0.8], [-1.0, 0.0]])).tolist()
    [[0.5, 1.5], [-1.5, 0.5]]
    """

    def __init__(self, start: Tensor, bits: int) -> None:
        super().__init__()
        self.binarize = nn.ModuleList(two_layers(start) for _ in range(bits))
        self.reconstruct = nn.ModuleList(two_layers(start.T) for _ in range(bits - 1))
        # One deviation of a coordinate of a unit vector: beyond it a sign is taken for settled.
        self.width = start.shape[1] ** -0.5

    def forward(self, f: Tensor) -> Tensor:
        """Return (n, dim) codes for (n, d) unit vectors."""
        b: Tensor = _Sign.apply(self.binarize[0](f), self.width)  # type: ignore[no-untyped-call]
        for u, (back, block) in enumerate(zip(self.reconstruct, self.binarize[1:], strict=True), 1):
            left = f - functional.normalize(back(b), dim=1)
            b = b + 2.0**-u * _Sign.apply(block(left), self.width)  # type: ignore[no-untyped-call]
        return b


def layers(blocks: Iterable[nn.Module]) -> list[list[Tensor]]:
    """Return the weights and biases of blocks: hidden weights, hidden biases, output weights, output biases."""
    found = [[p.detach() for p in block.parameters()] for block in blocks]
    return [list(kind) for kind in zip(*found, strict=True)] if found else [[], [], [], []]
