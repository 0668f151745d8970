"""Compact embedding tables, each in the place of ``torch.nn.Embedding``."""
