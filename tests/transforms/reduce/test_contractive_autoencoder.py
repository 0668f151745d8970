"""The penalty makes the code answer less, and not at all the same way for the encoder and for its layers."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.transforms.reduce import ContractiveAutoencoder

FAST = {"dim": 2, "hidden_dims": (8,), "n_epochs": 15, "learning_rate": 0.02, "batch_size": 50}


@pytest.fixture
def X():
    return (np.random.default_rng(0).normal(size=(200, 4)) * [3, 3, 0.3, 0.3]).astype(np.float32)


def answer(coder, X):
    """The mean squared size of the Jacobian by differences, for vectors of scale one."""
    step = 0.01 * coder.scale_
    moves = [(coder.transform(X + step * e) - coder.transform(X)) / 0.01 for e in np.eye(4, dtype=np.float32)]
    return np.sum(np.square(moves)) / len(X)


def test_the_code_answers_less_the_larger_the_penalty(X):
    sizes = [answer(ContractiveAutoencoder(penalty=p, **FAST).fit(X), X) for p in (0.0, 1.0, 10.0)]
    assert sizes[0] > 1.5 * sizes[1] > 2 * sizes[2]


def test_without_a_penalty_both_forms_are_the_same(X):
    a, b = (ContractiveAutoencoder(penalty=0.0, contracts=c, **FAST).fit_transform(X) for c in ("encoder", "layers"))
    assert np.array_equal(a, b)


def test_with_one_layer_both_forms_are_the_same_and_with_two_they_are_not(X):
    for hidden_dims, same in (((), True), ((8,), False)):
        params = {**FAST, "hidden_dims": hidden_dims, "n_epochs": 3}
        a, b = (ContractiveAutoencoder(penalty=1.0, contracts=c, **params).fit(X) for c in ("encoder", "layers"))
        assert np.allclose(a.transform(X), b.transform(X), atol=1e-3) is same


def test_codes_lie_within_the_activation(X):
    assert np.abs(ContractiveAutoencoder(**FAST).fit_transform(100 * X)).max() <= 1
    assert ContractiveAutoencoder(**FAST, activation="relu").fit_transform(X).min() >= 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"penalty": -1.0}, "penalty must be at least 0"),
        ({"contracts": "decoder"}, "contracts must be one of"),
        ({"activation": "identity"}, "activation must be one of"),
    ],
)
def test_wrong_parameters_are_refused(X, params, message):
    with pytest.raises(ParameterError, match=message):
        ContractiveAutoencoder(**params).fit(X)
