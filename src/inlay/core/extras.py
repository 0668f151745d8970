"""Optional libraries: loaded when they are needed, and named with the command that installs them."""

import importlib
from types import ModuleType

from .errors import MissingExtra


def load(module: str, *, extra: str, purpose: str = "") -> ModuleType:
    """Import `module`, or say which command installs it.

    Parameters
    ----------
    module : dotted name of the module.
    extra : the extra of the ``inlay`` package that brings it.
    purpose : what it is needed for, as the start of a sentence ("reading PDF files").

    Raises
    ------
    MissingExtra
        If the module, or something that it imports, is not installed.

    Examples
    --------
    >>> load("json", extra="text").__name__
    'json'
    >>> load("no_such_library", extra="text", purpose="encoding text")
    Traceback (most recent call last):
    inlay.core.errors.MissingExtra: encoding text needs no_such_library, which is not installed. \
Install it with: pip install "inlay[text]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        raise MissingExtra(
            f"{purpose or 'This'} needs {missing}, which is not installed. "
            f'Install it with: pip install "inlay[{extra}]"'
        ) from error
