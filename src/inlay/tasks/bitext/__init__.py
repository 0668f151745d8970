"""Tasks of translations: which sentences of two languages mean the same."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
