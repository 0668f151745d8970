"""The adapter leaves vectors alone, knows which pairs are far apart, and its numpy equals its torch."""

import numpy as np
import pytest
import torch
from scipy.stats import gennorm, spearmanr

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.nn.probabilistic import Adapter
from inlay.transforms.uncertainty import ProbabilisticAdapter


@pytest.fixture(scope="module")
def pairs():
    """Partners that are vague where the first number is positive."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 6)).astype(np.float32)
    Y = X + rng.normal(size=(600, 6)) * np.where(X[:, :1] > 0, 1.0, 0.1)
    return X, Y.astype(np.float32)


@pytest.fixture(scope="module")
def fitted(pairs):
    return ProbabilisticAdapter(hidden=16, n_epochs=15, batch_size=16, random_state=1).fit(
        pairs[0][:400], pairs[1][:400]
    )


def test_vectors_stay_as_they_are(pairs, fitted):
    assert np.array_equal(fitted.transform(pairs[0]), pairs[0])


def test_it_knows_who_is_vague(pairs, fitted):
    X, Y = (one[400:] for one in pairs)
    distance = 1 - (X * Y).sum(axis=1) / np.linalg.norm(X, axis=1) / np.linalg.norm(Y, axis=1)
    expected = fitted.uncertainty(X)
    assert spearmanr(expected, distance)[0] > 0.5
    assert expected.mean() == pytest.approx(distance.mean(), abs=0.05)
    assert expected[X[:, 0] > 0].mean() > 2 * expected[X[:, 0] < 0].mean()


def test_calibration_keeps_the_order(pairs, fitted):
    raw, read = fitted.variance(pairs[0]), fitted.uncertainty(pairs[0])
    order = np.argsort(raw)
    assert (np.diff(read[order]) >= 0).all()
    assert len(np.unique(read.round(6))) > 20


@pytest.mark.parametrize("n_passes", [0, 4])
def test_variance_equals_a_loop_over_torch_and_scipy(pairs, n_passes):
    X = pairs[0][:5]
    adapter = ProbabilisticAdapter(hidden=7, n_epochs=2, n_passes=n_passes, dropout=0.5).fit(*pairs)
    network = Adapter(6, 7, 0.0)
    with torch.no_grad():
        for layer, weight, bias in zip(
            (network.first, network.second, network.heads), adapter.weights_, adapter.biases_, strict=True
        ):
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
        _, scale, shape = (one.numpy() for one in network(torch.tensor(X)))
    want = gennorm.var(shape, scale=np.exp(scale)).mean(axis=1)
    if n_passes:
        kept = np.random.default_rng(0).random((n_passes, 2, 7)) >= 0.5
        means = []
        for one in kept:
            units = np.maximum(X @ adapter.weights_[0].T + adapter.biases_[0], 0) * one[0] * 2
            units = np.maximum(units @ adapter.weights_[1].T + adapter.biases_[1], 0) * one[1] * 2
            means.append((units @ adapter.weights_[2].T + adapter.biases_[2])[:, :6])
        want = want + np.var(means, axis=0).mean(axis=1)
    np.testing.assert_allclose(adapter.variance(X), want, rtol=1e-4)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden": 0}, "hidden must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be at least 0 and below 1, got 1\.0"),
        ({"held_out": 0.0}, "held_out must be above 0 and below 1"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"cross_weight": float("nan")}, "cross_weight must be at least 0, got nan"),
    ],
)
def test_wrong_parameters_are_refused(pairs, parameters, message):
    with pytest.raises(ParameterError, match=message):
        ProbabilisticAdapter(**parameters).fit(*pairs)


def test_wrong_pairs_are_refused(pairs):
    X, Y = pairs
    for y, message in ((None, "needs y, the partners"), (Y[:-1], "a row of y for each of X"), (Y[:, 1:], "6 columns")):
        with pytest.raises(ShapeError, match=message):
            ProbabilisticAdapter().fit(X, y)
    with pytest.raises(ShapeError, match="at least 5 pairs"):
        ProbabilisticAdapter().fit(X[:4], Y[:4])
    with pytest.raises(NotFittedError, match="not fitted"):
        ProbabilisticAdapter().uncertainty(X)
