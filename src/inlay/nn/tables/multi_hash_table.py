"""Several hashes summed, and the features of words that are hashed."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from ._hash import coefficients, hashed, text_id
from ._table import Table, at_least, integers, least_squares, normal, trained


class MultiHashTable(Table):
    r"""Sum the rows that several hashes of an id name, so that hardly two ids have the same vector.

    .. math:: e(i) = \sum_{s=1}^{k} E_{h_s(i)}

    All hashes look up one table of :math:`m` rows. Two ids have one vector only where all :math:`k` rows are the same,
    of which there are about :math:`m^k / k!` sets; those that share some of them still differ by the others, but learn
    from each other, so that there should be about as many rows as frequent ids. Any integer is an id, so words that
    were never seen have vectors too.

    Use it in place of `HashingTable` where no vocabulary is wanted; where the ids are numbered,
    `QuotientRemainderTable` keeps all of them apart. For words, `word_ids` gives norm, prefix, suffix and shape: one
    table for each of the four, their vectors side by side, is the embedding layer of spaCy, and makes a vector for an
    unseen word that is like those of words of its form.

    Parameters
    ----------
    n_rows : rows of the table, at least 1; also ``num_embeddings``.
    embedding_dim : at least 1.
    n_hashes : rows that are summed, k, at least 1.
    random_state : seed of the first weights and of the hashes.

    Attributes
    ----------
    weight : (n_rows, embedding_dim), at first normal, such that what comes out has expected length one.

    References
    ----------
    Miranda, Kádár, Boyd, Van Landeghem, Søgaard, Honnibal (2022). Multi hash embeddings in spaCy. arXiv:2212.09255.

    Examples
    --------
    >>> import torch
    >>> table = MultiHashTable(100, 8)
    >>> len(table(torch.arange(5000)).unique(dim=0)), table.n_parameters
    (5000, 800)
    """

    paper: ClassVar[str] = "miranda2022multi"

    def __init__(self, n_rows: int, embedding_dim: int, *, n_hashes: int = 4, random_state: int = 0) -> None:
        super().__init__()
        at_least(1, n_rows=n_rows, embedding_dim=embedding_dim, n_hashes=n_hashes)
        self.num_embeddings, self.embedding_dim, self.n_hashes = n_rows, embedding_dim, n_hashes
        self.weight = normal(random_state, n_rows, embedding_dim, std=(embedding_dim * n_hashes) ** -0.5)
        self._numbers: Tensor
        self.register_buffer("_numbers", coefficients(n_hashes, random_state), persistent=False)

    @classmethod
    def from_table(cls, weight: Any, n_rows: int, *, n_hashes: int = 4, random_state: int = 0) -> Self:
        """Return the table that is nearest to (n, d) trained vectors, by least squares."""
        weight = trained(weight)
        table = cls(n_rows, weight.shape[1], n_hashes=n_hashes, random_state=random_state)
        table.weight = nn.Parameter(least_squares(table._rows(torch.arange(len(weight))), weight, n_rows))
        return table

    def _rows(self, ids: Tensor) -> Tensor:
        return hashed(ids.unsqueeze(-1), self.num_embeddings, self._numbers)

    def forward(self, ids: Tensor) -> Tensor:
        """Turn integers of any shape into vectors, (..., embedding_dim)."""
        return nn.functional.embedding(self._rows(integers(ids)), self.weight).sum(-2)


def word_features(word: str) -> tuple[str, str, str, str]:
    """Return the norm, the prefix, the suffix and the shape of a word, as spaCy has them.

    The norm is the word in lower case, the prefix its first character, the suffix its last three. The shape has X for
    capital letters, x for others and d for digits, of which not more than four of a kind stand in a row.

    Examples
    --------
    >>> word_features("Greenland")
    ('greenland', 'G', 'and', 'Xxxxx')
    >>> word_features("1961-62")[-1]
    'dddd-dd'
    """
    kinds = "".join("d" if c.isdigit() else ("X" if c.isupper() else "x") if c.isalpha() else c for c in word)
    return word.lower(), word[:1], word[-3:], re.sub(r"(.)\1{3,}", r"\1\1\1\1", kinds, flags=re.DOTALL)


def word_ids(words: Sequence[str]) -> Tensor:
    """Return 64-bit numbers for the four features of each of n words, (n, 4) int64.

    Examples
    --------
    >>> a, b = word_ids(["Walking", "walking"])
    >>> (a == b).tolist()
    [True, False, True, False]
    """
    features = (text_id(feature) for word in words for feature in word_features(word))
    return torch.tensor(list(features), dtype=torch.long).reshape(-1, 4)
