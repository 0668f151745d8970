"""The hashing trick: ids that meet in a row share it."""

from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ._hash import coefficients, hashed
from ._table import Table, at_least, integers, least_squares, normal, trained


class HashingTable(Table):
    r"""Give each id the row of a small table that its hash names.

    .. math:: e(i) = \xi(i) \, E_{h(i)}

    with :math:`h(i) < m` and, where `signed`, a second hash :math:`\xi(i) = \pm 1`, with which ids that meet disturb
    inner products evenly rather than to one side; without, as embedding tables have it, :math:`\xi = 1`.

    Any integer is an id, so that no vocabulary is needed. Of :math:`n` ids a share of about
    :math:`1 - e^{-n/m}` cannot be told from another one. It is the baseline: `QuotientRemainderTable` and
    `MultiHashTable` keep ids apart at the same size.

    Parameters
    ----------
    n_rows : rows of the table, at least 1; also ``num_embeddings``.
    embedding_dim : at least 1.
    signed : multiply rows by a hashed sign.
    random_state : seed of the first weights and of the hash.

    Attributes
    ----------
    weight : (n_rows, embedding_dim), at first normal, of expected length one.

    References
    ----------
    Weinberger, Dasgupta, Langford, Smola, Attenberg (2009). Feature Hashing for Large Scale Multitask Learning. ICML.
    arXiv:0902.2206.

    Examples
    --------
    >>> import torch
    >>> table = HashingTable(10, 4)
    >>> table(torch.tensor([[7, 123456789], [-1, 7]])).shape, table.n_parameters
    (torch.Size([2, 2, 4]), 40)
    """

    paper: ClassVar[str] = "weinberger2009feature"

    def __init__(self, n_rows: int, embedding_dim: int, *, signed: bool = False, random_state: int = 0) -> None:
        super().__init__()
        at_least(1, n_rows=n_rows, embedding_dim=embedding_dim)
        self.num_embeddings, self.embedding_dim, self.signed = n_rows, embedding_dim, signed
        self.weight = normal(random_state, n_rows, embedding_dim, std=embedding_dim**-0.5)
        self._numbers: Tensor
        self.register_buffer("_numbers", coefficients(2, random_state), persistent=False)

    @classmethod
    def from_table(cls, weight: Any, n_rows: int, *, signed: bool = False, random_state: int = 0) -> Self:
        """Return the table that is nearest to (n, d) trained vectors: the mean of those that meet in a row."""
        weight = trained(weight)
        table = cls(n_rows, weight.shape[1], signed=signed, random_state=random_state)
        rows, signs = table._rows(torch.arange(len(weight)))
        table.weight = nn.Parameter(least_squares(rows[:, None], weight * signs[:, None], n_rows))
        return table

    def _rows(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        signs = 2.0 * hashed(ids, 2, self._numbers[1]) - 1.0
        return hashed(ids, self.num_embeddings, self._numbers[0]), signs if self.signed else signs.abs()

    def forward(self, ids: Tensor) -> Tensor:
        """Turn integers of any shape into vectors, (..., embedding_dim)."""
        rows, signs = self._rows(integers(ids))
        found = nn.functional.embedding(rows, self.weight)
        return found * signs.unsqueeze(-1) if self.signed else found
