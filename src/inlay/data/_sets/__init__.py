"""Readers of known data sets, one file for each publisher; what is in ``SETS`` is found by name."""
