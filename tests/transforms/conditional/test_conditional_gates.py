"""Conditional gates find the part of a space that a condition is about, and draw the triplets they say."""

import numpy as np
import pytest
import torch

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.transforms.conditional import ConditionalGates
from inlay.transforms.conditional.conditional_gates import _triplets

SMALL = {"n_triplets": 300, "n_epochs": 10, "batch_size": 32, "learning_rate": 0.05}


@pytest.fixture(scope="module")
def two_respects():
    """Vectors whose first two dimensions tell one label, whose next two tell another, and the rest nothing."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(200, 2))
    corners = np.array([[1.0, 0.0], [0.0, 1.0]])
    X = np.column_stack([corners[y[:, 0]], corners[y[:, 1]], np.zeros((200, 2))]) + rng.normal(0, 0.3, (200, 6))
    return X, y


def neighbours_agree(X, labels):
    scores = X @ X.T
    np.fill_diagonal(scores, -np.inf)
    return (labels[scores.argmax(axis=1)] == labels).mean()


def test_each_condition_finds_its_own_neighbours(two_respects):
    X, y = two_respects
    gates = ConditionalGates(**SMALL, gate_weight=0.05, embedding_weight=0.05).fit(X, y)
    for condition in (0, 1):
        shown = gates.set_params(condition=condition).transform(X)
        own, other = (neighbours_agree(shown, y[:, c]) for c in (condition, 1 - condition))
        assert own > 0.9
        assert other < own - 0.15
        np.testing.assert_allclose(np.linalg.norm(shown, axis=1), 1, rtol=1e-5)


def test_it_shows_the_gated_map(two_respects):
    X, y = two_respects
    gates = ConditionalGates(1, **SMALL, dim=5).fit(X, y)
    assert (gates.gates_ >= 0).all()
    want = (gates.map_ @ X[3].astype(np.float32)) * gates.gates_[1]
    np.testing.assert_allclose(gates.transform(X)[3], want / np.linalg.norm(want), rtol=1e-4, atol=1e-6)


def test_without_epochs_the_map_is_the_identity_and_gates_are_those_of_the_paper(two_respects):
    X, y = two_respects
    gates = ConditionalGates(n_epochs=0).fit(X, y)
    assert np.array_equal(gates.map_, np.eye(6))
    drawn = np.random.default_rng(0)
    start = [_triplets(y[:, c], 5000, c, drawn) for c in (0, 1)]
    assert len(start) == 2
    np.testing.assert_allclose(gates.gates_, np.maximum(0, drawn.normal(0.9, np.sqrt(0.7), (2, 6))), rtol=1e-6)


def test_a_heavy_weight_closes_the_gates(two_respects):
    X, y = two_respects
    free, held = (ConditionalGates(**SMALL, gate_weight=w).fit(X, y).gates_ for w in (0.0, 1.0))
    assert held.sum() < 0.5 * free.sum()


def test_triplets_are_of_the_classes_they_should_be():
    rng = np.random.default_rng(1)
    labels = np.array([0, 1, 2, 1, 0, 2, 2, 3])
    drawn = _triplets(labels, 5000, 7, rng)
    condition, anchor, same, other = drawn.T
    assert (condition == 7).all()
    assert (anchor != same).all()
    assert (labels[anchor] == labels[same]).all()
    assert (labels[anchor] != labels[other]).all()
    pairs = {(a, b) for a in range(8) for b in range(8) if a != b and labels[a] == labels[b]}
    assert set(zip(anchor.tolist(), same.tolist(), strict=True)) == pairs
    wanted = {(a, b) for a in range(7) for b in range(8) if labels[a] != labels[b]}
    assert set(zip(anchor.tolist(), other.tolist(), strict=True)) == wanted


def test_one_column_is_one_condition(two_respects):
    X, y = two_respects
    one, same = (ConditionalGates(**SMALL).fit(X, labels) for labels in (y[:, 0], y[:, :1]))
    assert np.array_equal(one.gates_, same.gates_)
    torch.manual_seed(3)
    assert np.array_equal(ConditionalGates(**SMALL).fit(X, y[:, 0]).map_, one.map_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"condition": 2}, "condition must be from 0 to 1, got 2"),
        ({"dim": 7}, "dim must be from 1 to 6, the columns of X, got 7"),
        ({"margin": 0.0}, "margin must be above 0, got 0"),
        ({"gate_weight": -1.0}, "gate_weight must be at least 0"),
        ({"n_triplets": 0}, "n_triplets must be at least 1, got 0"),
    ],
)
def test_wrong_parameters_are_refused(two_respects, parameters, message):
    with pytest.raises(ParameterError, match=message):
        ConditionalGates(**(SMALL | parameters)).fit(*two_respects)


def test_wrong_classes_are_refused(two_respects):
    X, y = two_respects
    with pytest.raises(ShapeError, match=r"y must have the shape \(n, c\), a class for each of 200 vectors"):
        ConditionalGates().fit(X, y[:-1])
    with pytest.raises(DataError, match="Column 1 of y must have at least 2 classes"):
        ConditionalGates().fit(X, np.column_stack([y[:, 0], np.zeros(200)]))
    with pytest.raises(ShapeError, match="requires y"):
        ConditionalGates().fit(X)
