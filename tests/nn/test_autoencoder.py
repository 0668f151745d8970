"""The sizes of Jacobians equal those that torch differentiates."""

import pytest
import torch
from torch.func import jacrev, vmap

from inlay.nn.autoencoder import answers, jacobian_size, layer_sizes
from inlay.nn.training import seeded


@pytest.fixture
def network():
    with seeded(0):
        layers = [torch.nn.Linear(a, b).double() for a, b in ((5, 7), (7, 4), (4, 2))]
        return layers, torch.randn(6, 5, dtype=torch.float64)


@pytest.mark.parametrize(("activation", "last"), [("tanh", "tanh"), ("tanh", "identity"), ("relu", "relu")])
def test_the_jacobian_of_all_layers_equals_that_of_torch(network, activation, last):
    layers, X = network
    J = vmap(jacrev(lambda x: answers(layers, x, activation, last)[-1]))(X)
    assert J.shape == (6, 2, 5)
    got = jacobian_size(layers, answers(layers, X, activation, last), activation, last)
    assert got.item() == pytest.approx((J**2).sum(dim=(1, 2)).mean().item())


@pytest.mark.parametrize(("activation", "last"), [("tanh", "tanh"), ("relu", "identity")])
def test_the_jacobians_of_each_layer_equal_those_of_torch(network, activation, last):
    layers, X = network
    outputs = answers(layers, X, activation, last)
    want = 0.0
    for number, layer in enumerate(layers):
        kind = last if number == 2 else activation
        J = vmap(jacrev(lambda x, layer=layer, kind=kind: answers([layer], x, activation, kind)[0]))(
            outputs[number - 1] if number else X
        )
        want += (J**2).sum(dim=(1, 2)).mean().item()
    assert layer_sizes(layers, outputs, activation, last).item() == pytest.approx(want)


def test_of_one_layer_both_are_the_same(network):
    layers, X = network
    outputs = answers(layers[:1], X, "tanh", "tanh")
    both = [size(layers[:1], outputs, "tanh", "tanh").item() for size in (jacobian_size, layer_sizes)]
    assert both[0] == pytest.approx(both[1])
