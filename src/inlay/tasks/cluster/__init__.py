"""Tasks of clusters: whether texts that belong together lie together."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
