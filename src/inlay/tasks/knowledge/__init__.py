"""Tasks of facts: entities, and the relations between them."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
