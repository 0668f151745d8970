"""Transforms to bits, compared by the number in which they differ."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
