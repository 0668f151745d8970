import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError  # noqa: E402
from inlay.nn.tables import MixedDimensionTable  # noqa: E402


def slow(table, counts):
    """The vectors of all ids, one by one."""
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], i))
    out, start = {}, 0
    for block, size in enumerate(table.sizes):
        for place, i in enumerate(order[start : start + size]):
            row = table.rows[block][place]
            out[i] = row if table.dims[block] == table.embedding_dim else row @ table.projections[block]
        start += size
    return torch.stack([out[i] for i in range(len(counts))])


def test_blocks_have_equal_totals_and_dimensions_follow_the_power_of_frequency():
    counts = np.random.default_rng(0).permutation([2000 // (i + 1) for i in range(120)])
    table = MixedDimensionTable(counts, 16, alpha=0.4, n_blocks=4)
    torch.testing.assert_close(table(torch.arange(120)), slow(table, counts))
    parts = np.split(np.sort(counts)[::-1], np.cumsum(table.sizes)[:-1])
    assert all(abs(part.sum() - counts.sum() / 4) <= parts[0][0] for part in parts)
    means = np.array([part.mean() for part in parts])
    assert table.dims == np.maximum(1, (16 * (means / means[0]) ** 0.4).round()).tolist()
    assert table.n_bytes == 4 * table.n_parameters + 4 * 120
    assert MixedDimensionTable(np.sort(counts)[::-1].copy(), 16).n_bytes % 4 == 0


def test_alpha_zero_is_a_full_table_and_a_budget_is_kept():
    counts = [1000 // (i + 1) for i in range(500)]
    assert MixedDimensionTable(counts, 16, alpha=0.0).n_parameters == 500 * 16
    assert MixedDimensionTable.of_size(counts, 16, 10**6).n_parameters == 500 * 16
    for budget in (700, 1000, 2000, 4000):
        table = MixedDimensionTable.of_size(counts, 16, budget)
        assert 0.7 * budget < table.n_parameters <= budget
        assert table.dims == sorted(table.dims, reverse=True)
        assert table.n_bytes == 4 * table.n_parameters
    with pytest.raises(ParameterError, match=r"n_parameters must be at least \d+ for these counts, got 400"):
        MixedDimensionTable.of_size(counts, 16, 400)


def test_from_table_is_the_best_of_its_rank_in_each_block():
    rng = np.random.default_rng(0)
    counts, weight = rng.permutation([400 // (i + 1) for i in range(60)]), rng.normal(size=(60, 8)).astype(np.float32)
    table = MixedDimensionTable.from_table(weight, counts, alpha=0.5, n_blocks=3)
    found, order = table(torch.arange(60)).detach().numpy(), np.argsort(-counts, kind="stable")
    for part, dim in zip(np.split(order, np.cumsum(table.sizes)[:-1]), table.dims, strict=True):
        lost = np.linalg.svd(weight[part], compute_uv=False)[dim:]
        assert ((found[part] - weight[part]) ** 2).sum() == pytest.approx((lost**2).sum(), rel=1e-4, abs=1e-6)


def test_one_id_that_is_nearly_everything_is_a_block_of_its_own():
    table = MixedDimensionTable([1000, 1, 1, 0], 8, n_blocks=4)
    assert table.sizes == [1, 3]
    assert table(torch.arange(4)).shape == (4, 8)


@pytest.mark.parametrize("counts", [[], [0, 0], [1, -1], [[1, 2]], [1, np.inf], [1, np.nan]])
def test_bad_counts_are_refused(counts):
    with pytest.raises(ParameterError, match="counts must be"):
        MixedDimensionTable(counts, 4)


def test_other_bad_parameters_are_refused():
    with pytest.raises(ParameterError, match=r"alpha must be at least 0 and longest above 0, got -0\.1"):
        MixedDimensionTable([1, 2], 4, alpha=-0.1)
    with pytest.raises(ParameterError, match="counts must be 3 numbers, one for each row, got 2"):
        MixedDimensionTable.from_table(np.ones((3, 2)), [1, 2])
