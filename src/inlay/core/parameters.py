"""Numbers that a method was constructed with, held to the range that each is allowed."""

import operator
from collections.abc import Mapping
from numbers import Real
from types import MappingProxyType

from .errors import ParameterError

Bounds = Mapping[str, float]
_NONE: Bounds = MappingProxyType({})


def check_numbers(
    method: object,
    *,
    at_least: Bounds = _NONE,
    above: Bounds = _NONE,
    at_most: Bounds = _NONE,
    below: Bounds = _NONE,
) -> None:
    """Refuse parameters of `method` that are no numbers or out of their range; each bound goes by the name of one.

    Raises
    ------
    ParameterError
        If one is out of its range, which the message names.

    Examples
    --------
    >>> class Example:
    ...     n_epochs, dropout = 5, 1.0
    >>> check_numbers(Example(), at_least={"n_epochs": 1, "dropout": 0}, below={"dropout": 1})
    Traceback (most recent call last):
        ...
    inlay.core.errors.ParameterError: dropout must be at least 0 and below 1, got 1.0.
    """
    bounds = (
        ("at least", operator.ge, at_least),
        ("above", operator.gt, above),
        ("at most", operator.le, at_most),
        ("below", operator.lt, below),
    )
    for name in dict.fromkeys([*at_least, *above, *at_most, *below]):
        value = getattr(method, name)
        limits = [(words, holds, some[name]) for words, holds, some in bounds if name in some]
        if not isinstance(value, Real) or not all(holds(value, limit) for _, holds, limit in limits):
            allowed = " and ".join(f"{words} {limit}" for words, _, limit in limits)
            raise ParameterError(f"{name} must be {allowed}, got {value!r}.")
