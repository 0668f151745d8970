"""One table for many features: feature multiplexing."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from inlay.core.errors import DataError, ParameterError, ShapeError

from ._hash import coefficients, hashed
from ._table import Table, at_least, integers, least_squares, normal, trained


class UnifiedTable(Table):
    r"""Let all features look up one shared table, each by a hash of its own.

    .. math:: e_t(v) = \left[ E_{h_{t,1}(v)}, \ldots, E_{h_{t,c}(v)} \right]

    for the value :math:`v` of feature :math:`t`, where a feature makes :math:`c` lookups and their rows stand side by
    side. Ids of different features that meet in a row are told apart by the layer behind, for the gradients of two
    features work on it in directions that this layer turns apart; ids of one feature that meet are not, and a shared
    table has more rows for each feature than one of its own would.

    Use it in place of one `HashingTable` for each feature; there is one size to choose, however many features there
    are. Any integer is an id.

    Parameters
    ----------
    n_rows : rows of the table, at least 1; also ``num_embeddings``.
    embedding_dim : dimension of what comes out, a multiple of `n_lookups`.
    n_features : how many features share the table, at least 1.
    n_lookups : rows that make up a vector, at least 1, each of ``embedding_dim / n_lookups`` numbers.
    random_state : seed of the first weights and of the hashes.

    Attributes
    ----------
    weight : (n_rows, embedding_dim / n_lookups), at first normal, such that what comes out has expected length one.

    References
    ----------
    Coleman, Kang, Fahrbach, Wang, Hong, Chi, Cheng (2023). Unified Embedding: Battle-Tested Feature Representations for
    Web-Scale ML Systems. NeurIPS. arXiv:2305.12102.

    Examples
    --------
    >>> import torch
    >>> table = UnifiedTable(100, 8, 2, n_lookups=2)
    >>> ids = torch.tensor([3, 4])
    >>> bool((table(ids, 0) == table(ids, 1)).any()), table.n_parameters
    (False, 400)
    """

    paper: ClassVar[str] = "coleman2023unified"

    def __init__(
        self, n_rows: int, embedding_dim: int, n_features: int, *, n_lookups: int = 1, random_state: int = 0
    ) -> None:
        super().__init__()
        at_least(1, n_rows=n_rows, embedding_dim=embedding_dim, n_features=n_features, n_lookups=n_lookups)
        if embedding_dim % n_lookups:
            raise ParameterError(f"embedding_dim must be a multiple of n_lookups, {n_lookups}, got {embedding_dim}.")
        self.num_embeddings, self.embedding_dim = n_rows, embedding_dim
        self.n_features, self.n_lookups = n_features, n_lookups
        self.weight = normal(random_state, n_rows, embedding_dim // n_lookups, std=embedding_dim**-0.5)
        self._numbers: Tensor
        numbers = coefficients(n_features * n_lookups, random_state).reshape(n_features, n_lookups, 3)
        self.register_buffer("_numbers", numbers, persistent=False)

    @classmethod
    def from_table(cls, weights: Sequence[Any], n_rows: int, *, n_lookups: int = 1, random_state: int = 0) -> Self:
        """Return the table that is nearest to trained ones, (n of the feature, d) for each feature."""
        trained_ones = [trained(weight) for weight in weights]
        if len({weight.shape[1] for weight in trained_ones}) != 1:
            raise ShapeError("weights must be tables of one dimension, at least one of them.")
        dim = trained_ones[0].shape[1]
        table = cls(n_rows, dim, len(trained_ones), n_lookups=n_lookups, random_state=random_state)
        rows = [table._rows(torch.arange(len(w)), torch.tensor(t)).reshape(-1) for t, w in enumerate(trained_ones)]
        parts = torch.cat([weight.reshape(-1, dim // n_lookups) for weight in trained_ones])
        table.weight = nn.Parameter(least_squares(torch.cat(rows)[:, None], parts, n_rows))
        return table

    def _rows(self, ids: Tensor, features: Tensor) -> Tensor:
        return hashed(ids.unsqueeze(-1), self.num_embeddings, self._numbers[features])

    def forward(self, ids: Tensor, feature: int | Tensor) -> Tensor:
        """Turn integers of any shape into vectors, (..., embedding_dim).

        Parameters
        ----------
        ids : integers.
        feature : the feature of all of them, or a tensor of features of a shape that goes with that of the ids.
        """
        ids = integers(ids)
        features = integers(torch.as_tensor(feature, device=ids.device))
        if features.numel() and not 0 <= int(features.min()) <= int(features.max()) < self.n_features:
            raise DataError(f"feature must be from 0 to {self.n_features - 1}, got {feature}.")
        return nn.functional.embedding(self._rows(ids, features), self.weight).flatten(-2)
