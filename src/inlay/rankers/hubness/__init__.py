"""Rankers that take from rows the advantage of being near to everything."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
