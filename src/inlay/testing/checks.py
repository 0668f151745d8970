"""Run the contract checks over a method."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from inlay.core.catalogue import contract_of
from inlay.core.errors import MissingExtra

from . import _encoder, _every, _index, _learning, _measuring, _multivector, _ranker, _transform
from ._trial import Trial

WAYS: dict[str, Any] = {
    "encoder": _encoder,
    "transform": _transform,
    "multivector": _multivector,
    "index": _index,
    "ranker": _ranker,
    "loss": _learning.Loss,
    "sampler": _learning.Sampler,
    "measure": _measuring.Measure,
    "task": _measuring.Task,
}


@dataclass(frozen=True)
class Check:
    """One demand on one instance; calling it raises AssertionError where the demand is not met.

    Parameters
    ----------
    name : name of the check, such as ``inputs_are_not_changed``.
    demand : one sentence that says what is demanded.
    subject : the class and parameters of the instance.
    """

    name: str
    demand: str
    subject: str
    _run: Callable[[], None]

    def __call__(self) -> None:
        """Run the check."""
        try:
            self._run()
        except MissingExtra:
            raise  # says nothing about the method; the caller may skip
        except Exception as error:
            seen = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            raise AssertionError(f"{self.subject} fails {self.name}: {self.demand} Seen: {seen}") from error

    def __str__(self) -> str:
        return f"{self.subject}-{self.name}"


def checks(method: Any, *, items: Sequence[Any] | None = None) -> Iterator[Check]:
    """Yield every check that applies to `method`, for ``pytest.mark.parametrize``.

    Parameters
    ----------
    method : a class, all of whose ``examples()`` are checked, or one instance that is not fitted.
    items : what an encoder encodes, at least six different things and hashable; sample texts where None.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> next(checks(HashingEncoder)).name
    'parameters_are_stored'
    """
    cls = method if isinstance(method, type) else type(method)
    way = WAYS[contract_of(cls)]
    shared = _every.CHECKS if contract_of(cls) != "loss" else _every.FOR_LOSSES
    instances = list(cls.examples()) if method is cls else [method]
    if not instances:
        raise AssertionError(f"{cls.__name__}.examples() yields nothing to check; yield at least one small instance.")
    for instance in instances:
        trial = Trial(instance, way, items)
        for function in (*shared, *way.CHECKS):
            demand = " ".join((function.__doc__ or "").split())
            yield Check(function.__name__, demand, trial.subject, partial(function, trial))


def check(method: Any, *, items: Sequence[Any] | None = None) -> None:
    """Run every check that applies to `method`, as `checks` yields them.

    Raises
    ------
    AssertionError
        At the first demand that is not met; it names the class, the check, and what was seen.

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> check(HashingEncoder(dim=16))
    """
    for one in checks(method, items=items):
        one()
