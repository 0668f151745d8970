"""Sets move apart as the loss says, which is that of loops, and what is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import DataError, NotFittedError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.nn.set_contrast import inter_set_loss
from inlay.transforms.conditional import SetContrast

FAST = {"n_epochs": 15, "learning_rate": 0.03}


@pytest.fixture(scope="module")
def sets():
    """Three sets around directions that have most in common, with noise in the other dimensions."""
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], 15)
    X = np.repeat(np.eye(3, 8), 15, axis=0) + np.eye(8)[3] * 2 + rng.normal(0, 0.3, (45, 8))
    return X, y


def by_loops(H, numbers, temperature):
    H = [np.array(h) / np.linalg.norm(h) for h in H]
    terms = []
    for i in set(numbers):
        total = 0.0
        for m in range(len(H)):
            for n in range(len(H)):
                if numbers[m] == i and numbers[n] != i:
                    total += math.exp(float(H[m] @ H[n]) / temperature)
        terms.append(math.log(total))
    return sum(terms) / len(terms)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, 3), min_size=2, max_size=9), st.floats(0.1, 2))
def test_the_loss_is_that_of_loops(seed, numbers, temperature):
    H = np.random.default_rng(seed).normal(size=(len(numbers), 4))
    found = inter_set_loss(torch.tensor(H), torch.tensor(numbers), temperature).item()
    want = by_loops(H, numbers, temperature) if len(set(numbers)) > 1 else 0.0
    assert found == pytest.approx(want, rel=1e-6, abs=1e-9)


def test_a_low_temperature_neither_overflows_nor_vanishes():
    H = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.1]], requires_grad=True)
    value = inter_set_loss(H, torch.tensor([0, 1, 1]), 1e-3)
    value.backward()
    assert value.item() == pytest.approx(0.0, abs=1e-2)
    assert torch.isfinite(H.grad).all()


def test_the_first_step_goes_down_the_gradient(sets):
    """One step of AdamW moves each number by the learning rate against the sign of the gradient."""
    X, y = sets
    tuned = SetContrast(n_epochs=1, learning_rate=1e-3, weight_decay=0.0).fit(X, y)
    Z, numbers = normalize(X), np.unique(y, return_inverse=True)[1].tolist()
    added = tuned.map_ - np.eye(8)
    for i, j in ((0, 0), (3, 1), (5, 3)):
        moved = []
        for step in (1e-3, -1e-3):
            W = np.eye(8)
            W[i, j] += step
            moved.append(by_loops(Z @ W.T, numbers, 0.2))
        assert added[i, j] == pytest.approx(-1e-3 * np.sign(moved[0] - moved[1]), rel=1e-3)


def test_sets_move_apart_and_their_members_stay_together(sets):
    X, y = sets
    tuned = SetContrast(**FAST).fit(X, y)
    same = y[:, None] == y
    before, after = (Z @ Z.T for Z in (normalize(X), tuned.transform(X)))
    assert after[~same].mean() < before[~same].mean() - 0.5
    assert after[same].mean() - after[~same].mean() > before[same].mean() - before[~same].mean() + 0.3
    assert tuned.losses_[-1] < tuned.losses_[0]


def test_unseen_vectors_pass_the_same_map(sets):
    X, y = sets
    tuned = SetContrast(**FAST).fit(X, y)
    x = np.random.default_rng(1).normal(size=8)
    want = tuned.map_ @ x
    found = tuned.transform([x, 7 * x, 0 * x])
    np.testing.assert_allclose(found[0], want / np.linalg.norm(want), atol=1e-6)
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    assert not found[2].any()


def test_length_of_examples_and_names_of_sets_do_not_matter(sets):
    X, y = sets
    long = X * np.random.default_rng(2).uniform(0.1, 10, (45, 1))
    one, other = SetContrast(**FAST).fit(X, y), SetContrast(**FAST).fit(long, np.searchsorted(["a", "b", "c"], y) + 5)
    np.testing.assert_allclose(one.map_, other.map_, atol=1e-3)


def test_without_epochs_nothing_moves_and_decay_holds_back(sets):
    X, y = sets
    assert np.array_equal(SetContrast(n_epochs=0).fit(X, y).map_, np.eye(8))
    free, held = (SetContrast(**FAST, weight_decay=w).fit(X, y).map_ - np.eye(8) for w in (0.0, 50.0))
    assert np.linalg.norm(held) < 0.7 * np.linalg.norm(free)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"n_epochs": -1}, "n_epochs must be at least 0, got -1"),
        ({"batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0, got nan"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
    ],
)
def test_wrong_parameters_are_refused(sets, parameters, message):
    with pytest.raises(ParameterError, match=message):
        SetContrast(**parameters).fit(*sets)


def test_wrong_data_are_refused(sets):
    X, y = sets
    with pytest.raises(ShapeError, match="requires y"):
        SetContrast().fit(X)
    with pytest.raises(ShapeError, match="one class for each of the 45 rows of X, got 44"):
        SetContrast().fit(X, y[1:])
    with pytest.raises(DataError, match="needs at least 2, got 1 class"):
        SetContrast().fit(X, ["a"] * 45)
    with pytest.raises(NotFittedError):
        SetContrast().transform(X)
    with pytest.raises(ParameterError, match="lower learning_rate, which is 1e\\+37"):
        SetContrast(n_epochs=9, learning_rate=1e37).fit(X, y)
