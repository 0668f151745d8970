"""What all tables share."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.nn.training import seeded


class Table(nn.Module):
    """Numbers to vectors: stands where ``torch.nn.Embedding`` would.

    Attributes
    ----------
    paper : key of the reference in ``papers.bib``.
    num_embeddings : ids go from 0 to this, itself left out; of a table that hashes, which takes any id, its rows.
    embedding_dim : dimension of what comes out.
    """

    paper: ClassVar[str]
    num_embeddings: int
    embedding_dim: int

    @property
    def n_parameters(self) -> int:
        """How many numbers are learned and kept."""
        return sum(parameter.numel() for parameter in self.parameters())

    @property
    def n_bytes(self) -> int:
        """Bytes that have to be kept: parameters as float32, and what says where an id has its rows."""
        return 4 * self.n_parameters

    def _checked(self, ids: Tensor) -> Tensor:
        """Return ids as int64, refusing those that the table has not."""
        ids = integers(ids)
        low, high = (int(ids.min()), int(ids.max())) if ids.numel() else (0, 0)
        if low < 0 or high >= self.num_embeddings:
            raise DataError(f"ids must be from 0 to {self.num_embeddings - 1}, got {low} to {high}.")
        return ids


def integers(ids: Tensor) -> Tensor:
    """Return ids as int64.

    Raises
    ------
    ShapeError
        If they are not integers.
    """
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise ShapeError(f"ids must be integers, got {ids.dtype}.")
    return ids.long()


def at_least(low: int, **sizes: int) -> None:
    """Refuse sizes below `low`."""
    for name, size in sizes.items():
        if size < low:
            raise ParameterError(f"{name} must be at least {low}, got {size}.")


def normal(random_state: int, *shape: int, std: float) -> nn.Parameter:
    """Return a parameter of normal numbers."""
    if random_state < 0:
        raise ParameterError(f"random_state must be at least 0, got {random_state}.")
    with seeded(random_state):
        return nn.Parameter(torch.randn(*shape) * std)


def trained(weight: Any) -> Tensor:
    """Return a trained table as an (n, d) tensor of float32 of its own.

    Raises
    ------
    ShapeError
        If it is not of this shape, is empty, or one of its numbers is not finite.
    """
    found = torch.as_tensor(weight).detach().to("cpu", torch.float32).clone()
    if found.ndim != 2 or 0 in found.shape or not bool(torch.isfinite(found).all()):
        raise ShapeError(f"weight must be finite and of shape (n, d), got {tuple(found.shape)}.")
    return found


def least_squares(rows: Tensor, weight: Tensor, n_rows: int, *, n_steps: int = 100) -> Tensor:
    """Return the (n_rows, d) table E for which the sums of its rows come nearest to `weight`.

    Minimises the squared distance of ``E[rows].sum(1)`` from (n, d) `weight`, (n, h) `rows` being given, by conjugate
    gradients on the normal equations, scaled by how often a row is used: with one row an id that is the mean, found in
    one step. A row that nothing uses stays zero.
    """

    def back(residual: Tensor) -> Tensor:
        """Add what is left at each id to the rows of that id."""
        total = torch.zeros(n_rows, weight.shape[1], dtype=torch.float64)
        for column in rows.T:
            total.index_add_(0, column, residual)
        return total

    residual = weight.double()
    used = torch.bincount(rows.reshape(-1), minlength=n_rows).clamp(min=1).double()[:, None]
    found = torch.zeros(n_rows, weight.shape[1], dtype=torch.float64)
    gradient = back(residual)
    scaled = gradient / used
    direction, length = scaled, (gradient * scaled).sum(0)
    enough = 1e-12 * length.max()
    for _ in range(n_steps):
        if not bool((length > enough).any()):
            break
        step = direction[rows].sum(1)
        size = length / (step**2).sum(0).clamp(min=1e-30)
        found = found + size * direction
        residual = residual - size * step
        gradient = back(residual)
        scaled = gradient / used
        before, length = length, (gradient * scaled).sum(0)
        direction = scaled + (length / before.clamp(min=1e-30)) * direction
    return found.float()
