"""Multivectors: items of several vectors each to fewer or smaller ones."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
