"""Truncation of nested vectors."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from inlay.core.contracts import Transform
from inlay.core.validation import validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors, normalize

from ._checks import check_dim


class MatryoshkaTruncation(Transform):
    r"""Keep the first numbers of each vector.

    An encoder trained with Matryoshka representation learning minimises the sum of a loss over nested prefixes,

    .. math:: \min \sum_{m \in \mathcal{M}} c_m \, \mathcal{L}\big(z_{1:m}\big)

    so that the first :math:`m` numbers are an embedding in their own right, and reduction costs nothing: neither
    fitting nor a product. Use it for encoders that are trained so (`WordLlama` is; the card of a model says it). For
    all others `PrincipalComponents` keeps more, as information is spread over all numbers alike.

    Parameters
    ----------
    dim : numbers kept, from 1 to those of the input; those that the encoder was trained for are best.
    renormalize : scale what is left to length one, as cosines of prefixes are meant; a zero prefix stays zero.

    References
    ----------
    Kusupati, Bhatt, Rege, Wallingford, Sinha, Ramanujan, Howard-Snyder, Chen, Kakade, Jain, Farhadi (2022).
    Matryoshka Representation Learning. NeurIPS. arXiv:2205.13147

    Examples
    --------
    >>> MatryoshkaTruncation(dim=2).fit_transform([[3, 4, 12]]).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """

    paper: ClassVar[str] = "kusupati2022matryoshka"

    def __init__(self, dim: int = 64, *, renormalize: bool = True) -> None:
        self.dim = dim
        self.renormalize = renormalize

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2)
        yield cls(dim=1, renormalize=False)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Remember the number of columns; nothing is learned.

        Raises
        ------
        ParameterError
            If `dim` is not from 1 to the number of columns.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        check_dim(self.dim, validated(self, X, fit=True))
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) vectors."""
        self._check_fitted()
        kept = validated(self, X, fit=False)[:, : self.dim]
        return normalize(kept) if self.renormalize else kept.copy()

    def inverse_transform(self, Z: ArrayLike) -> FloatArray:
        """Put zeros in the place of the numbers that were cut; a product with the result is one of prefixes."""
        self._check_fitted()
        Z = as_vectors(Z, "Z", dim=self.dim)
        return np.pad(Z, ((0, 0), (0, self.n_features_in_ - self.dim)))
