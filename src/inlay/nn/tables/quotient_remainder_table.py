"""Two small tables in place of a large one, by the quotient and the remainder of an id."""

from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from inlay.core.errors import ParameterError

from ._table import Table, at_least, least_squares, normal, trained

OPERATIONS = ("mult", "add", "concat")


class QuotientRemainderTable(Table):
    r"""Combine two rows, of the quotient and of the remainder of an id, so that each id has a vector of its own.

    .. math:: e(i) = E^{(1)}_{i \bmod m} \circ E^{(2)}_{\lfloor i / m \rfloor}

    where :math:`\circ` multiplies element by element, adds, or concatenates. Two ids never share both rows: these are
    complementary partitions, so that the vectors differ although there are but :math:`m + \lceil n / m \rceil` rows,
    at least :math:`2\sqrt{n}`. Multiplication did best in the paper; concatenation halves the size of rows, and with
    that doubles their number.

    Use it in place of `HashingTable` where the ids are numbered. `MixedDimensionTable` is better where a few ids are
    most of the data, and is not smaller than one number an id.

    Parameters
    ----------
    num_embeddings : number of ids, at least 1.
    embedding_dim : at least 1, for concatenation at least 2.
    n_remainders : the divisor m, from 1 to `num_embeddings`.
    operation : "mult", "add" or "concat".
    random_state : seed of the first weights.

    Attributes
    ----------
    remainders : (m, d), or for concatenation (m, the larger half of d); at first normal, such that what comes out has
        expected length one.
    quotients : (n / m, d), or for concatenation (n / m, the smaller half of d).

    References
    ----------
    Shi, Mudigere, Naumov, Yang (2020). Compositional Embeddings Using Complementary Partitions for Memory-Efficient
    Recommendation Systems. KDD. arXiv:1909.02107.

    Examples
    --------
    >>> import torch
    >>> table = QuotientRemainderTable(1000, 8, 40)
    >>> vectors = table(torch.arange(1000))
    >>> len(vectors.unique(dim=0)), table.n_parameters
    (1000, 520)
    """

    paper: ClassVar[str] = "shi2020compositional"

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        n_remainders: int,
        *,
        operation: str = "mult",
        random_state: int = 0,
    ) -> None:
        super().__init__()
        if operation not in OPERATIONS:
            raise ParameterError(f"operation must be one of {OPERATIONS}, got {operation!r}.")
        at_least(1, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if operation == "concat":
            at_least(2, embedding_dim=embedding_dim)
        if not 1 <= n_remainders <= num_embeddings:
            raise ParameterError(f"n_remainders must be from 1 to {num_embeddings}, got {n_remainders}.")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.n_remainders, self.operation = n_remainders, operation
        halves = operation == "concat"
        dims = (embedding_dim - embedding_dim // 2, embedding_dim // 2) if halves else (embedding_dim, embedding_dim)
        # The spread of a product, of a sum and of either half alone, so that all come out alike.
        power, share = {"mult": (-0.25, 1.0), "add": (-0.5, 0.5**0.5), "concat": (-0.5, 1.0)}[operation]
        sizes = (n_remainders, -(-num_embeddings // n_remainders))
        both = normal(random_state, sum(sizes), dims[0], std=share * embedding_dim**power).detach()
        self.remainders = nn.Parameter(both[: sizes[0]].clone())
        self.quotients = nn.Parameter(both[sizes[0] :, : dims[1]].clone())

    @classmethod
    def from_table(cls, weight: Any, n_remainders: int, *, operation: str = "mult", random_state: int = 0) -> Self:
        """Return the table that is nearest to (n, d) trained vectors.

        Sums and concatenations are least squares; a product is one matrix of rank one for each dimension, found by
        turns, which start from `random_state`.
        """
        weight = trained(weight)
        table = cls(len(weight), weight.shape[1], n_remainders, operation=operation, random_state=random_state)
        remainder, quotient = table._rows(torch.arange(len(weight)))
        sizes = (n_remainders, len(table.quotients))
        if operation == "add":
            both = least_squares(torch.stack([remainder, n_remainders + quotient], 1), weight, sum(sizes))
            found = both[:n_remainders], both[n_remainders:]
        elif operation == "concat":
            left, right = weight.split([table.remainders.shape[1], table.quotients.shape[1]], 1)
            found = least_squares(remainder[:, None], left, sizes[0]), least_squares(quotient[:, None], right, sizes[1])
        else:
            found = table.remainders.detach(), table.quotients.detach()
            for _ in range(30):
                first = _ratio(weight, found[1][quotient], remainder, sizes[0])
                found = first, _ratio(weight, first[remainder], quotient, sizes[1])
        table.remainders, table.quotients = nn.Parameter(found[0]), nn.Parameter(found[1])
        return table

    def _rows(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        return ids % self.n_remainders, ids // self.n_remainders

    def forward(self, ids: Tensor) -> Tensor:
        """Turn ids of any shape into vectors, (..., embedding_dim)."""
        remainder, quotient = self._rows(self._checked(ids))
        a = nn.functional.embedding(remainder, self.remainders)
        b = nn.functional.embedding(quotient, self.quotients)
        if self.operation == "concat":
            return torch.cat([a, b], -1)
        return a * b if self.operation == "mult" else a + b


def _ratio(weight: Tensor, other: Tensor, rows: Tensor, n_rows: int) -> Tensor:
    """Return the factor of each row that is best while the other factor stays."""
    zero = torch.zeros(n_rows, weight.shape[1])
    return zero.index_add(0, rows, weight * other) / zero.index_add(0, rows, other**2).clamp(min=1e-12)
