"""Scores of pairs of the data of claims, computed once on a machine and kept in ``.cache``."""

import hashlib

import numpy as np
from _vectors import CACHE

from inlay.core.fingerprint import fingerprint

STEP = 1000  # pairs that are kept together, so that what is broken off goes on where it was


def scored(scorer, queries, items, progress):
    """Return the (n,) scores of pairs; `progress` is told how many there are where they are not kept yet."""
    mark = fingerprint(scorer)
    parts = [np.empty(0, np.float32)]
    for start in range(0, len(queries), STEP):
        asked, given = queries[start : start + STEP], items[start : start + STEP]
        digest = hashlib.sha256(f"{mark}\0pairs\0".encode())
        for text in (*asked, *given):
            digest.update(hashlib.sha256(text.encode()).digest())
        file = CACHE / f"{digest.hexdigest()[:32]}.npy"
        if not file.exists():
            CACHE.mkdir(parents=True, exist_ok=True)
            progress(f"{start} of {len(queries)} pairs scored")
            part = file.with_suffix(".part.npy")
            np.save(part, scorer.score_pairs(asked, given))
            part.replace(file)
        parts.append(np.load(file))
    return np.concatenate(parts)


def score_matrix(scorer, queries, items, progress):
    """Return the (n queries, n items) scores of all pairs."""
    asked = [query for query in queries for _ in items]
    return scored(scorer, asked, list(items) * len(queries), progress).reshape(len(queries), len(items))
