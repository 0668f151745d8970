"""Multi-view hashing: one code from several views, each weighed by how stable it is."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import classes_of, validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import normalize

from ._hamming import check_bits, nearest_codes, packed


class MultiViewHashing(Transform):
    r"""Learn one code for items of known classes that are seen in several views, such as vectors of two encoders.

    Each of M views has a network of its own, :math:`h^{(m)} = \tanh a^{(m)}(x^{(m)})`, and the code is the sign of

    .. math:: z = \tanh \Bigl(M \sum_m w_m \, a^{(m)}\Bigr), \qquad
        w = \mathrm{softmax}(V^\top \mathrm{softmax}(K x / \sqrt d)).

    A view is stable for an item where the distances of its codes to those of others are as the distances of the
    features are, both as multiples of their mean, because the classes did not force them apart or together:

    .. math:: s_{im} \propto \exp\Bigl(-\frac{1}{n \tau} \sum_j \Bigl\lvert \frac{d_H(i, j)}{\bar d_H} -
        \frac{d_F(i, j)}{\bar d_F} \Bigr\rvert\Bigr).

    That takes other items beside the one, which are at hand in training only. So a memory of slots :math:`K, V` learns
    to give :math:`w \approx s` from the item alone, at the cost of one product when a vector is coded. The loss is the
    likelihood of the classes given inner products of codes, :math:`-\sum_{ij} s_{ij}\theta_{ij} - \log(1 +
    e^{\theta_{ij}})` with :math:`\theta_{ij} = \tfrac12 z_i \cdot z_j`, for the fused codes and those of each view,
    with the distance of :math:`z` to its signs and of :math:`w` to :math:`s`.

    The paper learns features of images by convolution along with the codes, and fuses views in several ways; here the
    views are given vectors, fused by weights before they are squashed, and pairs of one class count in all as much as
    pairs of two.

    Use it where there are classes, and vectors of more than one kind; `SemanticHashing` learns without classes.

    Parameters
    ----------
    bits : at least 1; eight of them take a byte.
    views : number of columns of each view, in order; they add up to d. None takes all columns as one view.
    dim_hidden : width of the hidden layer of each view's network.
    n_memory : slots of the memory.
    temperature : tau, above 0: the smaller, the more the weights of views differ.
    n_epochs, batch_size, learning_rate, weight_decay : of the training by AdamW.
    random_state : seed of the training.

    Attributes
    ----------
    classes_ : the classes, sorted.
    mean_ : (d,), the mean of the columns, each view scaled to the root of its width.
    hidden_, hidden_biases_, weights_, biases_ : the two layers of each view, one entry for each.
    keys_ : (n_memory, d), K.
    values_ : (n_memory, n views), V.
    losses_ : (n_epochs,), the mean loss in each epoch.

    References
    ----------
    Yan, Gong, Wei, Gao (2020). Deep Multi-View Enhancement Hashing for Image Retrieval. TPAMI. arXiv:2002.00169

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(90) % 3
    >>> X = np.concatenate([np.eye(3)[y] + 0.3 * rng.normal(size=(90, 3)), rng.normal(size=(90, 2))], axis=1)
    >>> hash = MultiViewHashing(bits=8, views=(3, 2), n_epochs=20, batch_size=32).fit(X, y)
    >>> hits = hash.search_codes(X, hash.transform(X), k=10)
    >>> bool((y[hits.ids] == y[:, None]).mean() > 0.8)
    True
    """

    paper: ClassVar[str] = "yan2020deep"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    classes_: NDArray[Any]
    mean_: FloatArray
    hidden_: list[FloatArray]
    hidden_biases_: list[FloatArray]
    weights_: list[FloatArray]
    biases_: list[FloatArray]
    keys_: FloatArray
    values_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        bits: int = 64,
        views: Sequence[int] | None = None,
        dim_hidden: int = 256,
        n_memory: int = 64,
        temperature: float = 0.1,
        n_epochs: int = 20,
        batch_size: int = 128,
        learning_rate: float = 5e-3,
        weight_decay: float = 0.01,
        random_state: int = 0,
    ) -> None:
        self.bits = bits
        self.views = views
        self.dim_hidden = dim_hidden
        self.n_memory = n_memory
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(bits=4, dim_hidden=4, n_memory=2, n_epochs=2)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn from (n, d) vectors, the views side by side, and (n,) classes.

        Raises
        ------
        ParameterError
            If `bits`, `dim_hidden` or `n_memory` is below 1, `temperature` is not above 0, or `views` do not add up.
        ShapeError
            If `X` is not numbers of shape (n, d), one of them is not finite, or `y` is not (n,) classes.
        """
        check_bits(self.bits)
        check_numbers(self, at_least={"dim_hidden": 1, "n_memory": 1}, above={"temperature": 0})
        X = validated(self, X, fit=True)
        classes, codes = classes_of(y, len(X))
        ends = self._ends(X.shape[1])
        load("torch", extra="nn", purpose="multi-view hashing")
        from inlay.nn.multi_view import learn

        X = self._scaled(X, ends)
        mean = X.mean(axis=0)
        found, losses = learn(
            X - mean,
            codes,
            ends,
            bits=self.bits,
            dim_hidden=self.dim_hidden,
            n_memory=self.n_memory,
            temperature=self.temperature,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            random_state=self.random_state,
        )
        self.hidden_, self.hidden_biases_, self.weights_, self.biases_ = found[:4]
        self.keys_, self.values_ = found[4:]
        self.classes_, self.mean_, self.losses_ = classes, mean, losses
        return self

    def _ends(self, d: int) -> list[int]:
        views = [d] if self.views is None else list(self.views)
        if min(views, default=0) < 1 or sum(views) != d:
            raise ParameterError(f"views must be widths that add up to {d} columns, got {views}.")
        return [0, *np.cumsum(views).tolist()]

    def _scaled(self, X: FloatArray, ends: list[int]) -> FloatArray:
        return np.concatenate(
            [normalize(X[:, start:stop]) * np.float32(np.sqrt(stop - start)) for start, stop in pairwise(ends)], axis=1
        )

    def view_weights(self, X: ArrayLike) -> FloatArray:
        """Return the (n, n views) weights that the memory gives to the views of (n, d) vectors."""
        self._check_fitted()
        X = validated(self, X, fit=False)
        return self._weights(self._scaled(X, self._ends(X.shape[1])) - self.mean_.astype(np.float64)).astype(np.float32)

    def _weights(self, Z: NDArray[Any]) -> NDArray[Any]:
        return _softmax(_softmax(Z @ self.keys_.T / np.sqrt(Z.shape[1])) @ self.values_)

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
        ends = self._ends(X.shape[1])
        Z = self._scaled(X, ends) - self.mean_.astype(np.float64)
        out, weights = np.zeros((len(X), self.bits)), self._weights(Z)
        layers = zip(self.hidden_, self.hidden_biases_, self.weights_, self.biases_, strict=True)
        for m, (A, a, B, b) in enumerate(layers):
            H = np.maximum(Z[:, ends[m] : ends[m + 1]] @ A.T + a, 0)
            out += weights[:, m, None] * (H @ B.T + b)
        return out


def _softmax(Z: NDArray[Any]) -> NDArray[Any]:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    out: NDArray[Any] = E / E.sum(axis=1, keepdims=True)
    return out
