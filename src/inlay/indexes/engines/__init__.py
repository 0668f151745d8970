"""Indexes that other programs hold: databases, files on object storage, and machines of a cluster."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
