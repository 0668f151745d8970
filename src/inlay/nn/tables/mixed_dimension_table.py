"""Rows whose length follows how often their ids occur."""

from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from inlay.core.errors import ParameterError

from ._table import Table, at_least, normal, trained


class MixedDimensionTable(Table):
    r"""Give frequent ids long rows and rare ones short rows, brought to one dimension by a projection a block.

    Ids are put into :math:`k` blocks of equal total frequency, the most frequent first. A block of mean frequency
    :math:`p_j` has rows of

    .. math:: d_j = \lambda \, (p_j / p_1)^{\alpha}

    numbers, rounded, from one to the dimension :math:`d`, and a matrix :math:`P_j` of shape :math:`(d_j, d)`, so that
    :math:`e(i) = E^{(j)}_i P_j`; where :math:`d_j = d` there is no matrix. :math:`\lambda = d, \alpha = 0` is the full
    table; `of_size` finds the :math:`\lambda` of a size.

    Use it where frequencies are skewed and known; each id keeps a row of its own. `QuotientRemainderTable` needs no
    frequencies and can be smaller.

    Parameters
    ----------
    counts : how often each id occurs, one number not below 0 for each; not all of them 0. Where they never rise, that
        is where ids are numbered by frequency, nothing else is kept; else 4 bytes for each id.
    embedding_dim : dimension of what comes out, at least 1.
    alpha : how fast rows shorten, at least 0.
    longest : length of the rows of the first block before it is rounded and cut to the dimension, above 0; None takes
        the dimension.
    n_blocks : at most so many blocks, at least 1.
    random_state : seed of the first weights.

    Attributes
    ----------
    dims : length of the rows of each block.
    sizes : number of ids in each block.
    rows : for each block its (size, dim) rows, of expected length one at first.
    projections : for each block the (dim, embedding_dim) matrix; empty where the rows have all dimensions.

    References
    ----------
    Ginart, Naumov, Mudigere, Yang, Zou (2021). Mixed Dimension Embeddings with Application to Memory-Efficient
    Recommendation Systems. ISIT. arXiv:1909.11810.

    Examples
    --------
    >>> import torch
    >>> table = MixedDimensionTable([1000 / (i + 1) for i in range(500)], 16, alpha=0.6, n_blocks=4)
    >>> table.sizes, table.dims, table.n_parameters
    ([3, 14, 75, 408], [16, 6, 2, 1], 834)
    >>> table(torch.tensor([0, 499])).shape
    torch.Size([2, 16])
    """

    paper: ClassVar[str] = "ginart2021mixed"

    def __init__(
        self,
        counts: Any,
        embedding_dim: int,
        *,
        alpha: float = 0.3,
        longest: float | None = None,
        n_blocks: int = 8,
        random_state: int = 0,
    ) -> None:
        super().__init__()
        at_least(1, embedding_dim=embedding_dim, n_blocks=n_blocks)
        counts = _frequencies(counts)
        self.num_embeddings, self.embedding_dim = len(counts), embedding_dim
        order = counts.argsort(descending=True, stable=True)
        self.sizes, self.dims = _plan(counts[order], embedding_dim, alpha, longest, n_blocks)
        place = torch.empty_like(order)
        place[order] = torch.arange(len(order))
        self._sorted = bool((order == torch.arange(len(order))).all())
        self._place: Tensor
        self._ends: Tensor
        self.register_buffer("_place", place.int(), persistent=False)
        self.register_buffer("_ends", torch.tensor(self.sizes).cumsum(0), persistent=False)
        self.rows, self.projections = nn.ParameterList(), nn.ParameterList()
        for block, (size, dim) in enumerate(zip(self.sizes, self.dims, strict=True)):
            both = normal(random_state + block, size + embedding_dim, dim, std=dim**-0.5).detach()
            self.rows.append(nn.Parameter(both[:size].clone()))
            # Rows of expected length one keep it where the columns of the matrix have variance 1 / embedding_dim.
            matrix = both[size:].T * (dim / embedding_dim) ** 0.5
            self.projections.append(nn.Parameter(matrix.clone() if dim < embedding_dim else torch.zeros(0)))

    @classmethod
    def of_size(
        cls,
        counts: Any,
        embedding_dim: int,
        n_parameters: int,
        *,
        alpha: float = 0.3,
        n_blocks: int = 8,
        random_state: int = 0,
    ) -> Self:
        """Return the largest table of at most `n_parameters`: with the greatest `longest` that does.

        Raises
        ------
        ParameterError
            If one number an id is too much already.
        """
        falling, _ = _frequencies(counts).sort(descending=True, stable=True)

        def size(longest: float) -> int:
            sizes, dims = _plan(falling, embedding_dim, alpha, longest, n_blocks)
            return sum(n * d + d * embedding_dim * (d < embedding_dim) for n, d in zip(sizes, dims, strict=True))

        low, high = 1.0, 2.0 * embedding_dim * float((falling[0] / falling[falling > 0][-1]) ** alpha)
        if size(low) > n_parameters:
            raise ParameterError(f"n_parameters must be at least {size(low)} for these counts, got {n_parameters}.")
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if size(middle) <= n_parameters else (low, middle)
        return cls(counts, embedding_dim, alpha=alpha, longest=low, n_blocks=n_blocks, random_state=random_state)

    @classmethod
    def from_table(
        cls,
        weight: Any,
        counts: Any,
        *,
        alpha: float = 0.3,
        longest: float | None = None,
        n_blocks: int = 8,
        random_state: int = 0,
    ) -> Self:
        """Return the table that is nearest to (n, d) trained vectors: the best of that rank in each block."""
        weight = trained(weight)
        dim = weight.shape[1]
        table = cls(counts, dim, alpha=alpha, longest=longest, n_blocks=n_blocks, random_state=random_state)
        if len(weight) != table.num_embeddings:
            raise ParameterError(f"counts must be {len(weight)} numbers, one for each row, got {table.num_embeddings}.")
        order = torch.empty(len(weight), dtype=torch.long)
        order[table._place.long()] = torch.arange(len(weight))
        for block, part in enumerate(weight[order].split(table.sizes)):
            dim = table.dims[block]
            if dim == table.embedding_dim:
                table.rows[block] = nn.Parameter(part)
                continue
            u, s, vt = torch.linalg.svd(part, full_matrices=False)
            rank = min(dim, len(s))  # a block may have fewer ids than dimensions
            rows, matrix = torch.zeros(len(part), dim), torch.zeros(dim, table.embedding_dim)
            rows[:, :rank], matrix[:rank] = (u * s)[:, :rank], vt[:rank]
            table.rows[block], table.projections[block] = nn.Parameter(rows), nn.Parameter(matrix)
        return table

    @property
    def n_bytes(self) -> int:
        """Bytes that have to be kept: parameters as float32, and the places of ids not numbered by frequency."""
        return 4 * self.n_parameters + (0 if self._sorted else 4 * self.num_embeddings)

    def forward(self, ids: Tensor) -> Tensor:
        """Turn ids of any shape into vectors, (..., embedding_dim)."""
        places = self._place[self._checked(ids).reshape(-1)].long()
        blocks = torch.searchsorted(self._ends, places, right=True)
        out: Tensor = self.rows[0].new_zeros(len(places), self.embedding_dim)
        for block, (size, end) in enumerate(zip(self.sizes, self._ends.tolist(), strict=True)):
            at = (blocks == block).nonzero().squeeze(1)
            found = nn.functional.embedding(places[at] - (end - size), self.rows[block])
            short = self.dims[block] < self.embedding_dim
            out = out.index_copy(0, at, found @ self.projections[block] if short else found)
        return out.reshape(*ids.shape, self.embedding_dim)


