"""Build, search and size, side by side with Chroma, LanceDB and txtai at their defaults.

Run: python benchmarks/speed/build_search.py [--records 20000] [--only inlay,chroma] [--json]

Every system gets the same passages (docstrings of installed packages, each short enough for the model), the same
model (all-MiniLM-L6-v2 from the folder of the package that brings it), and a fresh process. Measured in each:

- build: from texts in memory to a searchable store on disk, model loading not counted;
- open: from a fresh process to the first answer, imports and model loading not counted;
- text query and vector query: median latency of single queries on the opened store (txtai takes text only);
- disk: bytes of the store; memory: peak resident set of the building process;
- recall@10: against exact search over float32 vectors of sentence-transformers.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from _stores import SYSTEMS, K, model_folder

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")

QUERIES = 200
LENGTH = 240  # characters of a passage: the peers need minutes for 20,000 of them already


def passages(count: int) -> list[dict[str, str]]:
    """Take docstrings of installed packages, cut so that no system has to split them."""
    from inlay.data.find import find
    from inlay.data.read import read

    found: dict[str, dict[str, str]] = {}
    names = [f"python:{name}" for name in ("stdlib", "numpy", "scipy", "sklearn", "pyarrow", "torch", "transformers")]
    for source in find([name for name in names if find_spec(name[7:]) or name == "python:stdlib"], on_problem=print):
        for record in read(source, on_problem=lambda problem: None):
            kind = str(record.fields.get("kind", ""))
            for part, start in enumerate(range(0, len(record.text), LENGTH)):
                name = f"{record.id}#{part}"
                found.setdefault(name, {"id": name, "text": record.text[start : start + LENGTH], "kind": kind})
            if len(found) >= count:
                return list(found.values())[:count]
    return list(found.values())


def disk(path: Path) -> int:
    """Add up the bytes of all files below `path`."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def run_one(name: str, folder: Path, stage: str) -> dict[str, float]:
    """Measure one stage of one system; called in a process of its own."""
    import numpy as np

    work = folder / name
    work.mkdir(exist_ok=True)
    if stage == "build":
        data = json.loads((folder / "passages.json").read_text())
        system = SYSTEMS[name](work)
        start = time.perf_counter()
        system.build(data)
        seconds = time.perf_counter() - start
        from inlay.cli.report import peak_memory

        return {
            "build s": seconds,
            "records/s": len(data) / seconds,
            "disk MB": disk(work) / 1e6,
            "peak MB": (peak_memory() or 0) / 1e6,
        }
    queries = json.loads((folder / "queries.json").read_text())
    vectors = np.load(folder / "queries.npy")
    truth = json.loads((folder / "truth.json").read_text())
    system = SYSTEMS[name](work)
    start = time.perf_counter()
    by_text, by_vector = system.open()
    by_text(queries[0])
    opened = time.perf_counter() - start
    times: dict[str, list[float]] = {"text": [], "vector": []}
    overlap = []
    for query, vector, expected in zip(queries, vectors, truth, strict=True):
        start = time.perf_counter()
        found = by_text(query)
        times["text"].append(time.perf_counter() - start)
        if by_vector is not None:
            start = time.perf_counter()
            by_vector(vector)
            times["vector"].append(time.perf_counter() - start)
        overlap.append(len(set(found) & set(expected)) / len(expected))
    return {
        "open ms": 1e3 * opened,
        "text query ms": 1e3 * statistics.median(times["text"]),
        "vector query ms": 1e3 * statistics.median(times["vector"] or [math.nan]),
        "recall@10": statistics.mean(overlap),
    }


def prepare(folder: Path, count: int) -> int:
    """Write passages, queries and the exact answers."""
    import numpy as np
    from sentence_transformers import SentenceTransformer

    data = passages(count)
    (folder / "passages.json").write_text(json.dumps(data))
    pick = np.random.default_rng(0).choice(len(data), QUERIES, replace=False)
    # The first sentence of a docstring, without the signature, asks for what the docstring explains.
    queries = [data[i]["text"].split("\n", 1)[-1].strip().split(". ")[0][:200] or data[i]["id"] for i in pick]
    model = SentenceTransformer(model_folder())
    X = model.encode([p["text"] for p in data], batch_size=64, normalize_embeddings=True)
    Q = model.encode(queries, normalize_embeddings=True)
    best = np.argsort(-(Q @ X.T), axis=1, kind="stable")[:, :K]
    np.save(folder / "queries.npy", Q)
    (folder / "queries.json").write_text(json.dumps(queries))
    (folder / "truth.json").write_text(json.dumps([[data[i]["id"] for i in row] for row in best]))
    return len(data)


def main() -> None:
    """Measure the systems one after another and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems to run, separated by commas")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        name, folder, stage = given.one
        print("RESULT " + json.dumps(run_one(name, Path(folder), stage)))
        return
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        count = prepare(Path(folder), given.records)
        for name in given.only.split(","):
            if find_spec(SYSTEMS[name].package) is None:
                print(f"{name}: skipped, {SYSTEMS[name].package} is not installed", file=sys.stderr)
                continue
            rows[name] = {}
            for stage in ("build", "search"):
                command = [sys.executable, __file__, "--one", name, folder, stage]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                line = next((x for x in done.stdout.splitlines() if x.startswith("RESULT ")), None)
                if line is None:
                    print(f"{name}: {stage} failed\n{done.stderr[-2000:]}", file=sys.stderr)
                    break
                rows[name] |= json.loads(line.removeprefix("RESULT "))
    versions = {name: version(SYSTEMS[name].package) for name in rows}
    if given.json:
        print(json.dumps({"records": count, "versions": versions, "results": rows}, indent=1))
        return
    print(f"{count} records, {QUERIES} queries, k={K}; ratio = other / inlay, above 1 means inlay is ahead\n")
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    print(f"{'':28}" + "".join(f"{column:>18}" for column in columns))
    for name, row in rows.items():
        print(f"{name + ' ' + versions[name]:28}" + "".join(f"{row.get(c, float('nan')):18.4g}" for c in columns))
    for name, row in rows.items():
        if name != "inlay" and "inlay" in rows:
            ratios = []
            for column in columns:
                mine, other = rows["inlay"].get(column, float("nan")), row.get(column, float("nan"))
                ratios.append(mine / other if column in ("records/s", "recall@10") else other / mine)
            print(f"{'ratio ' + name + ' / inlay':28}" + "".join(f"{ratio:18.3g}" for ratio in ratios))


if __name__ == "__main__":
    main()
