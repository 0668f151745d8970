"""Token pruning equals a loop over its definition, and an item is never emptied."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize
from inlay.multivectors import TokenPruning


@pytest.fixture
def items():
    rng = np.random.default_rng(0)
    return Ragged.stack([rng.normal(size=(n, 6)) for n in (11, 0, 1, 3, 24)])


@pytest.mark.parametrize("k", [-1.0, 0.0, 0.5, 9.0])
def test_equals_a_loop_with_a_column(items, k):
    pruned = TokenPruning(k, "column").transform(items)
    for item, got in zip(items, pruned, strict=True):
        importance = item[:, -1].astype(np.float64)
        keep = importance > importance.mean() + k * importance.std() if len(item) else np.zeros(0, bool)
        if len(item) and not keep.any():
            keep[importance.argmax()] = True
        assert np.array_equal(got, item[keep, :-1])


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_equals_a_loop_with_the_mean(items, temperature):
    pruned = TokenPruning(temperature=temperature).transform(items)
    for item, got in zip(items, pruned, strict=True):
        if not len(item):
            assert not len(got)
            continue
        units = normalize(item).astype(np.float64)
        centre = units.mean(axis=0) / np.linalg.norm(units.mean(axis=0))
        importance = np.exp(units @ centre / temperature)
        importance /= importance.sum()
        keep = importance > importance.mean()
        assert np.array_equal(got, item[keep] if keep.any() else item[[importance.argmax()]])


def test_more_is_kept_where_the_threshold_is_lower(items):
    kept = [len(TokenPruning(k).transform(items).values) for k in (1.0, 0.0, -1.0, -9.0)]
    assert kept == sorted(kept)
    assert kept[-1] == len(items.values)


def test_equal_importances_leave_one():
    item = np.column_stack([np.arange(4.0), np.full(4, 0.25)])
    assert TokenPruning(importance="column").transform(Ragged.stack([item]))[0].tolist() == [[0.0]]


def test_how_many_stay_depends_on_the_item():
    flat, peaked = np.array([0.3, 0.3, 0.2, 0.2]), np.array([0.97, 0.01, 0.01, 0.01])
    items = Ragged.stack([np.column_stack([np.arange(4.0), one]) for one in (flat, peaked)])
    assert TokenPruning(importance="column").transform(items).lengths.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"k": float("nan")}, "k must be a finite number, got nan"),
        ({"importance": "max"}, "importance must be 'mean' or 'column', got 'max'"),
        ({"temperature": 0.0}, r"temperature must be above 0, got 0\.0"),
    ],
)
def test_wrong_parameters_are_refused(items, parameters, message):
    with pytest.raises(ParameterError, match=message):
        TokenPruning(**parameters).transform(items)


def test_a_column_of_importances_alone_is_refused():
    with pytest.raises(ShapeError, match="must have vectors and a last column of importances, got 1 column"):
        TokenPruning(importance="column").transform(Ragged.stack([np.ones((3, 1))]))


@pytest.mark.parametrize("n", range(1, 30))
def test_equal_vectors_leave_one(n):
    for item in (np.tile([[0.3, 0.5, 0.1]], (n, 1)), np.eye(n)):
        assert TokenPruning().transform(Ragged.stack([item])).lengths.tolist() == [1]


def test_a_low_temperature_leaves_the_most_important():
    item = normalize(np.random.default_rng(0).normal(size=(20, 4)) + 1)
    most = int((item @ normalize(item.sum(axis=0)[None])[0]).argmax())
    kept = TokenPruning(temperature=1e-4).transform(Ragged.stack([item]))
    np.testing.assert_array_equal(kept[0], item[[most]])
    assert TokenPruning(k=-5.0, temperature=1e-4).transform(Ragged.stack([item])).lengths.tolist() == [20]
