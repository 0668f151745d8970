"""Tasks of scored texts: whether vectors judge generated texts and answers as people do."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
