"""Compact embedding tables, each in the place of ``torch.nn.Embedding``."""

from inlay.core.catalogue import lazy

__getattr__, __dir__ = lazy(__name__)
