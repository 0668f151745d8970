"""Codecs: vectors to short codes of numbers, and back."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
