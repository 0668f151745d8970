"""A table whose rows are kept as small integers."""

from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from inlay.core.errors import ParameterError

from ._table import Table, at_least, normal, trained


class QuantizedTable(Table):
    r"""Round each row to 2 to 8 bits between its smallest and its largest number.

    .. math:: \hat x = s \left\lfloor \frac{x - \min}{s} \right\rceil + \min, \qquad
        s = \frac{\max - \min}{2^b - 1}

    row by row, so that a row costs its integers and two float32. While training, gradients go through the rounding
    as if it were not there (straight-through), and float32 weights are kept; `codes` gives what is to be stored.

    Use it where nothing is to be lost: 8 bits are hardly seen, and every id keeps its row; a quarter of the memory is
    what 8 bits can do. The tables with fewer rows go further.

    Parameters
    ----------
    num_embeddings : number of ids, at least 1.
    embedding_dim : at least 1.
    bits : of each number, from 2 to 8.
    random_state : seed of the first weights.

    Attributes
    ----------
    weight : (num_embeddings, embedding_dim), not rounded; at first normal, of expected length one.

    References
    ----------
    Guan, Malevich, Yang, Park, Yuen (2019). Post-Training 4-bit Quantization on Embedding Tables. arXiv:1911.02079: the
    rounding row by row, here without the search for a narrower range.

    Bengio, Léonard, Courville (2013). Estimating or Propagating Gradients Through Stochastic Neurons for Conditional
    Computation. arXiv:1308.3432: the straight-through estimator.

    Examples
    --------
    >>> import torch
    >>> table = QuantizedTable.from_table([[0.0, 0.1, 0.26, 1.0]], bits=2)
    >>> [round(x, 2) for x in table(torch.tensor([0]))[0].tolist()], table.n_bytes
    ([0.0, 0.0, 0.33, 1.0], 9)
    """

    paper: ClassVar[str] = "guan2019post"

    def __init__(self, num_embeddings: int, embedding_dim: int, *, bits: int = 8, random_state: int = 0) -> None:
        super().__init__()
        at_least(1, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if not 2 <= bits <= 8:
            raise ParameterError(f"bits must be from 2 to 8, got {bits}.")
        self.num_embeddings, self.embedding_dim, self.bits = num_embeddings, embedding_dim, bits
        self.weight = normal(random_state, num_embeddings, embedding_dim, std=embedding_dim**-0.5)

    @classmethod
    def from_table(cls, weight: Any, *, bits: int = 8, random_state: int = 0) -> Self:
        """Return the table of trained vectors, (n, d)."""
        weight = trained(weight)
        table = cls(*weight.shape, bits=bits, random_state=random_state)
        table.weight = nn.Parameter(weight)
        return table

    @property
    def n_bytes(self) -> int:
        """Bytes that have to be kept: the integers packed to the bit, and the start and step of each row."""
        return -(-self.n_parameters * self.bits // 8) + 8 * self.num_embeddings

    def codes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the table as it is to be stored: (n, d) uint8, and the (n, 1) step and start of each row."""
        return self._rounded(self.weight.detach())

    def _rounded(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        start = rows.amin(-1, keepdim=True)
        step = ((rows.amax(-1, keepdim=True) - start) / (2**self.bits - 1)).clamp(min=1e-30)
        return ((rows - start) / step).round().to(torch.uint8), step, start

    def forward(self, ids: Tensor) -> Tensor:
        """Turn ids of any shape into vectors, (..., embedding_dim)."""
        rows = nn.functional.embedding(self._checked(ids), self.weight)
        codes, step, start = self._rounded(rows.detach())
        return rows + (codes * step + start - rows).detach()
