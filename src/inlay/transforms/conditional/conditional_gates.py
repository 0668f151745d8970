"""Conditional gates: one space, and for each notion of similarity the part of it that counts."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, IdArray
from inlay.core.vectors import normalize


class ConditionalGates(Transform):
    r"""Show one space under a condition: a shared linear map, and for each condition a gate on every dimension.

    Items are alike in more than one respect, and one distance cannot follow all of them. Under the condition :math:`c`

    .. math:: D(x_i, x_j; c) = \lVert A x_i \odot m_c - A x_j \odot m_c \rVert_2, \qquad m_c = \max(0, \beta_c),

    with one matrix :math:`A` for all conditions and one gate :math:`m_c` for each. Both are learned from triplets: of
    an anchor :math:`i`, an item :math:`j` of the same class under :math:`c`, and one, :math:`l`, of another class,

    .. math:: \max\{0, D(x_i, x_j; c) - D(x_i, x_l; c) + h\}
              + \lambda_1 \lVert A x \rVert_2^2 + \lambda_2 \lVert m_c \rVert_1.

    The paper learns a network where this learns :math:`A` over frozen vectors, which starts as the identity. What comes
    out is scaled to length one, so that inner products order as the space under the condition does.

    Use it where the same items are searched by several known respects, such as topic and intent, each with classes
    for some items. One respect alone is a matter for metric learning with classes.

    Parameters
    ----------
    condition : the column of `y` whose space is shown, from 0; it can be set after `fit`, which learns all.
    dim : dimensions of the shared space, at most d; None keeps d.
    margin : :math:`h`, above 0.
    embedding_weight, gate_weight : :math:`\lambda_1` and :math:`\lambda_2`, at least 0.
    n_triplets : triplets that are drawn for each condition, anew for each `fit`; at least 1.
    n_epochs : passes over all triplets.
    batch_size : triplets of a step.
    learning_rate : at the start; it falls to zero along a cosine.
    random_state : seed of the gates at the start, of the triplets and their order.

    Attributes
    ----------
    map_ : (dim, d), the shared linear map.
    gates_ : (c, dim), at least 0.

    References
    ----------
    Veit, Belongie, Karaletsos (2017). Conditional Similarity Networks. CVPR. arXiv:1603.07810.

    Examples
    --------
    >>> X = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]] * 8) / np.sqrt(2)
    >>> gates = ConditionalGates(learning_rate=0.1, batch_size=16, n_triplets=400).fit(X, np.sign(X))
    >>> np.abs(gates.transform(X[:2])).round().tolist()
    [[1.0, 0.0], [1.0, 0.0]]
    >>> np.abs(gates.set_params(condition=1).transform(X[:2])).round().tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """

    paper: ClassVar[str] = "veit2017conditional"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    map_: FloatArray
    gates_: FloatArray

    def __init__(
        self,
        condition: int = 0,
        *,
        dim: int | None = None,
        margin: float = 0.2,
        embedding_weight: float = 5e-3,
        gate_weight: float = 5e-4,
        n_triplets: int = 5000,
        n_epochs: int = 10,
        batch_size: int = 256,
        learning_rate: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.condition = condition
        self.dim = dim
        self.margin = margin
        self.embedding_weight = embedding_weight
        self.gate_weight = gate_weight
        self.n_triplets = n_triplets
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_triplets=40, n_epochs=2)
        yield cls(n_triplets=40, n_epochs=2, dim=1, margin=1.0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.target_tags.one_d_labels = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the map and the gates.

        Parameters
        ----------
        X : (n, d) vectors.
        y : (n, c), the class of each vector under each of c conditions; (n,) is one condition.

        Raises
        ------
        ParameterError
            If a parameter is out of its range.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or `y` has not a row for each.
        DataError
            If a condition has fewer than two classes, or none with two items.
        """
        check_numbers(
            self,
            at_least={"n_triplets": 1, "n_epochs": 0, "batch_size": 1, "embedding_weight": 0, "gate_weight": 0},
            above={"margin": 0, "learning_rate": 0},
        )
        X = validated(self, X, fit=True)
        if self.dim is not None and not 1 <= self.dim <= X.shape[1]:
            raise ParameterError(f"dim must be from 1 to {X.shape[1]}, the columns of X, got {self.dim!r}.")
        labels = _columns(y, len(X))
        rng = np.random.default_rng(self.random_state)
        triplets = [_triplets(column, self.n_triplets, number, rng) for number, column in enumerate(labels.T)]
        self._learn(X, np.concatenate(triplets), labels.shape[1], rng)
        self._condition()
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Show the space under the condition: (n, dim) vectors of length one, zero where nothing passes the gate."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        return normalize(X @ (self.map_ * self.gates_[self._condition()][:, None]).T)

    def _condition(self) -> int:
        if not isinstance(self.condition, int | np.integer) or not 0 <= self.condition < len(self.gates_):
            raise ParameterError(f"condition must be from 0 to {len(self.gates_) - 1}, got {self.condition!r}.")
        return int(self.condition)

    def _learn(self, X: FloatArray, triplets: IdArray, n_conditions: int, rng: np.random.Generator) -> None:
        torch = load("torch", extra="nn", purpose="ConditionalGates")
        from inlay.nn.training import minimize

        dim = self.dim or X.shape[1]
        # Half-open gates at the start, as in the paper: normal with mean 0.9 and variance 0.7.
        start = rng.normal(0.9, np.sqrt(0.7), (n_conditions, dim))
        gates = torch.tensor(start, dtype=torch.float32, requires_grad=True)
        weight = torch.eye(dim, X.shape[1], requires_grad=True)
        vectors, rows = torch.tensor(X), torch.tensor(triplets)

        def loss(batch: Any) -> Any:
            condition, *items = rows[batch].T
            mapped = [vectors[item] @ weight.T for item in items]
            gate = gates[condition].relu()
            anchor, same, other = (one * gate for one in mapped)
            # The root has no gradient at 0, where an item is its own like.
            near, far = (((anchor - one) ** 2).sum(dim=1).clamp(min=1e-12).sqrt() for one in (same, other))
            size = sum((one**2).sum(dim=1).mean() for one in mapped) / 3
            hinge = (near - far + self.margin).relu().mean()
            return hinge + self.embedding_weight * size + self.gate_weight * gate.sum(dim=1).mean()

        minimize(
            [weight, gates],
            loss,
            len(triplets),
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.map_ = weight.detach().numpy()
        self.gates_ = gates.detach().relu().numpy()


def _columns(y: ArrayLike | None, n: int) -> IdArray:
    """Return the classes as numbers, (n, c)."""
    if y is None:
        raise ShapeError("ConditionalGates requires y to be passed, but the target y is None.")
    given = np.asarray(y)
    given = given[:, None] if given.ndim == 1 else given
    if given.ndim != 2 or len(given) != n or not given.shape[1]:
        raise ShapeError(f"y must have the shape (n, c), a class for each of {n} vectors under c conditions.")
    return np.column_stack([np.unique(column, return_inverse=True)[1] for column in given.T]).astype(np.int64)


def _triplets(labels: IdArray, n: int, condition: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw condition, anchor, an item of its class and one of another class, (n, 4)."""
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    anchors = np.flatnonzero(counts[labels] > 1)
    if len(counts) < 2 or not len(anchors):
        raise DataError(
            f"Column {condition} of y must have at least 2 classes, one of them with 2 items; it has {len(counts)} "
            f"for {len(labels)} samples."
        )
    anchor = rng.choice(anchors, n)
    count, start = counts[labels[anchor]], starts[labels[anchor]]
    place = np.empty(len(labels), np.int64)
    place[order] = np.arange(len(labels))
    shift = 1 + rng.integers(count - 1)  # from the anchor's own place, around within its class
    same = order[start + (place[anchor] - start + shift) % count]
    draw = rng.integers(len(labels) - count)
    other = order[draw + np.where(draw >= start, count, 0)]
    return np.column_stack([np.full(n, condition), anchor, same, other])
