"""Clusters of a stream, counted in bounded memory."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from inlay.core.contracts import Transform
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray

_DRAWS = 4  # numbers that the generator makes in one step


class OnlineClusters(Transform):
    r"""Count how often the neighbourhood of a vector was visited, in a memory that does not grow with the stream.

    The memory holds atoms :math:`f_l` with counts :math:`c_l`, and a running mean :math:`d_{\mathrm{ema}}^2` of the
    squared distance to the k nearest atoms. The *soft visitation count* of a vector and its *novelty* are

    .. math:: N_K(e) = \sum_l (1 + c_l) \, K(f_l, e), \qquad
        K(f, e) = \frac{1}{1 + \frac{\|f - e\|^2}{\epsilon \, d_{\mathrm{ema}}^2}} \,
        \mathbf{1}\{\|f - e\|^2 < d_{\mathrm{ema}}^2\}, \qquad r(e) = \frac{1}{\sqrt{N_K(e)} + n_0}

    `partial_fit` takes the rows of a stream one after the other. Each row multiplies all counts by the decay
    :math:`\gamma`. One whose nearest atom is farther than :math:`\kappa \, d_{\mathrm{ema}}^2` becomes, with the
    probability :math:`\eta`, an atom of its own, in place of one that is drawn with a probability as
    :math:`1 / c_l^2` and leaves its count to the atom nearest to it. Any other row draws its nearest atom towards
    itself, by :math:`1 / (c + 1)` of the way, and adds one to its count. `transform` gives the novelty.

    Use it for streams that drift and never end: to see what is new, what is common, and where it was common lately.
    `DensityClusters` and `SphericalKMeans` see all rows at once and find better clusters.

    Differences from the paper: until the memory is full, every far row becomes an atom, and the running mean starts
    as a plain mean, with the weight 1 / t for the t-th distance while that is more than `rate`.

    Parameters
    ----------
    n_atoms : most atoms in memory; at least 1.
    k : neighbours whose distance is averaged; at least 1.
    decay : gamma, above 0 and at most 1; a visit counts half after ln 2 / (1 - gamma) rows.
    insertion : eta, the probability that a far row becomes an atom once the memory is full, from 0 to 1.
    tolerance_ratio : kappa, above 0; smaller for more and smaller clusters.
    sharpness : epsilon, above 0; smaller for counts that fall faster with the distance to an atom.
    floor : n_0, above 0; the novelty of what was never visited is ``1 / floor``.
    rate : weight of a new distance in the running mean, above 0 and at most 1.
    random_state : seed of what is inserted and removed; how a stream is cut into calls changes nothing.

    Attributes
    ----------
    atoms_ : (at most n_atoms, d) float64.
    counts_ : (at most n_atoms,) float64.
    scale_ : the running mean of squared distances.
    n_seen_ : rows of the stream so far.

    References
    ----------
    Saade, Kapturowski, Calandriello, Blundell, Sprechmann, Sarra, Groth, Valko, Piot (2023). Unlocking the Power of
    Representations in Long-term Novelty-based Exploration. arXiv:2305.01521

    Examples
    --------
    >>> stream = OnlineClusters(n_atoms=10, k=1).fit([[0, 0], [9, 9], [0, 0.1], [0.1, 0], [0, 0]])
    >>> stream.counts_.round(1).tolist()
    [4.0, 1.0]
    >>> stream.transform([[0, 0], [9, 9], [5, -5]]).round(2).tolist()
    [[0.44999998807907104], [0.699999988079071], [100.0]]
    """

    paper: ClassVar[str] = "saade2023unlocking"

    atoms_: NDArray[np.float64]
    counts_: NDArray[np.float64]
    scale_: float
    n_seen_: int

    def __init__(
        self,
        n_atoms: int = 1024,
        k: int = 20,
        decay: float = 0.999,
        insertion: float = 0.05,
        tolerance_ratio: float = 0.2,
        sharpness: float = 0.01,
        floor: float = 0.01,
        rate: float = 0.001,
        random_state: int = 0,
    ) -> None:
        self.n_atoms = n_atoms
        self.k = k
        self.decay = decay
        self.insertion = insertion
        self.tolerance_ratio = tolerance_ratio
        self.sharpness = sharpness
        self.floor = floor
        self.rate = rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls()
        yield cls(n_atoms=5, k=2, decay=0.9, insertion=0.5, sharpness=0.5, random_state=1)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Start with an empty memory and take (n, d) vectors in the order of their rows; `y` is not looked at.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d).
        """
        return self._visit(validated(self, X, fit=True), anew=True)

    def partial_fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Take further (n, d) vectors of the stream, or the first ones.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or does not have the columns of before.
        """
        first = not hasattr(self, "atoms_")
        return self._visit(validated(self, X, fit=first), anew=first)

    def visits(self, X: ArrayLike) -> FloatArray:
        """Return the soft visitation count of (n, d) vectors, (n,) float32.

        Raises
        ------
        NotFittedError
            If nothing was fitted.
        ShapeError
            If `X` does not have the columns of `fit` or is not finite.
        """
        self._check_fitted()
        far = cdist(validated(self, X, fit=False), self.atoms_, "sqeuclidean")
        scale = max(self.scale_, 1e-38)
        near = far < scale
        counts: NDArray[np.float64] = ((1 + self.counts_) * near / (1 + far / (self.sharpness * scale))).sum(axis=1)
        out: FloatArray = counts.astype(np.float32)
        return out

    def transform(self, X: ArrayLike) -> FloatArray:
        """Return the novelty of (n, d) vectors, (n, 1) float32, from ``1 / floor`` for what was never visited to 0.

        Raises
        ------
        NotFittedError
            If nothing was fitted.
        ShapeError
            If `X` does not have the columns of `fit` or is not finite.
        """
        novelty = 1 / (np.sqrt(self.visits(X)) + self.floor)
        return novelty.astype(np.float32)[:, None]

    def _visit(self, X: FloatArray, anew: bool) -> Self:
        self._check()
        if anew:
            self.atoms_, self.counts_ = np.empty((0, X.shape[1])), np.empty(0)
            self.scale_, self.n_seen_ = 0.0, 0
        self.atoms_ = np.array(self.atoms_)  # what was loaded may be read-only, and others may hold it
        # The generator counts its steps, so that each row of the stream has draws of its own.
        draws = np.random.Generator(np.random.Philox(key=self.random_state).advance(self.n_seen_))
        for row, drawn in zip(X.astype(np.float64), draws.random((len(X), _DRAWS)), strict=True):
            self._take(row, drawn)
        return self

    def _take(self, row: NDArray[np.float64], drawn: NDArray[Any]) -> None:
        """Let one row of the stream change the memory; a row depends on those before it, so they come singly."""
        self.n_seen_ += 1
        n = len(self.atoms_)
        far = _squared(self.atoms_, row)
        if n:
            near = np.partition(far, self.k - 1)[: self.k] if self.k < n else far
            self.scale_ += max(self.rate, 1 / (self.n_seen_ - 1)) * (float(near.mean()) - self.scale_)
        self.counts_ = self.counts_ * self.decay
        nearest = int(far.argmin()) if n else -1
        if not n or far[nearest] > self.tolerance_ratio * self.scale_:
            if n < self.n_atoms:
                self.atoms_, self.counts_ = np.vstack([self.atoms_, row]), np.append(self.counts_, 1.0)
                return
            if drawn[0] < self.insertion:
                self._replace(row, drawn[1])
                return
        count = self.counts_[nearest]
        self.atoms_[nearest] += (row - self.atoms_[nearest]) / (count + 1)
        self.counts_[nearest] += 1

    def _replace(self, row: NDArray[np.float64], drawn: float) -> None:
        """Put a row in the place of an atom that is seldom visited, whose count goes to its neighbour."""
        total = np.cumsum((self.counts_.min() / self.counts_) ** 2)
        gone = min(int(np.searchsorted(total, drawn * total[-1], side="right")), len(total) - 1)
        far = _squared(self.atoms_, self.atoms_[gone])
        far[gone] = np.inf
        if len(far) > 1:
            self.counts_[far.argmin()] += self.counts_[gone]
        self.atoms_[gone], self.counts_[gone] = row, 1.0

    def _check(self) -> None:
        check_numbers(
            self,
            at_least={"n_atoms": 1, "k": 1, "insertion": 0},
            above={"tolerance_ratio": 0, "sharpness": 0, "floor": 0, "decay": 0, "rate": 0},
            at_most={"decay": 1, "rate": 1, "insertion": 1},
        )


def _squared(atoms: NDArray[np.float64], row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared distance of each atom to a row, exact enough to see that two are the same."""
    apart = atoms - row
    out: NDArray[np.float64] = np.vecdot(apart, apart)
    return out
