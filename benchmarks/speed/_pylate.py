"""Search by PyLate's PLAID index, for multivector.py: run by an interpreter of an environment that has pylate.

Run: PYTHON _pylate.py vectors.npz THREADS CLOCK RUNS, where the file has the values and offsets of documents and of
queries. Prints what was found and how long it took, as JSON.
"""

import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

K = 10


def items(values: Any, offsets: Any) -> list[Any]:
    """Return the vectors of each item."""
    return [values[start:stop] for start, stop in itertools.pairwise(offsets)]


def main() -> None:
    """Build the index with its defaults, and search it a query at a time and with all at once."""
    file, threads, clock_name, runs = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read when torch starts
    import numpy as np
    import torch
    from pylate import indexes

    torch.set_num_threads(threads)
    clock = getattr(time, clock_name)
    held = np.load(file)
    X, Q = items(held["values"], held["offsets"]), items(held["asked"], held["ends"])
    with tempfile.TemporaryDirectory() as folder:
        before = clock()
        index = indexes.PLAID(folder, "plaid", override=True, device="cpu", show_progress=False, num_threads=None)
        index.add_documents(documents_ids=[str(i) for i in range(len(X))], documents_embeddings=X)
        build = clock() - before
        found = index(Q, k=K)
        took, many = [], []
        for _ in range(runs):
            before = clock()
            for query in Q:
                index([query], k=K)
            took.append(clock() - before)
            before = clock()
            index(Q, k=K)
            many.append(clock() - before)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    ids = [[int(hit["id"]) for hit in hits] for hits in found]
    print(json.dumps({"build": build, "took": min(took), "many": min(many), "bytes": size, "ids": ids}))


if __name__ == "__main__":
    main()
