"""The likelihood equals scipy's generalised normal distribution, and learning finds the spread of the data."""

import numpy as np
import pytest
import torch
from scipy.stats import gennorm

from inlay.nn.probabilistic import Adapter, learn, negative_log_likelihood


@pytest.mark.parametrize("shape", [0.7, 1.0, 2.0])
def test_likelihood_equals_scipys(shape):
    z, mean, scale = torch.randn(3, 50, 4, generator=torch.Generator().manual_seed(0)).double()
    want = -gennorm.logpdf(z.numpy(), shape, mean.numpy(), np.exp(scale.numpy())).mean()
    got = negative_log_likelihood(z, mean, scale, torch.full_like(z, shape))
    assert got.item() == pytest.approx(want, abs=1e-4)


def test_the_adapter_starts_as_the_identity():
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    mean, scale, shape = Adapter(3, 4, 0.0)(x)
    assert torch.equal(mean, x)
    assert mean.shape == scale.shape == shape.shape
    assert ((shape > 0.5) & (shape < 3)).all()


def test_learning_lowers_the_loss_and_leaves_global_randomness_alone():
    noise = np.random.default_rng(0)
    X = torch.tensor(noise.normal(size=(200, 3)), dtype=torch.float32)
    Y = X + 0.5 * torch.tensor(noise.normal(size=(200, 3)), dtype=torch.float32)
    settings = {"cross_weight": 9.0, "batch_size": 32, "learning_rate": 0.01, "random_state": 0}
    before = torch.random.get_rng_state()
    losses = []
    for n_epochs in (0, 20):
        adapter = learn(lambda: Adapter(3, 8, 0.0), X, Y, n_epochs=n_epochs, **settings)
        with torch.no_grad():
            losses.append(negative_log_likelihood(Y, *adapter(X)).item())
    assert losses[1] < losses[0] - 0.1
    assert torch.equal(torch.random.get_rng_state(), before)
