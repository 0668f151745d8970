"""Transforms to sparse vectors, of which few dimensions are not zero."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
