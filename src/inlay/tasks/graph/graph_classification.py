"""Classification of graphs."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.tasks._inputs import columns, numbers, vectors
from inlay.tasks._plain import hashable

_DATA = "GraphClassification"
_CLASSIFIERS = ("svm", "logistic")
_PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)


class GraphClassification(Task):
    r"""Learn the classes of whole graphs from their vectors, by cross-validation.

    The graphs are split into ten folds; each in turn is tested by a classifier which learnt from the other nine. The
    main score is ``accuracy``, the mean over the folds F,

    .. math:: \frac{1}{|F|} \sum_{f \in F} \frac{1}{|f|} \sum_{i \in f} [\hat{y}_i = y_i],

    and ``baseline_majority`` names the most frequent class of the other folds. The penalty C of the classifier, one of
    0.001, 0.01, ..., 1000, is chosen within the nine folds, by five-fold cross-validation. An encoder may learn from
    all graphs, for it sees no class. Use `NodeClassification` for the nodes of one graph.

    Parameters
    ----------
    data : ``graph`` and ``label``; where there is, ``fold``, the number of the fold in which each graph is tested, -1
        for one that is only learnt from. A graph is a name, or (labels of the nodes, edges), as in the known data sets.
    classifier : "svm", with a Gaussian kernel, or "logistic", a logistic regression.
    n_splits : number of folds, at least 2, where the data brings none.
    random_state : what the draw of the folds starts from.

    References
    ----------
    Sun, Hoffmann, Verma, Tang (2020). InfoGraph: Unsupervised and Semi-supervised Graph-Level Representation Learning
    via Mutual Information Maximization. ICLR. arXiv:1908.01000

    Examples
    --------
    >>> import numpy as np
    >>> class Edges:  # the number of edges
    ...     def encode(self, items, *, role="document"):
    ...         return np.array([[len(edges)] for labels, edges in items])
    >>> paths = [((0,) * n, tuple((i, i + 1) for i in range(n - 1))) for n in range(3, 23)]
    >>> data = {"graph": paths, "label": ["short"] * 10 + ["long"] * 10}
    >>> print(GraphClassification(data, n_splits=5).run(Edges())[1])
    baseline_majority 0.5 (n=5, higher is better)
    """

    paper: ClassVar[str] = "sun2020infograph"

    def __init__(self, data: Any = "mutag", classifier: str = "svm", n_splits: int = 10, random_state: int = 0) -> None:
        self.data = data
        self.classifier = classifier
        self.n_splits = n_splits
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        graphs = [[[x] * n, [[i, i + 1] for i in range(n - 1)]] for x in (1, 2) for n in range(2, 12)]
        data = {"graph": graphs, "label": ["a"] * 10 + ["b"] * 10}
        yield cls(data, n_splits=2)
        yield cls({**data, "fold": [0, 1] * 10}, "logistic")

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``accuracy`` and ``baseline_majority``."""
        if self.classifier not in _CLASSIFIERS:
            raise ParameterError(f"classifier must be one of {_CLASSIFIERS}, got {self.classifier!r}.")
        found = columns(self.data, "graph", "label", task=_DATA)
        classes, y = np.unique(np.asarray(found["label"]), return_inverse=True)
        if "fold" in found:
            given = numbers(columns(found, "graph", "fold", task=_DATA), "fold", task=_DATA)
            folds = np.searchsorted(np.unique(given[given >= 0]), given)
            folds[given < 0] = -1
            if folds.max() < 1:
                raise DataError(f"{_DATA} needs at least two numbers from 0 on in the column fold.")
        else:
            folds = self._drawn(y)
        X = vectors(encoder, hashable(found["graph"])).astype(np.float64)
        model = SVC(random_state=self.random_state) if self.classifier == "svm" else LogisticRegression(max_iter=1000)
        accuracy, majority = np.empty((2, folds.max() + 1))
        for fold in range(len(accuracy)):
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            least = np.bincount(y[train], minlength=len(classes)).min() if train.size else 0
            if least < 5 or len(classes) < 2:
                raise DataError(f"{_DATA} needs two classes, each with 5 graphs beside any fold; one has {least}.")
            # no shuffle, so that the penalty is chosen without chance
            search = GridSearchCV(model, {"C": _PENALTIES}, cv=StratifiedKFold(5)).fit(X[train], y[train])
            accuracy[fold] = (search.predict(X[test]) == y[test]).mean()
            majority[fold] = (np.bincount(y[train]).argmax() == y[test]).mean()
        return [
            Reading.of("accuracy", Sample("mean", (accuracy,))),
            Reading.of("baseline_majority", Sample("mean", (majority,))),
        ]

    def _drawn(self, y: IdArray) -> NDArray[np.int64]:
        """Draw folds in which the classes have the shares that they have in the whole."""
        least = int(np.bincount(y).min())
        if not 2 <= self.n_splits <= least:
            raise ParameterError(
                f"n_splits must be between 2 and {least}, the size of the smallest class, got {self.n_splits}."
            )
        folds = np.empty(len(y), np.int64)
        splitter = StratifiedKFold(self.n_splits, shuffle=True, random_state=self.random_state)
        for fold, (_, test) in enumerate(splitter.split(y, y)):
            folds[test] = fold
        return folds
