from itertools import pairwise

import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.transforms.hash import IterativeQuantization
from inlay.transforms.hash._hamming import signs

X = (np.random.default_rng(0).normal(size=(300, 10)) * np.linspace(4, 0.3, 10) + 2).astype(np.float32)


def loss(hash):
    """Return the squared distance of the rotated components to their signs, by row."""
    V = (X.astype(float) - hash.mean_) @ hash.directions_
    return sum(float(np.sum((np.sign(v) - v) ** 2)) for v in V) / len(V)


def test_each_iteration_brings_the_components_nearer_to_signs():
    losses = [loss(IterativeQuantization(bits=6, n_iterations=n).fit(X)) for n in (0, 1, 2, 5, 20, 50)]
    assert all(b <= a + 1e-4 for a, b in pairwise(losses))
    assert losses[-1] < losses[0]


def test_directions_are_orthonormal_and_span_the_principal_components():
    hash = IterativeQuantization(bits=4).fit(X)
    D = hash.directions_.astype(float)
    np.testing.assert_allclose(D.T @ D, np.eye(4), atol=1e-5)
    top = np.linalg.svd(X - X.mean(axis=0))[2][:4].T
    np.testing.assert_allclose(D @ D.T, top @ top.T, atol=1e-4)


def test_bits_are_the_signs_of_the_rotated_components():
    hash = IterativeQuantization(bits=9).fit(X)
    B = signs(hash.transform(X), 9)
    for x, b in zip(X[:20], B, strict=False):
        for j in range(9):
            assert b[j] == (1 if float(np.dot(x - hash.mean_, hash.directions_[:, j])) > 0 else -1)


def test_way_back_is_nearer_with_more_bits():
    far = []
    for bits in (2, 5, 10):
        hash = IterativeQuantization(bits=bits).fit(X)
        far.append(np.linalg.norm(hash.inverse_transform(hash.transform(X)) - X))
    assert far[0] > far[1] > far[2]
    assert far[0] < np.linalg.norm(X - X.mean(axis=0))


def test_it_finds_more_neighbours_than_before_the_rotation():
    rng = np.random.default_rng(5)
    Y = rng.normal(size=(400, 16)) * np.linspace(3, 0.5, 16)
    true = np.argsort(-((Y - Y.mean(0)) @ (Y - Y.mean(0)).T), axis=1)[:, :10]

    def recall(n_iterations):
        hash = IterativeQuantization(bits=16, n_iterations=n_iterations).fit(Y)
        found = hash.search_codes(Y, hash.transform(Y), k=10).ids
        return np.mean([len(set(a) & set(b)) for a, b in zip(true, found, strict=True)])

    pca = recall(0)
    assert recall(50) > pca


def test_wrong_input_is_refused():
    with pytest.raises(ParameterError, match="bits=11 for n_features=10"):
        IterativeQuantization(bits=11).fit(X)
    with pytest.raises(ParameterError, match="bits must be at least 1"):
        IterativeQuantization(bits=0).fit(X)
    with pytest.raises(ParameterError, match="n_iterations must be at least 0, got -1"):
        IterativeQuantization(bits=2, n_iterations=-1).fit(X)
    with pytest.raises(NotFittedError):
        IterativeQuantization().inverse_transform(np.zeros((1, 8), np.uint8))
    with pytest.raises(ShapeError, match=r"shape \(n, 1\)"):
        IterativeQuantization(bits=3).fit(X).inverse_transform(np.zeros((1, 2), np.uint8))
