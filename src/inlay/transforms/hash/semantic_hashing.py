"""Semantic hashing: codes from which the neighbourhood of a vector can be told."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans

from inlay.core.contracts import Transform
from inlay.core.extras import load
from inlay.core.parameters import check_numbers
from inlay.core.validation import validated
from inlay.core.values import FloatArray, Hits
from inlay.core.vectors import normalize

from ._hamming import check_bits, nearest_codes, packed


class SemanticHashing(Transform):
    r"""Learn bits that predict the words of a document, where words are regions of the space.

    As in binary paragraph vectors, a coding layer :math:`h = \sigma(Ax + a)` is rounded to bits on the way forward,
    while the gradient passes as if it had not been, and a softmax over the vocabulary reads words off the bits:

    .. math:: L = -\sum_w p(w \mid x) \log \frac{\exp(u_w \cdot b + c_w)}{\sum_{w'} \exp(u_{w'} \cdot b + c_{w'})},
        \quad b = [h > 1/2] \in \{0, 1\}^{\mathrm{bits}}.

    There the words are those of the text and :math:`x` is learned for each document; here the vectors are given and
    stay as they are, the words are the centres :math:`v_w` of a k-means clustering, and a document has each in the
    measure :math:`p(w \mid x) \propto \exp(\cos(x, v_w) / \tau)`. So codes come from vectors alone, also for those not
    seen before, and keep which topics a document is near to rather than its exact place.

    Use it to find documents of the same topic by few bits; with 32 it can do better than the vectors themselves. For
    the nearest neighbours rather than topics take `IterativeQuantization`; without vectors to learn from,
    `RandomHyperplanes`; with classes, `MultiViewHashing`.

    Parameters
    ----------
    bits : at least 1; eight of them take a byte.
    n_words : size of the vocabulary, at least 1; no more than there are vectors are used.
    temperature : tau, above 0: the smaller, the fewer words a document has.
    n_epochs, batch_size, learning_rate : of the training by AdamW.
    random_state : seed of the clustering and of the training.

    Attributes
    ----------
    mean_ : (d,), subtracted first.
    weight_ : (bits, d), A.
    bias_ : (bits,), a.
    losses_ : (n_epochs,), the mean loss in each epoch.

    References
    ----------
    Grzegorczyk, Kurdziel (2017). Binary Paragraph Vectors. RepL4NLP. arXiv:1611.01116

    Salakhutdinov, Hinton (2009). Semantic hashing. International Journal of Approximate Reasoning 50(7).

    Examples
    --------
    >>> topics = np.repeat(np.eye(4), 50, axis=0) + 0.1 * np.random.default_rng(0).normal(size=(200, 4))
    >>> hash = SemanticHashing(bits=8, n_words=4, n_epochs=20).fit(topics)
    >>> found = hash.search_codes(topics[:1], hash.transform(topics), k=20).ids
    >>> bool((found < 50).all())
    True
    """

    paper: ClassVar[str] = "grzegorczyk2017binary"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    mean_: FloatArray
    weight_: FloatArray
    bias_: FloatArray
    losses_: list[float]

    def __init__(
        self,
        bits: int = 64,
        n_words: int = 100,
        temperature: float = 0.05,
        n_epochs: int = 30,
        batch_size: int = 256,
        learning_rate: float = 3e-3,
        random_state: int = 0,
    ) -> None:
        self.bits = bits
        self.n_words = n_words
        self.temperature = temperature
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(bits=8, n_words=4, n_epochs=2)

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn the coding layer from (n, d) vectors.

        Raises
        ------
        ParameterError
            If `bits` or `n_words` is below 1, or `temperature` is not above 0.
        ShapeError
            If `X` is not numbers of shape (n, d), or one of them is not finite.
        """
        check_bits(self.bits)
        check_numbers(self, at_least={"n_words": 1}, above={"temperature": 0})
        X = validated(self, X, fit=True)
        torch = load("torch", extra="nn", purpose="semantic hashing")
        from inlay.nn.training import minimize, seeded

        mean = X.mean(axis=0)
        x = torch.from_numpy(X - mean)
        words = torch.softmax(torch.from_numpy(self._words_of(X)), dim=1)
        with seeded(self.random_state):
            coding, reading = torch.nn.Linear(X.shape[1], self.bits), torch.nn.Linear(self.bits, words.shape[1])

        def loss(rows: Any) -> Any:
            h = torch.sigmoid(coding(x[rows]))
            b = h + ((h > 0.5).float() - h).detach()
            return torch.nn.functional.cross_entropy(reading(b), words[rows])

        self.losses_ = minimize(
            [*coding.parameters(), *reading.parameters()],
            loss,
            len(X),
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        self.mean_ = mean
        self.weight_, self.bias_ = (p.detach().numpy().copy() for p in coding.parameters())
        return self

    def _words_of(self, X: FloatArray) -> FloatArray:
        """Return (n, words) logits."""
        units = normalize(X)
        clusters = KMeans(min(self.n_words, len(X)), n_init=1, max_iter=20, random_state=self.random_state)
        logits: FloatArray = units @ normalize(clusters.fit(units).cluster_centers_).T / np.float32(self.temperature)
        return logits

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
        return (X.astype(np.float64) - self.mean_) @ self.weight_.T + self.bias_
