"""ConSE: a classifier's labels, mixed in a space where labels that it has never seen lie too."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from inlay.core.contracts import Transform
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.validation import classes_of, validated
from inlay.core.values import FloatArray
from inlay.core.vectors import as_vectors


class ConvexCombination(Transform):
    r"""Map vectors into the space of labels: the mean of the labels a classifier finds, weighted by probability.

    A classifier is learned on the labels seen. With :math:`\hat y(x, t)` its t-th most probable label for x and
    :math:`s(y)` the vector of a label,

    .. math:: f(x) = \frac{1}{Z} \sum_{t=1}^{T} p\big(\hat y(x, t) \mid x\big)\, s\big(\hat y(x, t)\big), \qquad
        Z = \sum_{t=1}^{T} p\big(\hat y(x, t) \mid x\big)

    The label nearest to f(x) by cosine is the answer, among labels that the classifier has never seen as well: nothing
    is learned of them but their vectors. Use it to bring images, series or any other vectors to the words of their
    labels; where vectors and labels already lie in one space, comparing them directly is better.
    `ConceptProjection` keeps the similarities to all labels, and makes no mean of them.

    Here the classifier is a logistic regression on the vectors; the paper takes one that is there.

    Parameters
    ----------
    labels : the vector of each label, by the label; there may be more of them than are seen. None takes the mean of
        the training vectors of a label, so that nothing leaves the space.
    n_labels : T, the labels that are mixed, at least 1; the paper has 10, and all where there are fewer.
    C : the inverse of the strength of the regularisation of the classifier, above 0.

    Attributes
    ----------
    classes_ : (n classes,), the labels seen, sorted.
    vectors_ : (n classes, e), their vectors.
    coef_, intercept_ : (n classes, d) and (n classes,), the classifier.

    References
    ----------
    Norouzi, Mikolov, Bengio, Singer, Shlens, Frome, Corrado, Dean (2014). Zero-Shot Learning by Convex Combination of
    Semantic Embeddings. ICLR. arXiv:1312.5650.

    Examples
    --------
    >>> words = {"cat": [1, 0], "truck": [0, 1], "lion": [0.9, 0.1]}  # no lion is seen
    >>> X, y = np.float32([[5, 0, 1], [4, 0, 0], [0, 5, 1], [0, 4, 0]]), ["cat", "cat", "truck", "truck"]
    >>> conse = ConvexCombination(words).fit(X, y)
    >>> conse.transform([[5, 0.5, 0]]).round(2)
    array([[0.93, 0.07]], dtype=float32)
    """

    paper: ClassVar[str] = "norouzi2014zero"

    classes_: NDArray[Any]
    vectors_: FloatArray
    coef_: NDArray[np.float32]
    intercept_: NDArray[np.float32]

    def __init__(self, labels: Mapping[Any, ArrayLike] | None = None, *, n_labels: int = 10, C: float = 1.0) -> None:
        self.labels = labels
        self.n_labels = n_labels
        self.C = C

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(n_labels=2)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.one_d_labels = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn to classify (n, d) vectors into their (n,) labels.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, or a label of `y` has no vector; it is named.
        ShapeError
            If `X` is not finite numbers of shape (n, d), or `y` is not one label for each, of at least two.
        """
        if self.n_labels < 1:
            raise ParameterError(f"n_labels must be at least 1, got {self.n_labels!r}.")
        if not self.C > 0:
            raise ParameterError(f"C must be above 0, got {self.C!r}.")
        X = validated(self, X, fit=True)
        classes, numbers = classes_of(y, len(X))
        if len(classes) < 2:
            raise ShapeError(f"y must have at least two labels, got one class, {classes[0]!r}.")
        # Rows in one memory order and precision, so that the solver takes the same steps for the same numbers.
        Z = np.ascontiguousarray(X, np.float64)
        found = LogisticRegression(C=self.C, max_iter=1000).fit(Z, numbers)
        W, b = found.coef_, found.intercept_
        if len(classes) == 2:  # of two classes it learns the second against the first
            W, b = np.stack([np.zeros_like(W[0]), W[0]]), np.array([0.0, b[0]])
        self.classes_, self.vectors_ = classes, self._vectors(classes, numbers, Z)
        self.coef_, self.intercept_ = W.astype(np.float32), b.astype(np.float32)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Turn (n, d) vectors into (n, e) vectors in the space of the labels."""
        self._check_fitted()
        p = softmax(validated(self, X, fit=False) @ self.coef_.T + self.intercept_, axis=1)
        if self.n_labels < p.shape[1]:
            least = np.partition(p, -self.n_labels, axis=1)[:, -self.n_labels, None]
            p = np.where(p >= least, p, 0)
        return np.asarray((p / p.sum(axis=1, keepdims=True)) @ self.vectors_, np.float32)

    def _vectors(self, classes: NDArray[Any], numbers: NDArray[np.int64], X: NDArray[np.float64]) -> FloatArray:
        if self.labels is None:
            sums = np.zeros((len(classes), X.shape[1]))
            np.add.at(sums, numbers, X)
            return np.asarray(sums / np.bincount(numbers)[:, None], np.float32)
        lacking = [name for name in classes.tolist() if name not in self.labels]
        if lacking:
            raise ParameterError(f"labels must have a vector for each label of y, and has none for {lacking[0]!r}.")
        return as_vectors([np.asarray(self.labels[name]) for name in classes.tolist()], "labels")
