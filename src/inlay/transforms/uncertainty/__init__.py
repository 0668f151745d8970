"""Transforms that say how sure a frozen vector is."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
