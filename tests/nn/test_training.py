import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.nn.training import minimize, seeded  # noqa: E402


def test_seeded_repeats_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    draws = []
    for _ in range(2):
        with seeded(3):
            draws.append(torch.rand(4))
    assert torch.equal(*draws)
    assert torch.equal(torch.get_rng_state(), before)


def test_minimize_finds_the_least_squares_solution():
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(200, 3)), np.array([1.0, -2.0, 0.5])
    data, target = torch.tensor(X), torch.tensor(X @ w)
    found = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    losses = minimize(
        [found],
        lambda rows: ((data[rows] @ found - target[rows]) ** 2).mean(),
        200,
        n_epochs=60,
        batch_size=20,
        learning_rate=0.1,
    )
    assert losses[-1] < 1e-4 < losses[0]
    np.testing.assert_allclose(found.detach().numpy(), w, atol=1e-2)


def test_a_single_row_left_over_is_no_batch_and_every_step_is_followed():
    sizes, steps = [], []
    x = torch.zeros(1, requires_grad=True)

    def loss(rows):
        sizes.append(len(rows))
        return x.sum()

    minimize([x], loss, 5, n_epochs=2, batch_size=2, learning_rate=0.1, after_step=lambda: steps.append(1))
    assert sizes == [2, 2, 2, 2]
    assert len(steps) == 4


def test_batches_of_one_row_are_learned_from():
    x = torch.zeros(1, requires_grad=True)
    target = torch.tensor([1.0, 3.0, 2.0])
    losses = minimize(
        [x], lambda rows: ((x - target[rows]) ** 2).mean(), 3, n_epochs=60, batch_size=1, learning_rate=0.1
    )
    assert abs(x.item() - 2) < 0.3
    assert 0 < losses[-1] < losses[0]
