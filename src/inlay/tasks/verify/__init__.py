"""Tasks of sameness: whether two items are of one source."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
