"""What the checks share: a method, the way its contract is used, and how outputs are compared."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from inlay.core.errors import InlayError, MissingExtra
from inlay.core.method import Method

Data = dict[str, Any]
Outputs = dict[str, NDArray[Any]]


class Way(Protocol):
    """How the methods of one contract are used; a module or a class with these members."""

    CHECKS: tuple[Callable[["Trial"], None], ...]

    def data(self, method: Any, items: Sequence[Any] | None) -> Data:
        """Return sample input, made anew in every call."""

    def fit(self, method: Any, data: Data) -> Any:
        """Call `fit`."""

    def use(self, method: Any, data: Data) -> Outputs:
        """Call everything that the contract has, and return what came out."""

    def take(self, data: Data, rows: NDArray[Any]) -> Data | None:
        """Return the input to `use` with these rows only; None where rows belong together."""

    def wrong(self, method: Any, data: Data) -> dict[str, Callable[[], object]]:
        """Return calls of a fitted method that have to be refused, by what is wrong with them."""


@dataclass(frozen=True)
class Trial:
    """One instance under test. Every run starts from a clone, so that no check sees another's traces."""

    method: Any
    way: Any
    items: Sequence[Any] | None = None

    @property
    def subject(self) -> str:
        """The class and the parameters of the instance."""
        try:
            return " ".join(str(self.method).split())
        except Exception:  # noqa: BLE001 - a broken constructor breaks this too, and a check is about to say so
            return type(self.method).__name__

    @property
    def learns(self) -> bool:
        """Whether there is a `fit`."""
        return hasattr(self.method, "fit")

    @property
    def tolerance(self) -> float:
        """The largest relative distance at which two rows count as the same."""
        stated = float(getattr(self.method, "tolerance", Method.tolerance))
        assert 0 <= stated <= 0.05, f"tolerance is {stated}; more than 0.05 would hide real differences"
        return stated

    def data(self) -> Data:
        """Return sample input, made anew."""
        return self.way.data(self.method, self.items)  # type: ignore[no-any-return]

    def fresh(self) -> Any:
        """Return an instance of the same parameters that has seen nothing."""
        return clone(self.method) if isinstance(self.method, BaseEstimator) else copy.deepcopy(self.method)

    def fitted(self, data: Data | None = None) -> Any:
        """Return a fresh instance, fitted where there is something to fit."""
        method = self.fresh()
        if self.learns:
            self.way.fit(method, self.data() if data is None else data)
        return method

    def run(self, data: Data | None = None) -> Outputs:
        """Fit a fresh instance and use it."""
        data = self.data() if data is None else data
        return self.use(self.fitted(data), data)

    def use(self, method: Any, data: Data | None = None) -> Outputs:
        """Use a fitted instance; what came out is copied, in case the next use writes over it."""
        out = self.way.use(method, self.data() if data is None else data)
        return {name: np.array(value) for name, value in out.items()}

    def same(self, got: Outputs, want: Outputs, when: str) -> None:
        """Demand that two outputs agree: floats within the tolerance, everything else exactly."""
        for name in want:
            a, b = got[name], want[name]
            assert a.dtype == b.dtype, f"{name} is {a.dtype} {when}, and {b.dtype} otherwise"
            assert a.shape == b.shape, f"{name} has the shape {a.shape} {when}, and {b.shape} otherwise"
            if a.dtype.kind == "f":
                finite = np.isfinite(b)
                assert np.array_equal(a[~finite], b[~finite], equal_nan=True), f"{name} differs {when} where not finite"
                distance = relative_distance(np.where(finite, a, 0), np.where(finite, b, 0))
                assert distance <= self.tolerance, (
                    f"{name} is another {when}, by {distance:.2g} of its length; the tolerance is {self.tolerance:g}"
                )
            else:
                differ = int((a != b).sum())
                assert not differ, f"{differ} of {a.size} values of {name} are others {when}"


def relative_distance(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return the largest length of a row of ``a - b``, over the length of the row of `b`."""
    if not b.size:
        return 0.0
    rows = (len(b), -1) if b.ndim else (1, 1)
    a, b = a.reshape(rows).astype(np.float64), b.reshape(rows).astype(np.float64)
    length = np.linalg.norm(b, axis=1)
    return float((np.linalg.norm(a - b, axis=1) / np.where(length > 0, length, 1)).max())


def refused(calls: Iterable[tuple[str, Callable[[], object]]]) -> None:
    """Demand that each call raises an InlayError whose message is more than a word."""
    for what, call in calls:
        message = None
        try:
            call()
        except MissingExtra:
            raise
        except InlayError as error:
            message = str(error)
        except Exception as error:
            raise AssertionError(f"{what} raised {type(error).__name__} ({error}), not an InlayError") from error
        assert message is not None, f"{what} was accepted"
        assert len(message) > 15, f"the error for {what} says only {message!r}"
