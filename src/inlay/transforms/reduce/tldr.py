"""TLDR: twin learning for dimensionality reduction."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.validation import validated
from inlay.core.values import FloatArray

from ._checks import check_rows
from ._linear import back, project
from ._neighbours import neighbours


class TLDR(Transform):
    r"""Learn a linear map under which near neighbours come out alike and coordinates say different things.

    Each row is paired with one of its `k` nearest, anew in each epoch. A linear encoder and a projector of a few
    layers, which is thrown away afterwards, are trained for the Barlow Twins loss of the two,

    .. math:: \mathcal{L} = \sum_i (1 - C_{ii})^2 + \lambda \sum_{i \ne j} C_{ij}^2

    where :math:`C` is the cross-correlation of what the projector makes of the first and of the second rows of a
    batch. What neighbours share is kept and brought to a like spread; what is of one row alone is dropped.

    Use it for very few dimensions. It evens out how far coordinates spread, as whitening does, which costs order among
    near neighbours: on vectors of sentences `PrincipalComponents`, found at once, keeps as many of them in 16
    dimensions and more in 32. `LocalityPreserving` uses the same pairs without training.

    The authors train with LARS for 100 epochs in batches of 1024 on a projector of width 2048, and have lambda at
    0.0039. Here it is AdamW, smaller batches and a smaller width, for data sets of thousands of rows; lambda is
    `redundancy` over the width, which makes the same 0.0039 of the default at the authors' width.

    Parameters
    ----------
    dim : dimensions of the output, at least 1.
    k : neighbours that pairs are drawn from, less than the number of rows; the paper has 3 to 10.
    encoder_dims : widths of further linear layers within the encoder, each with batch normalisation (the factorised
        encoder of the paper, which has 512 there). They change the training; the outcome is one matrix.
    projector_dim : width of the projector and of its output.
    n_hidden : hidden layers of the projector.
    redundancy : lambda times the width of the projector, at least 0.
    n_epochs : passes over the rows.
    batch_size : rows of a batch, at least 2.
    learning_rate : of AdamW at the start; it falls to zero.
    random_state : seed of the weights at the start, of the pairs and of the order of rows.

    Attributes
    ----------
    mean_ : (d,), the mean of the vectors.
    components_ : (dim, d), the encoder.
    losses_ : the mean loss of each epoch, divided by the width of the projector.

    References
    ----------
    Kalantidis, Lassance, Almazán, Larlus (2022). TLDR: Twin Learning for Dimensionality Reduction. TMLR.
    arXiv:2110.09455

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 4)) * [9, 3, 1, 1]
    >>> Z = TLDR(dim=2, projector_dim=8, n_epochs=10, batch_size=50, learning_rate=0.02).fit_transform(X)
    >>> spread = Z.std(axis=0)
    >>> Z.shape, bool(spread.max() < 2 * spread.min())
    ((200, 2), True)
    """

    paper: ClassVar[str] = "kalantidis2022tldr"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    mean_: NDArray[np.float32]
    components_: NDArray[np.float32]
    losses_: list[float]

    def __init__(
        self,
        dim: int = 32,
        *,
        k: int = 3,
        encoder_dims: Sequence[int] = (),
        projector_dim: int = 256,
        n_hidden: int = 1,
        redundancy: float = 8.0,
        n_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.k = k
        self.encoder_dims = encoder_dims
        self.projector_dim = projector_dim
        self.n_hidden = n_hidden
        self.redundancy = redundancy
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=2, k=2, projector_dim=4, n_epochs=1, batch_size=32)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Find the neighbours of (n, d) vectors and train on them.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or has fewer than two rows.
        MissingExtra
            If torch is not installed.
        DataError
            If the training diverges.
        """
        X = validated(self, X, fit=True)
        check_rows(X, 2, "TLDR")
        self._check_parameters(len(X))
        twins = load("inlay.nn.twins", extra="nn", purpose="TLDR")
        mean = X.mean(axis=0, dtype=np.float64)
        size = float(np.sqrt(np.mean((X - mean) ** 2)))
        scale = size if size > 0 else 1.0
        matrix, losses = twins.train_twins(
            ((X - mean) / scale).astype(np.float32),
            neighbours(X, self.k),
            self.dim,
            encoder_dims=self.encoder_dims,
            projector_dim=self.projector_dim,
            n_hidden=self.n_hidden,
            weight=self.redundancy / self.projector_dim,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        if not np.isfinite(losses).all():
            raise DataError(f"The training diverged; give a learning_rate below {self.learning_rate}.")
        self.mean_ = mean.astype(np.float32)
        self.components_ = (matrix / scale).astype(np.float32)
        self.losses_ = losses
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, dim) vectors, of which those learned from have a mean of zero."""
        self._check_fitted()
        return project(validated(self, X, fit=False), self.components_, self.mean_)

    def inverse_transform(self, C: ArrayLike) -> FloatArray:
        """Turn (n, dim) coordinates into the (n, d) vectors nearest to the mean that have them."""
        self._check_fitted()
        return back(C, self.components_, self.mean_)

    def _check_parameters(self, n: int) -> None:
        if not 1 <= self.k < n:
            raise ParameterError(f"k must be from 1 to the number of rows less one, got {self.k} for n_samples={n}.")
        if min(self.dim, self.projector_dim, *self.encoder_dims) < 1 or self.n_hidden < 0:
            raise ParameterError(
                "dim, projector_dim and encoder_dims must be at least 1, n_hidden at least 0, got "
                f"{self.dim}, {self.projector_dim}, {self.encoder_dims} and {self.n_hidden}."
            )
        if not self.redundancy >= 0:
            raise ParameterError(f"redundancy must be at least 0, got {self.redundancy}.")
        if self.n_epochs < 1 or self.batch_size < 2 or not self.learning_rate > 0:
            raise ParameterError(
                "n_epochs must be at least 1, batch_size at least 2 and learning_rate above 0, got "
                f"{self.n_epochs}, {self.batch_size} and {self.learning_rate}."
            )
