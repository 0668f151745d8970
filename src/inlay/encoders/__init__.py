"""Encoders: things to vectors. One folder for each kind of thing."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
