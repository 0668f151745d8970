"""Classification of nodes."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import MultiLabelBinarizer

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import FloatArray, IdArray, Reading
from inlay.tasks._inputs import columns, vectors
from inlay.tasks._plain import hashable


class NodeClassification(Task):
    r"""Learn the classes of some nodes from their vectors, and name those of the others.

    One logistic regression for each class learns from a random share of the nodes; a node of k classes is then given
    the k most probable ones, k being known. This is repeated with new shares, and the main score is the mean of
    ``micro_f1``, with the true and false positives and false negatives of all classes C taken together,

    .. math:: F_1 = \frac{2 \sum_{c \in C} tp_c}{\sum_{c \in C} (2\, tp_c + fp_c + fn_c)},

    which is the accuracy where each node has one class; ``macro_f1``, the mean of the F1 of each class, stands beside
    it, and both for a baseline which names the k most frequent classes. An encoder may learn from the whole graph, for
    it sees no class. Use `GraphClassification` where whole graphs have classes.

    Parameters
    ----------
    data : ``node`` and ``label``, the class of each node, or a list of its classes.
    share : share of the nodes to learn from, above 0 and below 1.
    n_splits : number of random shares, at least 1.
    random_state : what the draws start from.

    References
    ----------
    Perozzi, Al-Rfou, Skiena (2014). DeepWalk: Online Learning of Social Representations. KDD. arXiv:1403.6652

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> towns = [f"{town} {i}" for town in ("rome", "oslo", "lima") for i in range(10)]
    >>> data = {"node": towns, "label": [town[:4] for town in towns]}
    >>> print(NodeClassification(data).run(HashingEncoder())[0])
    micro_f1 1 (n=10, higher is better)
    """

    paper: ClassVar[str] = "perozzi2014deepwalk"

    def __init__(
        self, data: Any = "blogcatalog", share: float = 0.5, n_splits: int = 10, random_state: int = 0
    ) -> None:
        self.data = data
        self.share = share
        self.n_splits = n_splits
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls({"node": list(range(20)), "label": ["low"] * 10 + ["high"] * 10}, n_splits=2)
        words = ["ab", "abc", "b", "bc", "c", "ca", "a", "aa", "bb", "cc", "cab", "bca"]
        yield cls({"node": words, "label": [sorted(set(word)) for word in words]}, n_splits=3)

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``micro_f1``, ``macro_f1``, and both for the baseline."""
        if not 0 < self.share < 1 or self.n_splits < 1:
            raise ParameterError(
                "share must be above 0 and below 1, and n_splits at least 1, got "
                f"share={self.share}, n_splits={self.n_splits}."
            )
        found = columns(self.data, "node", "label", task="NodeClassification")
        Y = _binary(found["label"])
        count = round(self.share * len(Y))
        if not 0 < count < len(Y):
            raise DataError(f"NodeClassification cannot learn from a share of {self.share} of {len(Y)} nodes.")
        X = vectors(encoder, hashable(found["node"]))
        rng = np.random.default_rng(self.random_state)
        scores: dict[str, list[float]] = {}
        for _ in range(self.n_splits):
            train, test = np.split(rng.permutation(len(Y)), [count])
            frequent = np.broadcast_to(Y[train].mean(0), Y[test].shape)
            sizes = Y[test].sum(1)
            for prefix, score in (("", _scored(X[train], Y[train], X[test])), ("baseline_frequent_", frequent)):
                named = _best(score, sizes)
                for average in ("micro", "macro"):
                    f1 = f1_score(Y[test], named, average=average, zero_division=0)
                    scores.setdefault(f"{prefix}{average}_f1", []).append(f1)
        return [Reading.of(name, Sample("mean", (np.array(values),))) for name, values in scores.items()]


def _binary(labels: Any) -> NDArray[np.int64]:
    """Return which classes each node has, (nodes, classes)."""
    rows = [label if isinstance(label, tuple) else (label,) for label in hashable(labels)]
    empty = next((i for i, row in enumerate(rows) if not row), None)
    if empty is not None:
        raise DataError(f"NodeClassification needs at least one class for each node; row {empty} has none.")
    try:
        Y = np.asarray(MultiLabelBinarizer().fit_transform(rows), np.int64)
    except TypeError as error:
        raise DataError(f"NodeClassification needs classes of one type, numbers or texts: {error}.") from error
    if Y.shape[1] < 2:
        raise DataError("NodeClassification needs at least two classes.")
    return Y


def _scored(X: FloatArray, Y: IdArray, test: FloatArray) -> NDArray[np.float64]:
    """Return the probability of each class for each row of `test`; one that all or none have needs no classifier."""
    scores = np.empty((len(test), Y.shape[1]))
    # a column of ones in place of an intercept, so that it is held small too: what LIBLINEAR does
    known, asked = (np.column_stack([part, np.ones(len(part))]).astype(np.float64) for part in (X, test))
    for c, y in enumerate(Y.T):  # over classes
        if y.min() == y.max():
            scores[:, c] = y[0]
        else:
            model = LogisticRegression(solver="newton-cholesky", fit_intercept=False).fit(known, y)
            scores[:, c] = model.predict_proba(asked)[:, 1]
    return scores


def _best(scores: NDArray[np.float64], sizes: IdArray) -> NDArray[np.int64]:
    """Return ones for the best classes of each row, as many as `sizes` says; the first of equal ones."""
    order = np.argsort(-scores, axis=1, kind="stable")
    named = np.zeros(scores.shape, np.int64)
    np.put_along_axis(named, order, np.arange(scores.shape[1]) < sizes[:, None], axis=1)
    return named
