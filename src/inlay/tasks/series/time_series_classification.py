"""Classification of time series."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import DataError, ParameterError
from inlay.core.sample import Sample
from inlay.core.values import Reading
from inlay.tasks._distances import squared_distances
from inlay.tasks._inputs import columns, vectors
from inlay.tasks._plain import hashable

_DATA = "TimeSeriesClassification"
_CLASSIFIERS = ("ridge", "logistic")


class TimeSeriesClassification(Task):
    r"""Learn the classes of time series from their vectors, on the train part, and name those of the test part.

    The main score is ``accuracy``, that of a linear classifier on vectors whose columns are scaled to mean zero and
    variance one,

    .. math:: \mathrm{accuracy} = \frac{1}{n} \sum_{i=1}^{n} [\hat{y}_i = y_i];

    ``accuracy_1nn``, that of the class of the nearest train vector, stands beside it. Two baselines see no vector:
    ``baseline_1nn_euclidean`` is the yardstick of the UCR archive, the class of the nearest series (absent where series
    differ in length), and ``baseline_majority`` names the most frequent class of the train part. The split is that of
    the data, as in the archive.

    Parameters
    ----------
    data : ``train_series``, ``train_label``, ``series`` and ``label``; a series is a list or tuple of numbers, or of
        one such list for each channel.
    classifier : "ridge", a ridge classifier whose penalty, one of ten from 0.001 to 1000, is chosen by leave-one-out on
        the train part, as ROCKET has it (Dempster, Petitjean, Webb 2020, arXiv:1910.13051); or "logistic", a logistic
        regression.

    References
    ----------
    Dau, Bagnall, Kamgar, Yeh, Zhu, Gharghabi, Ratanamahatana, Keogh (2019). The UCR Time Series Archive. IEEE/CAA
    Journal of Automatica Sinica 6(6). arXiv:1810.07758

    Examples
    --------
    >>> import numpy as np
    >>> class Slope:
    ...     def encode(self, items, *, role="document"):
    ...         return np.diff(items, axis=1).mean(axis=1, keepdims=True)
    >>> data = {
    ...     "train_series": [[1, 2, 3], [7, 8, 9], [3, 2, 1], [9, 8, 7]], "train_label": ["up", "up", "down", "down"],
    ...     "series": [[4, 5, 6], [6, 5, 4]], "label": ["up", "down"],
    ... }
    >>> print(TimeSeriesClassification(data).run(Slope())[0])
    accuracy 1 (n=2, higher is better)
    """

    paper: ClassVar[str] = "dau2019ucr"

    def __init__(self, data: Any = "gunpoint", classifier: str = "ridge") -> None:
        self.data = data
        self.classifier = classifier

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        low, high = ([[float(x + i * j) for j in range(5)] for i in range(4)] for x in (10, 70))
        data = {
            "train_series": low[:3] + high[:3],
            "train_label": [0, 0, 0, 1, 1, 1],
            "series": [low[3], high[3], low[0]],
            "label": [0, 1, 1],
        }
        for classifier in _CLASSIFIERS:
            yield cls(data, classifier)

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are ``accuracy``, ``accuracy_1nn`` and the baselines."""
        if self.classifier not in _CLASSIFIERS:
            raise ParameterError(f"classifier must be one of {_CLASSIFIERS}, got {self.classifier!r}.")
        found = columns(self.data, "train_series", "train_label", task=_DATA)
        found = columns(found, "series", "label", task=_DATA)
        train, test = hashable(found["train_series"]), hashable(found["series"])
        classes, y = np.unique(np.asarray(found["train_label"]), return_inverse=True)
        if len(classes) < 2:
            raise DataError(f"{_DATA} needs at least two classes in the column train_label.")
        true = np.asarray(found["label"])
        X = vectors(encoder, [*train, *test]).astype(np.float64)
        X, Z = X[: len(train)], X[len(train) :]
        model = (
            RidgeClassifierCV(alphas=np.logspace(-3, 3, 10))
            if self.classifier == "ridge"
            else LogisticRegression(max_iter=1000)
        )
        named = {
            "accuracy": make_pipeline(StandardScaler(), model).fit(X, y).predict(Z),
            "accuracy_1nn": _nearest(X, y, Z),
            "baseline_majority": np.full(len(true), np.bincount(y).argmax()),
        }
        raw = _flat([*train, *test])
        if raw is not None:
            named["baseline_1nn_euclidean"] = _nearest(raw[: len(train)], y, raw[len(train) :])
        return [Reading.of(name, Sample("mean", (classes[row] == true,))) for name, row in named.items()]


def _nearest(X: NDArray[Any], y: NDArray[Any], Z: NDArray[Any]) -> NDArray[Any]:
    """Return the class of the nearest row of `X`, the first of equally near ones."""
    return np.asarray(y[squared_distances(Z, X).astype(np.float32).argmin(axis=1)])


def _flat(series: list[Any]) -> NDArray[np.float64] | None:
    """Return one row for each series, its channels one after another; None where lengths differ."""
    try:
        return np.array(series, np.float64).reshape(len(series), -1)
    except ValueError as error:
        if "inhomogeneous" in str(error):
            return None
        raise DataError(f"{_DATA} needs series of numbers: {error}.") from error
