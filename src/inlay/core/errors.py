"""The errors that Inlay raises, all under one root.

::

    InlayError
    ├── ParameterError    (also ValueError)       a parameter has a value that is not allowed
    ├── ShapeError        (also ValueError)       an array has the wrong shape, type or content
    ├── NotFittedError    (also scikit-learn's)   fit has not been called yet
    ├── MissingExtra      (also ImportError)      an optional library is absent
    ├── DataError         (also ValueError)       a file, record or stored space cannot be used
    │   ├── FingerprintError                      vectors of two different encoders would be mixed
    │   ├── ConflictError                         another process is writing to the same space
    │   └── MissingData                       a known data set is not on this machine
    └── UnsupportedError  (also TypeError)        the object does not offer what was asked of it

A message says what is wrong, what was given, what is allowed, and what to do next.
"""

from sklearn.exceptions import NotFittedError as _SklearnNotFitted


class InlayError(Exception):
    """The root of every error that Inlay raises on purpose."""


class ParameterError(InlayError, ValueError):
    """A parameter has a value that is not allowed."""


class ShapeError(InlayError, ValueError):
    """An array has the wrong shape, type or content."""


class NotFittedError(InlayError, _SklearnNotFitted):  # type: ignore[misc]
    """The object has to be fitted before it can do this."""


class MissingExtra(InlayError, ImportError):
    """An optional library is absent; the message names the command that installs it."""


class DataError(InlayError, ValueError):
    """A file, a record or a stored space cannot be used."""


class FingerprintError(DataError):
    """The vectors at hand and the vectors stored come from different encoders."""


class ConflictError(DataError):
    """Another process is writing to the same space."""


class MissingData(DataError):
    """A known data set is not on this machine; the message says where it was looked for."""


class UnsupportedError(InlayError, TypeError):
    """The object does not offer what was asked of it."""
