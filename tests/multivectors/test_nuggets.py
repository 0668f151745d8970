"""Nuggets are the best of their segments by a score that learns what an item is found by."""

import math

import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize
from inlay.multivectors import Nuggets


@pytest.fixture(scope="module")
def items():
    rng = np.random.default_rng(0)
    return Ragged.stack([rng.normal(size=(n, 6)) for n in (11, 0, 1, 2, 24, 30)])


@pytest.mark.parametrize("ratio", [0.1, 0.3, 1.0])
def test_equals_a_loop_over_segments(items, ratio):
    method = Nuggets(ratio, hidden=5, n_epochs=2).fit(items)
    (first, second), (b1, b2) = method.weights_, method.biases_
    for item, got in zip(items, method.transform(items), strict=True):
        n, k = len(item), math.ceil(round(ratio * len(item), 9))
        scores = [float((second @ np.maximum(first @ x + b1, 0) + b2)[0]) for x in normalize(item)]
        want = []
        for segment in range(k):
            rows = [i for i in range(n) if i * k // n == segment]
            want.append(item[max(rows, key=lambda row: scores[row])])
        assert np.array_equal(got, np.array(want, np.float32).reshape(k, 6))


def test_long_items_keep_more(items):
    assert Nuggets(0.1, n_epochs=0).fit(items).transform(items).lengths.tolist() == [2, 0, 1, 1, 3, 3]


def test_it_learns_what_tells_items_apart():
    """Half of the vectors of an item lie about a centre of its own; the others, marked, have nothing to do with it."""
    rng = np.random.default_rng(0)
    items = []
    for _ in range(64):
        item = np.column_stack([rng.normal(size=(10, 7)), np.ones(10)])
        own = rng.permutation(10)[:5]
        item[own] = np.column_stack([rng.normal(size=7) + 0.3 * rng.normal(size=(5, 7)), -np.ones(5)])
        items.append(item)
    items = Ragged.stack(items)
    before, after = (
        (
            Nuggets(0.3, hidden=8, sharpness=5.0, n_epochs=n, learning_rate=0.01)
            .fit(items)
            .transform(items)
            .values[:, 7]
            < 0
        ).mean()
        for n in (0, 30)
    )
    assert before < 0.75
    assert after > 0.9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ratio": 0.0}, r"ratio must be above 0 and at most 1, got 0\.0"),
        ({"hidden": 0}, "hidden must be at least 1, got 0"),
        ({"temperature": 0.0}, "temperature must be above 0"),
    ],
)
def test_wrong_parameters_are_refused(items, parameters, message):
    with pytest.raises(ParameterError, match=message):
        Nuggets(**parameters).fit(items)


def test_wrong_items_are_refused(items):
    with pytest.raises(ShapeError, match="at least 2 items that have vectors"):
        Nuggets().fit(Ragged.stack([items[0], items[1]]))
    with pytest.raises(ShapeError, match="hold no vector: 1 items, all of them empty"):
        Nuggets().fit(Ragged.stack([items[1]]))
    with pytest.raises(NotFittedError, match="not fitted"):
        Nuggets().transform(items)
