"""Semi-paired hashing: codes of two views in one space, where few items are seen in both."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ShapeError
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import as_vectors

from ._hamming import check_bits, nearest_codes, packed
from ._semi_paired import Views, alternate


class SemiPairedHashing(Transform):
    r"""Learn codes under which two views of an item agree, from few pairs and many items of one view.

    All items have latent vectors :math:`V` in one space, a pair a single one. With the anchors, pairs chosen by
    chance, an item that is seen in the view m alone is reconstructed, :math:`x \approx z^{(m)} A^{(m)}` by ridge
    regression, and its latent vector is held to the same mixture of the anchors' latent vectors:

    .. math:: \min \sum_m \lVert X^{(m)} - V^{(m)} U^{(m)} \rVert^2 + \beta \sum_m \lVert V_u^{(m)} - Z^{(m)} V_A
        \rVert^2 + \gamma \sum_m \lVert V^{(m)} - X^{(m)} W^{(m)} \rVert^2 + \mu \lVert B - VR \rVert^2, \quad
        R^\top R = I, \; B \in \{-1, 1\}^{n \times \mathrm{bits}},

    solved for one group of unknowns after the other, each in closed form; vectors are coded as
    :math:`\mathrm{sgn}(x W^{(m)} R)`. The terms are those of the paper, reconstruction of the views from a shared
    space, of the relations to anchors, and codes; their weights and the order in which they are solved are our own,
    and both views are scaled so that a vector weighs as much as its code.

    Use it to search one kind of vectors by another, such as texts of two languages or images by text, where few pairs
    are known. `MultiViewHashing` is for items seen in all views, with classes.

    Parameters
    ----------
    bits : at least 1; eight of them take a byte.
    n_anchors : pairs to which other items are related, at least 1; no more than there are pairs are taken.
    relations : beta, the weight of the relations to anchors, at least 0.
    projections : gamma, the weight of the projections, above 0.
    quantization : mu, the weight of the distance to signs, above 0.
    ridge : of the regressions, relative to the variance of what they start from, above 0.
    n_iterations : rounds over all unknowns.
    random_state : seed of the anchors and of the first rotation.

    Attributes
    ----------
    mean_, second_mean_ : (d,) and (d of the second view,).
    projection_, second_projection_ : (d, bits) and (d of the second view, bits), W R.

    References
    ----------
    Wang, Shi, Luo, Zhang, Cheng, Xiao (2024). RREH: Reconstruction Relations Embedded Hashing for Semi-Paired
    Cross-Modal Retrieval. arXiv:2405.17777

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 6))
    >>> y = X @ rng.normal(size=(6, 5))
    >>> y[40:] = np.nan
    >>> hash = SemiPairedHashing(bits=16).fit(X, y)
    >>> first, second = hash.transform(X[:40]), hash.transform_second(y[:40])
    >>> bool(np.bitwise_count(first ^ second).sum() < 0.3 * 16 * 40)
    True
    """

    paper: ClassVar[str] = "wang2024rreh"

    mean_: FloatArray
    second_mean_: FloatArray
    projection_: FloatArray
    second_projection_: FloatArray

    def __init__(
        self,
        bits: int = 64,
        n_anchors: int = 200,
        relations: float = 1.0,
        projections: float = 1.0,
        quantization: float = 0.1,
        ridge: float = 1.0,
        n_iterations: int = 15,
        random_state: int = 0,
    ) -> None:
        self.bits = bits
        self.n_anchors = n_anchors
        self.relations = relations
        self.projections = projections
        self.quantization = quantization
        self.ridge = ridge
        self.n_iterations = n_iterations
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = Transform.__sklearn_tags__(self)
        tags.target_tags.required = True
        return tags

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(bits=4, n_anchors=10, n_iterations=3)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None, unpaired: ArrayLike | None = None) -> Self:
        """Learn from (n, d) vectors of the first view, and what is known of the second.

        Parameters
        ----------
        X : the first view.
        y : (n, d of the second view); row i belongs to row i of `X`, and is NaN throughout where it is not known.
        unpaired : (any, d of the second view), items that are seen in the second view alone.

        Raises
        ------
        ParameterError
            If a parameter is not in its range.
        ShapeError
            If `X`, `y` or `unpaired` is not numbers of these shapes, or no pair is known.
        """
        check_bits(self.bits)
        check_numbers(
            self,
            at_least={"n_anchors": 1, "n_iterations": 1, "relations": 0},
            above={"projections": 0, "quantization": 0, "ridge": 0},
        )
        X = validated(self, X, fit=True)
        Y, pairs = _second(y, len(X))
        more = np.zeros((0, Y.shape[1]), np.float32) if unpaired is None else as_vectors(unpaired, dim=Y.shape[1])
        # Pairs come first, then what is seen in the first view alone, then in the second.
        first, second = np.concatenate([X[pairs], X[~pairs]]), np.concatenate([Y[pairs], more])
        means = first.mean(axis=0), second.mean(axis=0)
        views = Views(first - means[0], second - means[1], int(pairs.sum()), self.bits)
        rng = np.random.default_rng(self.random_state)
        found = alternate(
            views,
            anchors=rng.permutation(views.n_pairs)[: self.n_anchors],
            rotation=np.linalg.qr(rng.standard_normal((self.bits, self.bits)))[0],
            beta=self.relations,
            gamma=self.projections,
            mu=self.quantization,
            ridge=self.ridge,
            n_iterations=self.n_iterations,
        )
        self.mean_, self.second_mean_ = means
        self.projection_, self.second_projection_ = found
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d) vectors into (n, bits / 8 rounded up) bytes; the first bit is the highest of the first byte.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If `X` has another dimension or is not finite.
        """
        self._check_fitted()
        return packed(self._project(validated(self, X, fit=False)))

    def search_codes(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find for each of (n queries, d) vectors the `k` of (n, m) codes that differ in the fewest bits."""
        return nearest_codes(self.transform(Q), C, k, self.bits)

    def _project(self, X: FloatArray) -> NDArray[Any]:
        return (X.astype(np.float64) - self.mean_) @ self.projection_

    def transform_second(self, Y: ArrayLike) -> NDArray[np.uint8]:
        """Turn (n, d of the second view) vectors of the second view into codes like those of `transform`."""
        self._check_fitted()
        Y = as_vectors(Y, "Y", dim=len(self.second_mean_))
        return packed((Y.astype(np.float64) - self.second_mean_) @ self.second_projection_)

    def search_codes_second(self, Q: ArrayLike, C: NDArray[Any], k: int) -> Hits:
        """Find as `search_codes` does, for queries of the second view."""
        return nearest_codes(self.transform_second(Q), C, k, self.bits)


def _second(y: ArrayLike | None, n: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the second view, zero where it is not known, and which rows are known."""
    if y is None:
        raise ShapeError("SemiPairedHashing requires y, the second view; unknown rows of it are NaN.")
    try:
        Y = np.array(y, np.float32)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"y must be numbers of shape (n, d of the second view): {error}.") from error
    if Y.ndim != 2 or len(Y) != n:
        raise ShapeError(f"y must have a row for each of {n} rows of X, got the shape {Y.shape}.")
    missing: NDArray[np.bool_] = np.asarray(np.isnan(Y).all(axis=1))
    if missing.all():
        raise ShapeError("y has no row that is known, so that nothing pairs the views.")
    Y[missing] = 0
    return as_vectors(Y, "y"), ~missing
