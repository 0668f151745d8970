"""Tasks of classes: telling to which class a text belongs."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
