"""The parts of a `Space`: its table, its locks, what it keeps about sources, how it is written and searched."""
