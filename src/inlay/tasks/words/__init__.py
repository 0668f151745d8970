"""Tasks of words and phrases: alone, in analogies, and in context."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
