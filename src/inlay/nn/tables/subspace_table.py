"""Vectors put together from shared pieces."""

from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.cluster import KMeans, kmeans_plusplus
from torch import Tensor, nn

from inlay.core.errors import ParameterError, ShapeError

from ._table import Table, at_least, normal, trained


class SubspaceTable(Table):
    r"""Make each vector of pieces that it shares with others: an id is a tuple of rows, one from each small table.

    .. math:: e(i) = \left[ E^{(1)}_{c_1(i)}, \ldots, E^{(f)}_{c_f(i)} \right]

    with :math:`f` tables of :math:`Q` rows. Without `codes` the tuples are those of the Cartesian product in order, the
    digits of :math:`i` to the base :math:`Q`: all differ, nothing is kept for them, and
    :math:`Q = \lceil n^{1/f} \rceil` rows are enough. `from_table` rather lets ids share pieces that are alike: the
    slices of trained vectors are put into :math:`Q` groups by k-means, and the tuples are kept.

    Use `from_table` to make the token table of a trained model small; at :math:`Q = 256` a vector costs :math:`f`
    bytes. Digits suit a table that is trained from the start, as `QuotientRemainderTable` does, which is the same with
    two tables.

    The paper finds the ids that share pieces from contextual vectors of a language model; here it is the rows
    themselves, each slice on its own, as in product quantization.

    Parameters
    ----------
    num_embeddings : number of ids, at least 1.
    embedding_dim : a multiple of `n_subspaces`.
    n_subspaces : pieces of a vector, f, at least 1.
    n_rows : rows of each small table, Q, at least 1; None takes the fewest with which all digits differ.
    codes : (num_embeddings, n_subspaces) integers from 0 to ``n_rows - 1``; None takes digits.
    random_state : seed of the first weights.

    Attributes
    ----------
    weight : (n_subspaces, n_rows, embedding_dim / n_subspaces), at first normal, of expected length one put together.
    codes : (num_embeddings, n_subspaces) int32; for digits empty.

    References
    ----------
    Jaiswal, Liu (2023). Lightweight Adaptation of Neural Language Models via Subspace Embedding. CIKM.
    arXiv:2308.08688.

    Examples
    --------
    >>> import torch
    >>> table = SubspaceTable(1000, 12, 3)
    >>> table.n_rows, len(table(torch.arange(1000)).unique(dim=0)), table.n_parameters
    (10, 1000, 120)
    """

    paper: ClassVar[str] = "jaiswal2023lightweight"

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        n_subspaces: int,
        *,
        n_rows: int | None = None,
        codes: Any = None,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        at_least(1, num_embeddings=num_embeddings, embedding_dim=embedding_dim, n_subspaces=n_subspaces)
        if embedding_dim % n_subspaces:
            raise ParameterError(
                f"embedding_dim must be a multiple of n_subspaces, {n_subspaces}, got {embedding_dim}."
            )
        fewest = round(num_embeddings ** (1 / n_subspaces))  # exactly, or off by one
        fewest = next(q for q in range(max(1, fewest - 1), fewest + 2) if q**n_subspaces >= num_embeddings)
        n_rows = fewest if n_rows is None else n_rows
        if codes is None and n_rows < fewest:
            raise ParameterError(f"n_rows must be at least {fewest} for digits that differ, got {n_rows}.")
        at_least(1, n_rows=n_rows)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.n_subspaces, self.n_rows = n_subspaces, n_rows
        kept = torch.zeros(0, n_subspaces) if codes is None else torch.as_tensor(codes)
        shape = (0 if codes is None else num_embeddings, n_subspaces)
        if kept.shape != shape or (codes is not None and kept.is_floating_point()):
            raise ShapeError(f"codes must be integers of shape {shape}, got {kept.dtype} of {tuple(kept.shape)}.")
        if kept.numel() and not 0 <= int(kept.min()) <= int(kept.max()) < n_rows:
            raise ShapeError(f"codes must be from 0 to {n_rows - 1}, got {int(kept.min())} to {int(kept.max())}.")
        self.codes: Tensor
        self.register_buffer("codes", kept.int())
        self.weight = normal(random_state, n_subspaces, n_rows, embedding_dim // n_subspaces, std=embedding_dim**-0.5)

    @classmethod
    def from_table(cls, weight: Any, n_subspaces: int, *, n_rows: int = 256, random_state: int = 0) -> Self:
        """Return a table near to (n, d) trained vectors: slices by k-means, at most one group for each vector."""
        weight = trained(weight)
        if weight.shape[1] % n_subspaces:
            raise ParameterError(f"n_subspaces must divide the dimension, {weight.shape[1]}, got {n_subspaces}.")
        n_rows = min(n_rows, len(weight))
        # Where the groups start is chosen among some rows only; all of them would cost more than the rest.
        some = np.random.default_rng(random_state).permutation(len(weight))[: 16 * n_rows]
        codes, rows = [], []
        for part in weight.numpy().reshape(len(weight), n_subspaces, -1).transpose(1, 0, 2):
            part = np.ascontiguousarray(part)
            first, _ = kmeans_plusplus(part[some], n_rows, random_state=random_state)
            groups = KMeans(n_rows, init=first, n_init=1, max_iter=20).fit(part)
            codes.append(groups.labels_)
            rows.append(torch.from_numpy(groups.cluster_centers_.astype(np.float32)))
        table = cls(len(weight), weight.shape[1], n_subspaces, n_rows=n_rows, codes=np.stack(codes, 1))
        table.weight = nn.Parameter(torch.stack(rows))
        return table

    @property
    def n_bytes(self) -> int:
        """Bytes that have to be kept: parameters as float32, and tuples that are no digits, packed to the bit."""
        return 4 * self.n_parameters + -(-self.codes.numel() * (self.n_rows - 1).bit_length() // 8)

    def forward(self, ids: Tensor) -> Tensor:
        """Turn ids of any shape into vectors, (..., embedding_dim)."""
        ids = self._checked(ids)
        which = torch.arange(self.n_subspaces, device=ids.device)
        digits = self.codes[ids].long() if len(self.codes) else ids.unsqueeze(-1) // self.n_rows**which % self.n_rows
        rows = which * self.n_rows + digits
        return nn.functional.embedding(rows, self.weight.flatten(0, 1)).flatten(-2)
