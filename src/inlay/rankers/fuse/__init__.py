"""Rankers that make one list of several."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
