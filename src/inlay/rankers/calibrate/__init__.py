"""Rankers that say what a score means, and where the hits end."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
