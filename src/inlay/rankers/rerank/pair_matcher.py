"""A learned comparison of two vectors, for classes that were not there when it was learned."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Ranker
from inlay.core.errors import DataError, ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import classes_of
from inlay.core.values import Search
from inlay.core.vectors import as_vectors

from ._pairs import scored


class PairMatcher(Ranker):
    r"""Order hits by a network that has learned, from other classes, when two vectors belong to one class.

    With one example of each class there is nothing to train a classifier with; what can be learned, from classes of
    which many rows are known, is what it means that two things are of the same class. The network compares query
    :math:`q` and stored vector :math:`x` as they are, and again behind a layer :math:`f` that both pass,

    .. math:: s(q, x) = w^\top \rho\big(V [\,|q - x|,\; q \circ x,\; |f(q) - f(x)|,\; f(q) \circ f(x)\,] + b\big) + c

    with rectified units :math:`\rho`; :math:`s` is the log-odds that they belong together. It learns by binary
    cross-entropy from pairs of stored rows: in each epoch each row meets one of its class and one of another, drawn
    anew. The stored vectors are not changed, and the rows to be ranked later may be of classes that it never saw.

    Use it where vectors are raw or not made for the question, such as pixels, measurements, or embeddings in which
    another property weighs most: distances then count what does not matter, and the pairs say what does. On vectors
    of a good encoder of texts it gains little over their cosine. It costs a small network for each hit, so it
    belongs behind an index. `LabelVote` needs several examples of the classes asked for, and learns nothing.

    The paper joins the branches of two convolutional networks at several depths, from pixels on; here the vectors are
    given, the branch has one layer, and the comparison is the same for (q, x) and (x, q).

    Parameters
    ----------
    hidden : units of the layer f and of the joint layer, at least 1.
    dropout : share of the joint units that is left out in training, from 0 to below 1.
    n_epochs : passes over the rows, at least 0.
    batch_size : rows in a step, each with two partners; at least 1.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    weight_decay : of AdamW, at least 0.
    random_state : seed of the first weights, of the order of rows and of their partners.

    Attributes
    ----------
    weights_ : (hidden, d), (hidden, 2 (d + hidden)) and (1, hidden), of the branch, the joint layer and the score.
    biases_ : (hidden,), (hidden,) and (1,).
    mean_ : (d,) what is taken from each vector first.
    scale_ : by what the rest is divided.
    losses_ : (n_epochs,) the mean binary cross-entropy of a pair in each epoch; 0.69 is that of a guess.

    References
    ----------
    Vargas, Zhang, Izquierdo (2024). Joint Neural Networks for One-shot Object Recognition and Detection.
    arXiv:2408.00701.

    Koch, Zemel, Salakhutdinov (2015). Siamese Neural Networks for One-shot Image Recognition. ICML Deep Learning
    Workshop.

    Examples
    --------
    Three columns tell the class of a row, and twelve others, which are larger, tell nothing; one row of each of forty
    new classes is stored, and one asked:

    >>> from inlay.core.values import Hits
    >>> from inlay.core.vectors import product_top_k
    >>> rng = np.random.default_rng(0)
    >>> def rows(classes):
    ...     noise = rng.normal(scale=[0.1] * 3 + [2] * 12, size=(len(classes), 15))
    ...     return np.float32(noise + np.pad(classes, ((0, 0), (0, 12))))
    >>> seen, new = rng.normal(size=(60, 3)), rng.normal(size=(40, 3))
    >>> known = Search(Hits([[0]], [[1.0]]), X=rows(np.repeat(seen, 10, axis=0)))
    >>> matcher = PairMatcher(hidden=32, n_epochs=40, learning_rate=0.01).fit(known, np.repeat(np.arange(60), 10))
    >>> X, Q = rows(new), rows(new)
    >>> search = Search(product_top_k(Q, X, 40), Q=Q, X=X)
    >>> right = [int((hits.ids[:, 0] == np.arange(40)).sum()) for hits in (search.hits, matcher.rank(search).hits)]
    >>> [round(n, -1) for n in right]
    [0, 40]
    """

    paper: ClassVar[str] = "vargas2024joint"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    weights_: list[NDArray[np.float32]]
    biases_: list[NDArray[np.float32]]
    mean_: NDArray[np.float32]
    scale_: float
    losses_: NDArray[np.float64]

    def __init__(
        self,
        *,
        hidden: int = 128,
        dropout: float = 0.5,
        n_epochs: int = 10,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(hidden=6, n_epochs=3, learning_rate=0.01)
        yield cls(hidden=3, dropout=0.0, n_epochs=1, batch_size=4, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, search: Search, y: ArrayLike | None = None) -> Self:
        """Learn from pairs of stored rows.

        Parameters
        ----------
        search : any search with `X`, rows of classes that are known.
        y : (n rows,) the class of each row of `X`, numbers or texts.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, the search has no `X`, or the network does not come to finite numbers.
        ShapeError
            If `y` has not one class for each row, or a vector is not finite.
        DataError
            If all rows are of one class, or each has a class of its own.
        """
        self._check_parameters()
        search.need("PairMatcher", "X")
        X = as_vectors(np.asarray(search.X), "X")
        classes, numbers = classes_of(y, len(X))
        if not 1 < len(classes) < len(X):
            raise DataError(
                f"PairMatcher learns from pairs of one class and of two, but the {len(X)} rows are of {len(classes)} "
                "different classes; at least two classes are needed, one of them with two rows."
            )
        mean = X.mean(axis=0)
        X = X - mean
        scale = max(float(np.sqrt(np.mean(X.astype(np.float64) ** 2))), 1e-12)
        network, losses = load("inlay.nn.pair_matcher", extra="nn", purpose="PairMatcher").learn(
            X / np.float32(scale),
            numbers,
            hidden=self.hidden,
            dropout=self.dropout,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        layers = (network.branch, network.joint, network.head)
        weights = [layer.weight.detach().numpy().copy() for layer in layers]
        biases = [layer.bias.detach().numpy().copy() for layer in layers]
        if not all(np.isfinite(part).all() for part in (*weights, *biases)):
            raise ParameterError(
                f"PairMatcher did not come to finite numbers; lower learning_rate, which is {self.learning_rate}."
            )
        self.mean_, self.scale_, self.weights_, self.biases_ = mean, scale, weights, biases
        self.losses_ = np.array(losses)
        return self

    def rank(self, search: Search) -> Search:
        """Order the hits by the log-odds that they are of the query's class.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search has no `Q` or no `X`.
        ShapeError
            If vectors have another dimension than in `fit`, or are not finite.
        """
        self._check_fitted()
        hidden, dim = self.weights_[0].shape
        return search.found(scored(search, "PairMatcher", self._log_odds, dim=dim, width=4 * (dim + hidden)))

    def _log_odds(self, Q: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
        (branch, joint, head), (at, before, last) = self.weights_, self.biases_
        Q, X = (Q - self.mean_) / self.scale_, (X - self.mean_) / self.scale_
        F, G = (np.maximum(Z @ branch.T.astype(np.float64) + at, 0) for Z in (Q, X))
        compared = np.concatenate([np.abs(Q - X), Q * X, np.abs(F - G), F * G], axis=1)
        units = np.maximum(compared @ joint.T.astype(np.float64) + before, 0)
        scores: NDArray[np.float64] = units @ head[0].astype(np.float64) + last
        return scores

    def _check_parameters(self) -> None:
        check_numbers(
            self,
            at_least={"hidden": 1, "dropout": 0, "n_epochs": 0, "batch_size": 1, "weight_decay": 0},
            above={"learning_rate": 0},
            below={"dropout": 1},
        )
