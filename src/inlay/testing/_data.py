"""Sample data: the same in every run, small, and with the odd cases that real data has."""

import numpy as np
from numpy.typing import NDArray

TEXTS = [
    "The harbour freezes in January, and the ferries stop until the ice breaks.",
    "How do I undo the last commit without losing my changes?",
    "Bread rises because yeast turns sugar into carbon dioxide.",
    "A train left the northern station at noon.",
    "Die Bibliothek ist am Sonntag geschlossen.",
    "今日は雨が降っています。",
    "The mitochondrion releases energy from sugar; it is found in almost every cell. " * 12,
    "x",
    "",
    "  \n\t ",
    "Caf\u00e9 or cafe\u0301, \U0001f642 and \U0001f468\u200d\U0001f469\u200d\U0001f467 are all text.",
    "for row in table: print(row['name'], file=out)",
    "A train left the northern station at noon.",
    "12,000 people, 3.5 % more than in 2019",
]


def vectors(n: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Return unit vectors with a few directions in which they spread more than in others."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, dim)) * np.linspace(2.0, 0.5, dim) + rng.normal(size=dim) * 0.3
    return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True), np.float32)
