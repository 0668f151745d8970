"""TimeSeriesClassification equals sklearn, and its baseline is the yardstick of the UCR archive."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.series import TimeSeriesClassification

RNG = np.random.default_rng(8)
LABELS = np.arange(60) % 3
SERIES = RNG.standard_normal((60, 12)) + LABELS[:, None] * 0.4
DATA = {
    "train_series": SERIES[:30].tolist(),
    "train_label": [f"c{y}" for y in LABELS[:30]],
    "series": SERIES[30:],
    "label": [f"c{y}" for y in LABELS[30:]],
}


class Moments:
    """Mean, spread and ends of a series."""

    def encode(self, items, *, role="document"):
        S = np.array(items)
        return np.stack([S.mean(1), S.std(1), S[:, 0], S[:, -1]], 1)


def scores(task, encoder=None):
    return {reading.name: reading.value for reading in task.run(encoder or Moments())}


def scaled():
    X = Moments().encode(SERIES).astype(np.float32).astype(np.float64)
    return X, (X - X[:30].mean(0)) / X[:30].std(0)


def test_nearest_neighbours_equal_sklearn():
    got = scores(TimeSeriesClassification(DATA))
    assert next(iter(got)) == "accuracy"
    for name, X in (("accuracy_1nn", scaled()[0]), ("baseline_1nn_euclidean", SERIES)):
        want = KNeighborsClassifier(1).fit(X[:30], LABELS[:30]).score(X[30:], LABELS[30:])
        assert got[name] == pytest.approx(want)
    assert got["baseline_majority"] == pytest.approx(1 / 3)


def test_classifiers_equal_sklearn():
    Z = scaled()[1]
    logistic = LogisticRegression(max_iter=1000).fit(Z[:30], LABELS[:30]).score(Z[30:], LABELS[30:])
    assert scores(TimeSeriesClassification(DATA, "logistic"))["accuracy"] == pytest.approx(logistic)
    target = 2.0 * np.eye(3)[LABELS[:30]] - 1
    errors = {
        alpha: ((cross_val_predict(Ridge(alpha), Z[:30], target, cv=LeaveOneOut()) - target) ** 2)
        for alpha in np.logspace(-3, 3, 10)
    }
    best = min(errors, key=lambda alpha: errors[alpha].mean())
    ridge = RidgeClassifier(best).fit(Z[:30], LABELS[:30]).score(Z[30:], LABELS[30:])
    assert scores(TimeSeriesClassification(DATA))["accuracy"] == pytest.approx(ridge)


class Known:
    """The class itself, by the nearest of its series."""

    def encode(self, items, *, role="document"):
        place = {tuple(row): y for row, y in zip(SERIES.tolist(), LABELS, strict=True)}
        return np.eye(3)[[place[item] for item in items]]


def test_an_encoder_that_knows_the_classes_names_all():
    got = scores(TimeSeriesClassification(DATA), Known())
    assert got["accuracy"] == got["accuracy_1nn"] == 1


class Lengths:
    """How long a series is, and its first number."""

    def encode(self, items, *, role="document"):
        return np.array([[len(item), np.ravel(item[0])[0]] for item in items])


def test_series_of_several_channels_and_of_unequal_length():
    flat = scores(TimeSeriesClassification(DATA))["baseline_1nn_euclidean"]
    channels = {name: np.reshape(DATA[name], (30, 2, 6)) for name in ("train_series", "series")}
    assert scores(TimeSeriesClassification({**DATA, **channels}), Lengths())["baseline_1nn_euclidean"] == flat
    ragged = {**DATA, "train_series": [row[: 5 + i % 3] for i, row in enumerate(DATA["train_series"])]}
    got = scores(TimeSeriesClassification(ragged), Lengths())
    assert list(got) == ["accuracy", "accuracy_1nn", "baseline_majority"]


def test_says_what_is_wrong():
    with pytest.raises(DataError, match="at least two classes in the column train_label"):
        TimeSeriesClassification({**DATA, "train_label": [1] * 30}).run(Moments())
    with pytest.raises(DataError, match="one length"):
        TimeSeriesClassification({**DATA, "label": [1]}).run(Moments())
    with pytest.raises(DataError, match="needs series of numbers"):
        TimeSeriesClassification({**DATA, "series": [["a"] * 12] * 30}).run(Letters())
    with pytest.raises(ParameterError, match=r"classifier must be one of \('ridge', 'logistic'\), got 'svm'"):
        TimeSeriesClassification(DATA, "svm").run(Moments())


class Letters:
    """How long a series is in print."""

    def encode(self, items, *, role="document"):
        return np.array([[len(str(item))] for item in items])


class Whole:
    """The series itself."""

    def encode(self, items, *, role="document"):
        return np.array(items)


@pytest.mark.data
@pytest.mark.parametrize(("name", "accuracy"), [("gunpoint", 0.9133), ("arrowhead", 0.8), ("italypowerdemand", 0.9553)])
def test_the_baseline_is_that_of_the_archive(name, accuracy):
    got = scores(TimeSeriesClassification(name), Whole())
    assert got["baseline_1nn_euclidean"] == got["accuracy_1nn"] == pytest.approx(accuracy, abs=0.0001)
    assert got["accuracy"] > 0.7 > got["baseline_majority"]
