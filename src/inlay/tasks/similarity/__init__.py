"""Tasks of pairs: how alike two texts or words are."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
