"""Removal of the directions that all vectors share: all-but-the-top."""

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._components import principal, without


class CommonComponentRemoval(Transform):
    r"""Subtract the mean, and then the parts along the directions in which the vectors vary most.

    With the mean :math:`\mu` and the first :math:`D` principal directions :math:`u_1, \dots, u_D`,

    .. math:: \tilde v = v - \mu, \qquad v' = \tilde v - \sum_{i=1}^{D} (u_i^\top \tilde v)\, u_i

    What all vectors have in common tells how frequent words are rather than what they mean. With
    ``n_components=1, center=False`` it is the last step of SIF (Arora et al. 2017). Use it on averages of word vectors
    or tokens; it is the mildest repair of a space, and needs few vectors. `Whitening` also levels the directions that
    it leaves; `ClusterIsotropy` removes other directions in each region of the space.

    The paper's formula multiplies the directions with :math:`v` in the place of :math:`\tilde v`, which moves all
    vectors by one and the same; here the mean stays zero.

    Parameters
    ----------
    n_components : directions removed, D, from 0 to d - 1; None takes a hundredth of the dimensions, at least one, as
        the paper advises.
    center : subtract the mean first.

    Attributes
    ----------
    mean_ : (d,), what is subtracted; zeros without `center`.
    components_ : (D, d), the directions.

    References
    ----------
    Mu, Viswanath (2018). All-but-the-Top: Simple and Effective Postprocessing for Word Representations. ICLR.
    arXiv:1702.01417.
    Arora, Liang, Ma (2017). A Simple but Tough-to-Beat Baseline for Sentence Embeddings. ICLR.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(300, 3)) * [1, 1, 9] + [5, 0, 0]
    >>> Z = CommonComponentRemoval(n_components=1).fit_transform(X)
    >>> [[round(float(v), 1) for v in A.std(axis=0)] for A in (X, Z)]
    [[1.0, 1.0, 8.7], [1.0, 1.0, 0.0]]
    """

    paper: ClassVar[str] = "mu2018all"

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]

    def __init__(self, n_components: int | None = None, *, center: bool = True) -> None:
        self.n_components = n_components
        self.center = center

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(0)
        yield cls()
        yield cls(1, center=False)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find what (n, d) vectors have in common.

        Raises
        ------
        ParameterError
            If `n_components` is not from 0 to d - 1.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        X = validated(self, X, fit=True)
        d = X.shape[1]
        # In one dimension the advice leaves nothing; there only the mean goes.
        n = min(max(1, round(d / 100)), d - 1) if self.n_components is None else self.n_components
        if not 0 <= n < d:
            raise ParameterError(f"n_components must be from 0 to {d - 1} for n_features={d}, got {n!r}.")
        mean = X.mean(axis=0, dtype=np.float64) if self.center else np.zeros(d)
        self.mean_ = mean.astype(np.float32)
        self.components_ = (principal(X - mean, n)[0] if n else np.zeros((0, d))).astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, d) vectors without what all have in common."""
        self._check_fitted()
        return without(validated(self, X, fit=False) - self.mean_, self.components_)
