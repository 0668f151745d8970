"""The checks of measures and tasks."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Encoder
from inlay.core.errors import InlayError
from inlay.core.values import FloatArray, Reading

from ._data import vectors
from ._trial import Data, Outputs, Trial


def readings_are_well_formed(trial: Trial) -> None:
    """The result is a list of Readings: different names, finite values, counts, intervals around them, samples."""
    data = trial.data()
    readings = trial.way.readings(trial.fitted(data), data)
    assert isinstance(readings, list), f"a {type(readings).__name__}"
    assert readings, "an empty list"
    for reading in readings:
        assert isinstance(reading, Reading), f"a {type(reading).__name__}"
        assert reading.name, "a reading without name"
        assert type(reading.value) is float, f"{reading.name} is a {type(reading.value).__name__}, not a float"
        assert math.isfinite(reading.value), f"{reading.name} is {reading.value}"
        assert type(reading.n) is int, f"n of {reading.name} is a {type(reading.n).__name__}, not an int"
        assert reading.n > 0, f"{reading.name} counts {reading.n} items"
        assert reading.better in ("higher", "lower", None), f"{reading.name} is better {reading.better!r}"
        if reading.interval is not None:
            low, high = reading.interval
            assert low <= reading.value <= high, f"{reading.name} is {reading.value}, outside of [{low}, {high}]"
        if reading.sample is not None:
            found, n = reading.sample.value(), len(reading.sample)
            same = (found, n) == (reading.value, reading.n)
            assert same, f"{reading.name} is {reading.value}, n={reading.n}; its sample gives {found}, n={n}"
    names = [reading.name for reading in readings]
    assert len(set(names)) == len(names), f"names twice among {names}"


def _outputs(readings: list[Reading]) -> Outputs:
    out = {reading.name: np.array([reading.value, *(reading.interval or ())]) for reading in readings}
    return {**out, "names": np.array([reading.name for reading in readings])}


class Measure:
    """How measures are used: with as much as they need of a space, a second one, and labels."""

    CHECKS = (readings_are_well_formed,)

    @staticmethod
    def data(method: Any, items: Sequence[Any] | None) -> Data:
        """Return two spaces of the same things, and labels."""
        X = vectors(60, 8, seed=11)
        return {"X": X, "Y": X + 0.3 * vectors(60, 8, seed=12), "labels": np.arange(60) % 3}

    @staticmethod
    def fit(method: Any, data: Data) -> Any:
        """Fit on the first space."""
        return method.fit(data["X"])

    @staticmethod
    def readings(method: Any, data: Data) -> Any:
        """Measure what the measure can: alone, else against the second space, else with labels, else with both."""
        X, Y, labels = data["X"], data["Y"], data["labels"]
        for Y_, labels_ in ((None, None), (Y, None), (None, labels)):
            try:
                return method.measure(X, Y_, labels=labels_)
            except InlayError:
                continue
        return method.measure(X, Y, labels=labels)

    @classmethod
    def use(cls, method: Any, data: Data) -> Outputs:
        """Return the values by name."""
        return _outputs(cls.readings(method, data))

    @staticmethod
    def take(data: Data, rows: NDArray[Any]) -> None:
        """A measure is of the whole."""

    @staticmethod
    def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
        """Return calls that have to be refused."""
        X, Y, labels = data["X"], data["Y"], data["labels"]
        broken = X.copy()
        broken[0, 0] = np.nan
        return {
            "NaN": lambda: method.measure(broken, Y, labels=labels),
            "one vector instead of a matrix": lambda: method.measure(X[0], Y[0], labels=labels[:1]),
            "an empty space": lambda: method.measure(X[:0], Y[:0], labels=labels[:0]),
        }


class _Letters(Encoder):
    # What tasks are tried on: counts of letters, so that texts with the same words are near each other.
    paper: ClassVar[str] = "weinberger2009feature"

    @classmethod
    def examples(cls) -> Iterator[Self]:
        yield cls()

    def encode(self, items: Sequence[Any], *, role: str = "document") -> FloatArray:
        out = np.zeros((len(items), 64), np.float32)
        for row, item in zip(out, items, strict=True):
            np.add.at(row, np.frombuffer(str(item).lower().encode(), np.uint8) % 64, 1)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1)  # type: ignore[no-any-return]


class Task:
    """How tasks are used: run on an encoder of letters."""

    CHECKS = (readings_are_well_formed,)

    @staticmethod
    def data(method: Any, items: Sequence[Any] | None) -> Data:
        """Tasks bring their own data."""
        return {}

    @staticmethod
    def fit(method: Any, data: Data) -> Any:
        """Fit on nothing."""
        return method.fit()

    @staticmethod
    def readings(method: Any, data: Data) -> Any:
        """Run the task."""
        return method.run(_Letters())

    @classmethod
    def use(cls, method: Any, data: Data) -> Outputs:
        """Return the scores by name."""
        return _outputs(cls.readings(method, data))

    @staticmethod
    def take(data: Data, rows: NDArray[Any]) -> None:
        """A task is a whole."""

    @staticmethod
    def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
        """Return calls that have to be refused."""
        return {"an encoder that is a text": lambda: method.run("encoder")}
