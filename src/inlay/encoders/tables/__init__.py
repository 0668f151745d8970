"""Columns of tables to vectors."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
