"""Transforms of shape: as many numbers as before, in a space that is easier to compare in."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
