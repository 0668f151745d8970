"""Rankers that compare query and item again, with more care than the index did."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
