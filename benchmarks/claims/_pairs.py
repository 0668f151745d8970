"""Judged pairs of sentences as vectors, and what a transform of the space changes in them."""

import numpy as np
from _vectors import encoded

from inlay.claims import Figure
from inlay.core.statistics import spearman
from inlay.core.vectors import normalize
from inlay.data.datasets import load

RESAMPLES = 200


def judged_pairs(data, encoder):
    """Return the vectors of both sides of each pair, and what people judged."""
    columns = load(data)
    sides = [encoded(columns[name], encoder) for name in ("text1", "text2")]
    return *sides, np.array([float(score) for score in columns["score"]])


def cosines(A, B):
    """Return the cosine of each pair."""
    return np.einsum("ij,ij->i", normalize(A), normalize(B), dtype=np.float64)


def mean_cosine(X):
    """Return the mean cosine of all pairs of different vectors: nothing in an isotropic space, near one in a cone."""
    X = normalize(X).astype(np.float64)
    n = len(X)
    return (np.square(X.sum(axis=0)).sum() - np.square(X).sum()) / (n * (n - 1))


def gain(name, before, after, judged, *, judges=True):
    """Return how many points of Spearman's correlation `after` is ahead of `before`, by the cosines of pairs."""
    n = len(judged)
    weights = np.concatenate([np.ones((1, n)), np.random.default_rng(0).multinomial(n, [1 / n] * n, RESAMPLES)])
    points = 100 * (spearman(weights, after, judged) - spearman(weights, before, judged))
    low, high = np.nanpercentile(points[1:], [2.5, 97.5])
    value = float(np.nan_to_num(points[0]))
    return Figure(name, value, low=0.0 if judges else None, interval=(float(low), float(high)))
