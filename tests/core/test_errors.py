"""The error tree is as it is drawn, and what callers catch today catches these too."""

import inspect
import re

import pytest
from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from inlay.core import errors

CLASSES = {n: c for n, c in vars(errors).items() if inspect.isclass(c) and c.__module__ == errors.__name__}


def test_every_error_is_drawn_under_its_parent():
    drawn, parents = {}, []
    for line in errors.__doc__.splitlines():
        if found := re.match(r"^    ([│ ]*)([├└]── )?(\w+Error|Missing\w+)", line):
            depth = 0 if not found[2] else len(found[1]) // 4 + 1
            parents = [*parents[:depth], found[3]]
            drawn[found[3]] = parents[-2] if depth else "Exception"
    assert drawn == {name: cls.__bases__[0].__name__ for name, cls in CLASSES.items()}


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (errors.ParameterError, ValueError),
        (errors.ShapeError, ValueError),
        (errors.NotFittedError, SklearnNotFittedError),
        (errors.MissingExtra, ImportError),
        (errors.DataError, ValueError),
        (errors.UnsupportedError, TypeError),
    ],
)
def test_errors_are_what_callers_catch_today(error, base):
    assert issubclass(error, base)
    assert issubclass(error, errors.InlayError)
