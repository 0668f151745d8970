"""The side-by-side measurement of searches runs, in its smallest form."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[2] / "benchmarks" / "speed"


@pytest.mark.slow
def test_search_prints_a_table_of_each_kind(tmp_path) -> None:
    for library in ("lancedb", "hnswlib", "bm25s", "usearch", "faiss"):
        pytest.importorskip(library, reason=f"needs {library}")
    import numpy as np

    X = np.random.default_rng(0).normal(size=(1500, 16)).astype(np.float32)
    np.save(tmp_path / "vectors.npy", X / np.linalg.norm(X, axis=1, keepdims=True))
    arguments = ("search.py", "--quick", "--busy", "--rows", "1400", "--vectors", str(tmp_path / "vectors.npy"))
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, *arguments], cwd=SPEED, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    for what in ("queries/s at 0.99", "hnswlib", "LanceDB, prefilter", "Filtered(Faiss)", "bm25s, numba"):
        assert what in done.stdout
