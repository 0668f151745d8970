import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError  # noqa: E402
from inlay.nn.tables import ThresholdTable  # noqa: E402
from inlay.nn.tables.threshold_table import _step, search_dims  # noqa: E402
from inlay.nn.training import minimize  # noqa: E402


def test_rows_below_their_threshold_and_dimensions_beyond_are_zero():
    table = ThresholdTable([4, 6], 5).eval()
    table.thresholds.data = torch.tensor([1.6, 2.0])
    table.dims = torch.tensor([2, 5])
    found = table(torch.arange(10))
    for i in range(10):
        field = int(i >= 4)
        keep = table.weight[i].abs().sum().item() > (1.6, 2.0)[field]
        want = table.weight[i].clone() * keep
        want[(2, 5)[field] :] = 0
        assert found[i].tolist() == want.tolist()
    assert 0 < int(table.kept.sum()) < 10
    assert table.n_parameters == sum((2, 5)[int(i >= 4)] for i in range(10) if table.kept[i])
    assert table.n_bytes == 4 * table.n_parameters + 2


def test_the_step_is_a_step_with_long_tails_for_a_gradient():
    x = torch.tensor([-2.0, -0.7, -0.2, 0.0, 0.1, 0.4, 1.0, 1.5], requires_grad=True)
    y = _step(x)
    y.sum().backward()
    assert y.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    torch.testing.assert_close(x.grad, torch.tensor([0, 0.4, 1.2, 2.0, 1.6, 0.4, 0.4, 0]))


def test_a_supernet_draws_dimensions_for_each_item_in_training_only():
    table = ThresholdTable([50], 6)
    used = (table(torch.zeros(2000, dtype=torch.long)) != 0).sum(1)
    np.testing.assert_allclose(np.bincount(used, minlength=7)[1:] / 2000, 1 / 6, atol=0.04)
    assert bool((table.eval()(torch.arange(50)) != 0).all())


def test_thresholds_rise_past_rows_that_nothing_needs():
    # Ten of twenty ids decide the target; the others are noise.
    rng = np.random.default_rng(0)
    ids = torch.tensor(rng.integers(0, 20, 600))
    target = (ids < 10).float() * 2
    table = ThresholdTable([20], 4, threshold=0.2)
    minimize(
        table.parameters(),
        lambda rows: ((table(ids[rows]).sum(1) - target[rows]) ** 2).mean() + 0.05 * table.penalty(),
        600,
        n_epochs=20,
        batch_size=60,
        learning_rate=0.05,
    )
    table.settle(torch.tensor([4]), again=False)
    assert bool(table.kept[:10].all())
    assert int(table.kept[10:].sum()) <= 5


def test_settling_goes_back_to_the_first_weights_and_stays():
    table, first = ThresholdTable([3, 3], 4, random_state=3), ThresholdTable([3, 3], 4, random_state=3)
    table.weight.data.mul_(torch.tensor([1.0, 0, 1, 0, 1, 1])[:, None])
    table.settle(torch.tensor([4, 1]))
    assert table.settled
    assert torch.equal(table.weight, first.weight)
    assert table.kept.tolist() == [True, False, True, False, True, True]
    assert table.n_parameters == 2 * 4 + 2 * 1
    assert [name for name, p in table.named_parameters() if p.requires_grad] == ["weight"]
    table.weight.data.zero_()
    assert int(table.kept.sum()) == 4
    other = ThresholdTable([3, 3], 4)
    other.load_state_dict(table.state_dict())
    assert other.settled
    assert other.n_parameters == table.n_parameters


def test_from_table_keeps_the_longest_rows():
    weight = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    table = ThresholdTable.from_table(weight, [10, 20], 0.5)
    norms = np.abs(weight).sum(1)
    for rows in (slice(0, 10), slice(10, 30)):
        assert table.kept[rows].tolist() == (norms[rows] > np.median(norms[rows])).tolist()
    found = table(torch.arange(30)).detach().numpy()
    assert np.array_equal(found, weight * table.kept.numpy()[:, None])
    assert ThresholdTable.from_table(np.zeros((2, 2)), [2], 1.0).kept.all()


def test_evolution_finds_the_best_of_few_candidates_in_many():
    asked = []

    def score(dims):
        asked.append(tuple(dims.tolist()))
        return -float(((dims - torch.tensor([3, 7, 1, 8])) ** 2).sum())

    assert search_dims(score, 4, 8, random_state=1).tolist() == [3, 7, 1, 8]
    assert len(asked) == len(set(asked)) < 8**4 / 4
    assert all(1 <= d <= 8 for one in asked for d in one)
    assert search_dims(lambda dims: 0.0, 2, 4, random_state=0).tolist() == [1, 1]  # ties go to the smallest


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ThresholdTable([3, 0], 2), "every one of field_sizes must be at least 1, got 0"),
        (lambda: ThresholdTable([], 2), "every one of field_sizes must be at least 1, got 0"),
        (lambda: ThresholdTable([3], 2).settle(torch.tensor([3])), "dims must be 1 numbers from 1 to 2"),
        (lambda: ThresholdTable.from_table(np.ones((3, 2)), [3], 0.0), "share must be above 0"),
        (lambda: ThresholdTable.from_table(np.ones((3, 2)), [2]), "field_sizes must add up to 3, the rows, got 2"),
    ],
)
def test_bad_parameters_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
