"""Puts the toys on the path: the tests of the checks share them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