def _frequencies(counts: Any) -> Tensor:
    found = torch.as_tensor(counts).detach().double()
    if found.ndim != 1 or not len(found) or not bool((found >= 0).all()) or not 0 < float(found.sum()) < torch.inf:
        raise ParameterError("counts must be one finite number not below 0 for each id, and not all of them 0.")
    return found


def _plan(
    counts: Tensor, embedding_dim: int, alpha: float, longest: float | None, n_blocks: int
) -> tuple[list[int], list[int]]:
    """Return number and length of rows in each block, for counts that fall."""
    longest = embedding_dim if longest is None else longest
    if alpha < 0 or longest <= 0:
        raise ParameterError(f"alpha must be at least 0 and longest above 0, got {alpha} and {longest}.")
    before = (counts.cumsum(0) - counts) / counts.sum()  # the share of all that comes before an id
    blocks = (before * n_blocks).long().clamp(max=n_blocks - 1)
    sizes = torch.bincount(blocks, minlength=n_blocks)
    means = torch.zeros(n_blocks, dtype=torch.double).index_add(0, blocks, counts)[sizes > 0] / sizes[sizes > 0]
    dims = (longest * (means / means[0]) ** alpha).round().clamp(1, embedding_dim).long()
    return sizes[sizes > 0].tolist(), dims.tolist()
