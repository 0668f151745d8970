"""The comparison of embedding tables runs, on a few rows."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "embedding_tables.py"
pytestmark = [
    pytest.mark.skipif(not find_spec("torch"), reason="needs torch: pip install 'inlay[nn]'"),
    pytest.mark.skipif(not find_spec("recbole"), reason="needs the data: pip install --no-deps recbole"),
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    few = ("--rows", "3000", "--seeds", "1", "--epochs", "1")
    return subprocess.run([sys.executable, FILE, *few, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_every_method_keeps_to_the_budget_or_is_left_out() -> None:
    done = run("--budgets", "4,32", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    rows = json.loads(done.stdout)["rows"]
    assert len(rows) == 1 + 2 * 10
    assert rows[0]["share"] == 1
    for row in rows[1:]:
        assert "share" not in row or 0.5 / row["budget"] < row["share"] <= 1 / row["budget"], row
        assert "auc" not in row or 0.3 < row["auc"] < 0.9, row
    assert {row["method"] for row in rows if row["budget"] == 4 and "share" not in row} == set()
    assert {row["method"] for row in rows if "share" not in row} >= {"quantized", "mixed_dimension"}


@pytest.mark.slow
def test_a_table_is_printed_and_names_are_checked() -> None:
    done = run("--budgets", "4", "--only", "hashing,quotient_remainder")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "quotient_remainder" in done.stdout
    assert "log" in done.stdout
    assert "there is no method nothing" in run("--only", "nothing").stderr
