"""Transforms: vectors to better or smaller vectors, or to codes."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
