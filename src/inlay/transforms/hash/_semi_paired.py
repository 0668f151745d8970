"""How the unknowns of semi-paired hashing are solved, one group after the other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_sylvester

from inlay.core.values import FloatArray

Array = NDArray[Any]


class Views:
    """Two centred views: the first `n_pairs` rows of both are pairs; scaled to `bits` for the squared length of a row.

    Latent vectors stand in one array: pairs, then items of the first view alone, then those of the second.
    """

    def __init__(self, first: Array, second: Array, n_pairs: int, bits: int) -> None:
        data = [np.asarray(part, np.float64) for part in (first, second)]
        self.scales = [np.sqrt(bits / max(float((part**2).sum(axis=1).mean()), 1e-12)) for part in data]
        self.X = [part * scale for part, scale in zip(data, self.scales, strict=True)]
        self.n_pairs, self.bits = n_pairs, bits
        ends = np.cumsum([n_pairs, len(first) - n_pairs, len(second) - n_pairs])
        self.alone = [np.arange(ends[0], ends[1]), np.arange(ends[1], ends[2])]
        self.rows = [np.concatenate([np.arange(n_pairs), alone]) for alone in self.alone]
        self.n = int(ends[2])


def alternate(
    views: Views,
    *,
    anchors: Array,
    rotation: Array,
    beta: float,
    gamma: float,
    mu: float,
    ridge: float,
    n_iterations: int,
) -> list[FloatArray]:
    """Return for each view the projection (d, bits) of its centred vectors to numbers whose signs are the code."""
    p, bits, R = views.n_pairs, views.bits, rotation
    Z = [_ridge(X[anchors].T, X[p:].T, ridge).T for X in views.X]
    V = _start(views, ridge)
    maps = [_ridge(X, np.eye(len(X)), ridge) for X in views.X]  # the regressions on a view are always the same
    for _ in range(n_iterations):
        U = [_ridge(V[rows], X, 1e-6) for X, rows in zip(views.X, views.rows, strict=True)]
        W = [to @ V[rows] for to, rows in zip(maps, views.rows, strict=True)]
        # What holds each latent vector, other than its relation to anchors: its views, projections, and code.
        left = [u @ u.T for u in U]
        right = mu * np.where(V @ R > 0, 1.0, -1.0) @ R.T
        for X, rows, u, w in zip(views.X, views.rows, U, W, strict=True):
            right[rows] += X @ u.T + gamma * X @ w
        both = left[0] + left[1] + (mu + 2 * gamma) * np.eye(bits)
        pull = np.zeros((len(anchors), bits))
        for alone, relation in zip(views.alone, Z, strict=True):
            pull += beta * relation.T @ V[alone]
        V[:p] = np.linalg.solve(both, right[:p].T).T
        spread = beta * sum(relation.T @ relation for relation in Z)
        V[anchors] = solve_sylvester(spread, both, right[anchors] + pull)
        for alone, relation, gram in zip(views.alone, Z, left, strict=True):
            one = gram + (mu + gamma + beta) * np.eye(bits)
            V[alone] = np.linalg.solve(one, (right[alone] + beta * relation @ V[anchors]).T).T
        S, _, S_hat = np.linalg.svd(np.where(V @ R > 0, 1.0, -1.0).T @ V)
        R = (S @ S_hat).T
    W = [to @ V[rows] for to, rows in zip(maps, views.rows, strict=True)]
    return [(w @ R).astype(np.float32) for w in W]


def _start(views: Views, ridge: float) -> Array:
    """Return principal components of both views, the missing one guessed by regression, each of variance one."""
    p, (first, second) = views.n_pairs, views.X
    guesses = first[p:] @ _ridge(first[:p], second[:p], ridge), second[p:] @ _ridge(second[:p], first[:p], ridge)
    joint = np.concatenate(
        [
            np.concatenate([first[:p], second[:p]], axis=1),
            np.concatenate([first[p:], guesses[0]], axis=1),
            np.concatenate([guesses[1], second[p:]], axis=1),
        ]
    )
    left, _, right = np.linalg.svd(joint, full_matrices=False)
    left *= np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])  # LAPACK leaves the sign open
    out = np.zeros((views.n, views.bits))
    out[:, : left.shape[1]] = left[:, : views.bits] * np.sqrt(views.n)
    return out


def _ridge(X: Array, Y: Array, strength: float) -> Array:
    """Regress Y on X, with a ridge that is a share of the mean variance of the columns of X."""
    gram = X.T @ X
    size = max(float(np.trace(gram)) / len(gram), 1e-12)
    out: Array = np.linalg.solve(gram + strength * size * np.eye(len(gram)), X.T @ Y)
    return out
