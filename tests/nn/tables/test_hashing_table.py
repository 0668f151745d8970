import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError  # noqa: E402
from inlay.nn.tables import HashingTable  # noqa: E402


def test_ids_that_meet_share_a_row_and_about_as_many_meet_as_chance_has_it():
    table = HashingTable(1000, 3)
    found = table(torch.arange(2000)).detach()
    assert len(found.unique(dim=0)) == pytest.approx(1000 * (1 - np.exp(-2)), abs=80)
    assert {tuple(row) for row in found.tolist()} <= {tuple(row) for row in table.weight.tolist()}


def test_signs_are_even_and_make_inner_products_right_on_the_mean():
    table = HashingTable(50, 4, signed=True)
    rows, signs = table._rows(torch.arange(4000))
    assert set(signs.tolist()) == {-1.0, 1.0}
    assert abs(float(signs.mean())) < 0.05
    assert torch.equal(table(torch.arange(9)), table.weight[rows[:9]] * signs[:9, None])
    # The mean, over hashes, of products of hashed bags is the product of the bags.
    x, y = torch.tensor([3.0, 1, 0, 2]), torch.tensor([1.0, 1, 2, 0])
    products = []
    for seed in range(200):
        rows, signs = HashingTable(4, 1, signed=True, random_state=seed)._rows(torch.arange(4))
        a, b = (torch.zeros(4).index_add(0, rows, signs * v) for v in (x, y))
        products.append(float(a @ b))
    assert np.mean(products) == pytest.approx(float(x @ y), abs=0.7)


@pytest.mark.parametrize("signed", [False, True])
def test_from_table_takes_the_mean_of_those_that_meet(signed):
    weight = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    table = HashingTable.from_table(weight, 7, signed=signed, random_state=2)
    rows, signs = table._rows(torch.arange(40))
    for r in range(7):
        mine = (rows == r).numpy()
        np.testing.assert_allclose(
            table.weight[r].detach(), (weight * signs.numpy()[:, None])[mine].mean(0), rtol=1e-5, atol=1e-6
        )


def test_sizes_are_at_least_one():
    with pytest.raises(ParameterError, match="n_rows must be at least 1, got 0"):
        HashingTable(0, 3)
