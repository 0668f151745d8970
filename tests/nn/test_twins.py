"""The loss equals loops, and the encoder that comes back is the network that was trained."""

import numpy as np
import pytest
import torch

from inlay.nn import twins
from inlay.nn.training import seeded


def test_the_loss_equals_loops():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 7, 3))
    want = 0.0
    for i in range(3):
        for j in range(3):
            c = sum(a[n, i] * b[n, j] for n in range(7)) / 7
            want += (1 - c) ** 2 if i == j else 0.3 * c**2
    assert twins.redundancy_loss(torch.tensor(a), torch.tensor(b), 0.3).item() == pytest.approx(want)


def train(**changes):
    X = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    pairs = (np.arange(40)[:, None] + [1, 2]) % 40
    given = {"encoder_dims": (), "projector_dim": 6, "n_hidden": 1, "weight": 0.5, "n_epochs": 2, "batch_size": 20}
    return X, *twins.train_twins(X, pairs, 2, learning_rate=0.01, random_state=0, **{**given, **changes})


def test_a_factorised_encoder_becomes_one_matrix(monkeypatch):
    made = []
    build = twins._encoder
    monkeypatch.setattr(twins, "_encoder", lambda sizes: made.append(build(sizes)) or made[-1])
    X, matrix, losses = train(encoder_dims=(4, 3))
    assert matrix.shape == (2, 5)
    assert len(losses) == 2
    with torch.no_grad():
        got = made[0].eval()(torch.from_numpy(X)).numpy()
    want = X @ matrix.T
    np.testing.assert_allclose(got - got.mean(axis=0), want - want.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize(("n_hidden", "layers"), [(0, 2), (1, 5), (2, 8)])
def test_the_projector_ends_in_normalised_columns(n_hidden, layers):
    with seeded(0):
        projector = twins._projector(3, 4, n_hidden)
        out = projector(10 * torch.randn(50, 3)).detach()
    assert len(projector) == layers
    np.testing.assert_allclose(out.mean(dim=0), 0, atol=1e-5)
    np.testing.assert_allclose(out.var(dim=0, correction=0), 1, atol=0.01)


def test_the_loss_falls():
    _, _, losses = train(n_epochs=30)
    assert losses[-1] < 0.8 * losses[0]
