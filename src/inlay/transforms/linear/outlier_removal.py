"""Removal of outlier dimensions."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray


class OutlierRemoval(Transform):
    r"""Set to zero the few dimensions whose mean is far from that of all others.

    With the mean vector :math:`m`, and the mean :math:`\bar m` and standard deviation :math:`s` of its d entries,
    dimension :math:`i` is an outlier where

    .. math:: |m_i - \bar m| > t \, s

    with t = `n_deviations`. In the states of transformers one to three dimensions are such outliers (Kovaleva et al.
    2021); cosines see little but them. Use it where dimensions have to keep what they are and zero has to stay zero.
    Where vectors may be moved, `CommonComponentRemoval` is better: with no component it takes the mean alone, of all
    dimensions, and loses nothing of what the outliers tell. Above the layers of small models, which have several mild
    outliers, removing them can do harm.

    The code that came with the paper asks for :math:`|m_i| > \bar m + t s`, which is the same where the mean of all
    entries is zero.

    Parameters
    ----------
    n_deviations : how many standard deviations from the mean make an outlier, above 0.

    Attributes
    ----------
    mean_ : (d,), the mean vector.
    outliers_ : (n outliers,), the numbers of the dimensions that become zero; there may be none.

    References
    ----------
    Hämmerl, Fastowski, Libovický, Fraser (2023). Exploring Anisotropy and Outliers in Multilingual Language Models for
    Cross-Lingual Semantic Sentence Similarity. Findings of ACL. arXiv:2306.00458.
    Kovaleva, Kulshreshtha, Rogers, Rumshisky (2021). BERT Busters: Outlier Dimensions that Disrupt Transformers.
    Findings of ACL-IJCNLP. arXiv:2105.06990.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(100, 20))
    >>> X[:, 7] += 12
    >>> removal = OutlierRemoval().fit(X)
    >>> removal.outliers_, float(removal.transform(X)[0, 7])
    (array([7]), 0.0)
    """

    paper: ClassVar[str] = "hammerl2023exploring"

    mean_: NDArray[np.float32]
    outliers_: NDArray[np.int64]

    def __init__(self, n_deviations: float = 3.0) -> None:
        self.n_deviations = n_deviations

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(1.0)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the outlier dimensions of (n, d) vectors.

        Raises
        ------
        ParameterError
            If `n_deviations` is not above 0.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        if not self.n_deviations > 0:
            raise ParameterError(f"n_deviations must be above 0, got {self.n_deviations!r}.")
        X = validated(self, X, fit=True)
        mean = X.mean(axis=0, dtype=np.float64)
        far = np.abs(mean - mean.mean())
        deviation = mean.std(ddof=1) if len(mean) > 1 else 0.0
        self.mean_ = mean.astype(np.float32)
        self.outliers_ = np.flatnonzero(far > self.n_deviations * deviation).astype(np.int64)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return (n, d) vectors, a copy, whose outlier dimensions are zero."""
        self._check_fitted()
        out = np.array(validated(self, X, fit=False))
        out[:, self.outliers_] = 0
        return out
