"""A table that learns which rows it can do without."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from inlay.core.errors import ParameterError

from ._table import Table, at_least, normal, trained


class ThresholdTable(Table):
    r"""Learn one threshold for each field, below which rows are zero, and rows of any length at once.

    .. math:: \hat e(i) = S(\lVert e(i) \rVert_1 - t_{f(i)}) \; e(i) \odot m_{f(i)}

    where :math:`S` is the unit step, :math:`t_f` the threshold of the field, and :math:`m_f` keeps the first
    :math:`d_f` dimensions. The step lets gradients through along a function with long tails, so that thresholds
    learn; `penalty`, :math:`\sum_f e^{-t_f}`, times a small weight is added to the loss and raises them. While training
    :math:`d_f` is drawn anew from torch, evenly from 1 to all dimensions, for each item: the table is a supernet, in
    which every choice of dimensions is trained.

    In three stages, as in the paper: train with the penalty; find the dimensions with `search_dims`, scoring
    the model on data held back, with `dims` set; then call `settle` and train again from the first weights. Use it
    where there is time for that and the smallest table counts; `MixedDimensionTable` is trained once.

    Parameters
    ----------
    field_sizes : number of ids of each field, at least 1; the ids of all fields are numbered through.
    embedding_dim : at least 1.
    threshold : where the thresholds start; gradients reach them from L1 norms that are at most 1 away.
    length : expected length of rows at first; the L1 norm is about ``0.8 * embedding_dim ** 0.5`` times that. Where it
        is small, as with the paper's first weights, rows that learn stand out from those that do not.
    random_state : seed of the first weights.

    Attributes
    ----------
    weight : (n, embedding_dim), at first normal.
    thresholds : (fields,); the L1 norm of a row has to be above.
    dims : (fields,) int64, dimensions in use.

    References
    ----------
    Lyu, Tang, Zhu, Guo, Zhang, Tang, Liu (2022). OptEmbed: Learning Optimal Embedding Table for Click-through Rate
    Prediction. CIKM. arXiv:2208.04482.

    Examples
    --------
    >>> import torch
    >>> table = ThresholdTable([3, 2], 4, threshold=1.5)
    >>> table.settle(torch.tensor([4, 1]))
    >>> table.kept.tolist(), table.n_parameters
    ([False, True, False, True, True], 6)
    """

    paper: ClassVar[str] = "lyu2022optembed"

    def __init__(
        self,
        field_sizes: Sequence[int],
        embedding_dim: int,
        *,
        threshold: float = 0.0,
        length: float = 1.0,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        sizes = [int(size) for size in field_sizes]
        at_least(1, embedding_dim=embedding_dim, **{"every one of field_sizes": min(sizes, default=0)})
        self.num_embeddings, self.embedding_dim, self.random_state = sum(sizes), embedding_dim, random_state
        self.length = length
        self.weight = self._first()
        self.thresholds = nn.Parameter(torch.full((len(sizes),), float(threshold)))
        self._settled: Tensor
        self.fields: Tensor
        self.dims: Tensor
        self._kept: Tensor
        fields = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        self.register_buffer("fields", fields, persistent=False)
        self.register_buffer("dims", torch.full((len(sizes),), embedding_dim))
        self.register_buffer("_settled", torch.tensor(False))
        self.register_buffer("_kept", torch.ones(len(fields), dtype=torch.bool))

    @classmethod
    def from_table(cls, weight: Any, field_sizes: Sequence[int], share: float = 0.5, *, random_state: int = 0) -> Self:
        """Return a settled table of trained vectors, (n, d), that keeps the longest rows of each field.

        Parameters
        ----------
        share : how much of each field is kept, above 0 and at most 1.
        """
        weight = trained(weight)
        if not 0 < share <= 1:
            raise ParameterError(f"share must be above 0 and at most 1, got {share}.")
        table = cls(field_sizes, weight.shape[1], random_state=random_state)
        if table.num_embeddings != len(weight):
            raise ParameterError(f"field_sizes must add up to {len(weight)}, the rows, got {table.num_embeddings}.")
        norms = weight.abs().sum(1)
        below = [norms[table.fields == f].quantile(1 - share) for f in range(len(table.dims))]
        # A row as long as the threshold is below it: move that a little down.
        table.thresholds = nn.Parameter(torch.stack(below) * (1 - 1e-6) - 1e-12)
        table.weight = nn.Parameter(weight)
        table.settle(table.dims, again=False)
        return table

    def _first(self) -> nn.Parameter:
        return normal(
            self.random_state, self.num_embeddings, self.embedding_dim, std=self.length * self.embedding_dim**-0.5
        )

    @property
    def settled(self) -> bool:
        """Whether rows and dimensions are chosen, and thresholds no longer compared."""
        return bool(self._settled)

    @property
    def kept(self) -> Tensor:
        """Which rows are kept, (n,) bool."""
        if self.settled:
            return self._kept
        return (self.weight.abs().sum(1) - self.thresholds[self.fields] > 0).detach()

    @property
    def n_parameters(self) -> int:
        """Numbers of the rows that are kept, in the dimensions that are in use."""
        return int(self.dims[self.fields[self.kept]].sum())

    @property
    def n_bytes(self) -> int:
        """Bytes that have to be kept: parameters as float32, and a bit for each id."""
        return 4 * self.n_parameters + -(-self.num_embeddings // 8)

    def penalty(self) -> Tensor:
        """Return what raises the thresholds when it is part of the loss: the sum of exp(-t)."""
        return torch.exp(-self.thresholds).sum()

    def settle(self, dims: Tensor, *, again: bool = True) -> None:
        """Keep the rows that are above their thresholds now, in the first `dims` dimensions of each field, for good.

        With `again` the weights go back to what they were at first, to be trained again.
        """
        dims = torch.as_tensor(dims, dtype=torch.long)
        if dims.shape != self.dims.shape or not 1 <= int(dims.min()) <= int(dims.max()) <= self.embedding_dim:
            raise ParameterError(f"dims must be {len(self.dims)} numbers from 1 to {self.embedding_dim}, got {dims}.")
        kept = self.kept
        self._kept, self.dims, self._settled = kept, dims.clone(), torch.tensor(True)
        self.thresholds.requires_grad_(False)
        if again:
            with torch.no_grad():
                self.weight.copy_(self._first())

    def forward(self, ids: Tensor) -> Tensor:
        """Turn ids of any shape into vectors, (..., embedding_dim)."""
        ids = self._checked(ids)
        found = nn.functional.embedding(ids, self.weight)
        fields = self.fields[ids]
        above = (
            self._kept[ids].to(found.dtype) if self.settled else _step(found.abs().sum(-1) - self.thresholds[fields])
        )
        drawn = self.training and not self.settled
        dims = torch.randint_like(fields, 1, self.embedding_dim + 1) if drawn else self.dims[fields]
        in_use = torch.arange(self.embedding_dim, device=ids.device) < dims.unsqueeze(-1)
        return found * above.unsqueeze(-1) * in_use


def _step(x: Tensor) -> Tensor:
    """Return 1 where x is above 0, else 0; the gradient is a function with long tails instead of zero."""
    near = x.detach().abs()
    slope = torch.where(near <= 0.4, 2 - 4 * near, torch.where(near <= 1, 0.4, 0.0)) * x
    return (x > 0).to(x.dtype) + (slope - slope.detach())


def search_dims(
    score: Callable[[Tensor], float],
    n_fields: int,
    embedding_dim: int,
    *,
    n_generations: int = 30,
    n_kept: int = 10,
    n_mutations: int = 10,
    n_crossovers: int = 10,
    mutation: float = 0.1,
    random_state: int = 0,
) -> Tensor:
    """Find the dimensions of each field by evolution, and return the best that were met, (n_fields,) int64.

    Each generation keeps the best, changes some of their fields at random, and joins the head of one of them with the
    tail of another. Equal scores go to the fewer dimensions.

    Parameters
    ----------
    score : takes (n_fields,) dimensions and returns what should be large, such as the AUC on data held back.
    n_fields, embedding_dim : dimensions go from 1 to `embedding_dim`.
    n_generations : rounds.
    n_kept, n_mutations, n_crossovers : candidates of a round, of each kind.
    mutation : probability that a field changes.
    random_state : seed of all chance.

    Examples
    --------
    >>> search_dims(lambda dims: -float(((dims - torch.tensor([2, 5, 3])) ** 2).sum()), 3, 8).tolist()
    [2, 5, 3]
    """
    at_least(1, n_fields=n_fields, embedding_dim=embedding_dim, n_generations=n_generations, n_kept=n_kept)
    rng = np.random.default_rng(random_state)
    # Use of all dimensions, what is there already, is a candidate too.
    found: dict[tuple[int, ...], float] = {}
    candidates = rng.integers(1, embedding_dim + 1, (n_kept + n_mutations + n_crossovers, n_fields)).tolist()
    candidates.append([embedding_dim] * n_fields)
    for _ in range(n_generations):
        for one in map(tuple, candidates):
            if one not in found:
                found[one] = float(score(torch.tensor(one)))
        best = sorted(found, key=lambda one: (-found[one], sum(one), one))[:n_kept]
        parents = np.array(best)
        changed = parents[rng.integers(len(best), size=n_mutations)]
        drawn = rng.integers(1, embedding_dim + 1, changed.shape)
        changed = np.where(rng.random(changed.shape) < mutation, drawn, changed)
        heads, tails = parents[rng.integers(len(best), size=(2, n_crossovers))]
        cut = rng.integers(0, n_fields + 1, (n_crossovers, 1))
        joined = np.where(np.arange(n_fields) < cut, heads, tails)
        candidates = np.concatenate([changed, joined]).tolist()
    return torch.tensor(best[0])
