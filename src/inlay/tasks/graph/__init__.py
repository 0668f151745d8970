"""Tasks of nodes, edges and whole graphs."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
