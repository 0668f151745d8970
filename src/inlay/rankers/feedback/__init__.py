"""Rankers that ask again with a better query."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
