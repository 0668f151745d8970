"""Compare compact embedding tables at equal memory, in one small click model: the frontier of quality and memory.

After Zhang et al. (2023), Experimental Analysis of Large-scale Learnable Vector Storage Compression, arXiv:2311.15578:
every method gets the same data, model, training and budget. The budget is a share of the bytes of full tables, in which
what says where an id has its rows counts too; of methods that cannot be as small nothing is shown.

    python benchmarks/embedding_tables.py --seeds 3 --json
"""

import argparse
import json
import sys
from functools import partial

import numpy as np
from claims import _click as click

from inlay.core.errors import ParameterError
from inlay.data.datasets import load

METHODS = {
    "hashing": click.hashing,
    "multi_hash": click.multi_hash,
    "unified": click.unified,
    "quotient_remainder": click.quotient_remainder,
    "quotient_remainder_add": partial(click.quotient_remainder, operation="add"),
    "quotient_remainder_concat": partial(click.quotient_remainder, operation="concat"),
    "subspace": click.subspace,
    "mixed_dimension": click.mixed_dimension,
    "pruned": click.pruned,
    "quantized": click.quantized,
}
BUDGETS = (2, 4, 8, 16, 32)


def measured(make, datas, share, n_epochs):
    """Return the means over seeds of log-loss, AUC and share of bytes; None where a table cannot be as small."""
    try:
        runs = [click.run(make, data, share, seed, n_epochs=n_epochs) for seed, data in datas.items()]
    except ParameterError:
        return None
    return {name: float(np.mean([run[name] for run in runs])) for name in runs[0]} | {
        "logloss_spread": float(np.std([run["logloss"] for run in runs]))
    }


def main(arguments=None) -> int:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="random splits and first weights")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rows", type=int, default=None, help="use the first ratings only")
    parser.add_argument("--only", default=",".join(METHODS), help="names of methods, with commas")
    parser.add_argument(
        "--budgets", default=",".join(map(str, BUDGETS)), help="full tables over the budget, with commas"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args(arguments)
    names, budgets = options.only.split(","), [float(budget) for budget in options.budgets.split(",")]
    if unknown := set(names) - set(METHODS):
        parser.error(f"there is no method {', '.join(sorted(unknown))}; there are {', '.join(METHODS)}")

    columns = load("ml-100k")
    datas = {seed: click.clicks(columns, seed, options.rows) for seed in range(options.seeds)}
    jobs = [("full", 1.0), *((name, budget) for name in names for budget in budgets)]
    rows = []
    for done, (name, budget) in enumerate(jobs):
        print(f"{done + 1}/{len(jobs)} {name} at 1/{budget:g}", end=": ", file=sys.stderr, flush=True)
        make = click.full if name == "full" else METHODS[name]
        make = partial(make, n_epochs=options.epochs) if name == "pruned" else make
        found = measured(make, datas, 1 / budget, options.epochs)
        print(f"log-loss {found['logloss']:.4f}" if found else "cannot be as small", file=sys.stderr, flush=True)
        rows.append({"method": name, "budget": budget, **(found or {})})
    if options.json:
        print(json.dumps({"seeds": options.seeds, "epochs": options.epochs, "rows": rows}, indent=1))
        return 0
    for what in ("logloss", "auc"):
        print(f"\n{what}, mean of {options.seeds} seeds; full tables: {rows[0][what]:.4f}\n")
        print("method".ljust(28) + "".join(f"1/{budget:g}".rjust(9) for budget in budgets))
        for name in names:
            cells = [row.get(what) for row in rows[1:] if row["method"] == name]
            print(name.ljust(28) + "".join(("-" if cell is None else f"{cell:.4f}").rjust(9) for cell in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
