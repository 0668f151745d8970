"""Rankers that turn neighbours into labels, and choose examples of them."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
