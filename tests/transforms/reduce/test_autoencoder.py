"""Without hidden layers it reaches principal components, with them it goes below."""

import numpy as np
import pytest

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.transforms.reduce import Autoencoder, PrincipalComponents

FAST = {"learning_rate": 0.02, "batch_size": 50}


def error(coder, X):
    coder.fit(X)
    return np.mean((coder.inverse_transform(coder.transform(X)) - X) ** 2)


def test_without_hidden_layers_it_comes_near_principal_components():
    X = (np.random.default_rng(0).normal(size=(200, 4)) * [3, 2, 1, 0.5] + 5).astype(np.float32)
    best = error(PrincipalComponents(dim=2), X)
    coder = Autoencoder(dim=2, hidden_dims=(), n_epochs=60, learning_rate=0.05, batch_size=50)
    assert best <= error(coder, X) < 1.01 * best


def test_hidden_layers_follow_a_bent_line():
    angle = np.linspace(0, 6, 200)
    X = np.column_stack([np.cos(angle), np.sin(angle), angle / 3]).astype(np.float32)
    coder = Autoencoder(dim=1, hidden_dims=(16,), activation="tanh", n_epochs=80, **FAST)
    assert error(coder, X) < 0.5 * error(PrincipalComponents(dim=1), X)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_codes_equal_loops_over_the_layers(activation):
    X = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32) + 1
    coder = Autoencoder(dim=2, hidden_dims=(4, 3), activation=activation, n_epochs=1, batch_size=4).fit(X)
    bend = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh}[activation]
    for x, code in zip(X, coder.transform(X), strict=True):
        z = (x - coder.mean_) / coder.scale_
        for number in range(3):
            z = coder.encoder_weights_[number] @ z + coder.encoder_biases_[number]
            z = z if number == 2 else bend(z)
        np.testing.assert_allclose(code, z, rtol=1e-4, atol=1e-6)
    assert [w.shape for w in coder.decoder_weights_] == [(3, 2), (4, 3), (3, 4)]


def test_codes_of_another_width_are_refused():
    coder = Autoencoder(dim=2, hidden_dims=(), n_epochs=1).fit(np.eye(4))
    with pytest.raises(ShapeError, match="C must have 2 columns, got 3"):
        coder.inverse_transform(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dim": 0}, "dim and hidden_dims"),
        ({"hidden_dims": (0,)}, "dim and hidden_dims"),
        ({"activation": "sine"}, "activation must be one of"),
        ({"n_epochs": 0}, "n_epochs must be at least 1"),
        ({"batch_size": 1}, "batch_size must be at least 2"),
        ({"learning_rate": -1.0}, "learning_rate must be above 0"),
    ],
)
def test_wrong_parameters_are_refused(params, message):
    with pytest.raises(ParameterError, match=message):
        Autoencoder(**{"dim": 2, **params}).fit(np.eye(4))


def test_a_training_that_diverges_is_reported():
    with pytest.raises(DataError, match="The training diverged"):
        Autoencoder(dim=2, learning_rate=1e30, n_epochs=3).fit(np.random.default_rng(0).normal(size=(50, 4)))
