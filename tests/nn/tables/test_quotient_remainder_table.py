import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError  # noqa: E402
from inlay.nn.tables import QuotientRemainderTable  # noqa: E402


@pytest.mark.parametrize("operation", ["mult", "add", "concat"])
def test_vectors_are_the_two_rows_combined_and_all_differ(operation):
    table = QuotientRemainderTable(103, 5, 10, operation=operation)
    found = table(torch.arange(103)).detach()
    a, b = table.remainders.detach(), table.quotients.detach()
    combine = {"mult": lambda x, y: x * y, "add": lambda x, y: x + y, "concat": lambda x, y: torch.cat([x, y])}
    for i in range(103):
        assert torch.equal(found[i], combine[operation](a[i % 10], b[i // 10]))
    assert len(found.unique(dim=0)) == 103
    assert len(a) + len(b) == 10 + 11


@pytest.mark.parametrize("operation", ["mult", "add", "concat"])
def test_from_table_finds_again_what_the_form_can_hold(operation):
    rng = np.random.default_rng(1)
    with torch.no_grad():
        source = QuotientRemainderTable(47, 6, 8, operation=operation, random_state=5)
        for parameter in source.parameters():
            parameter.copy_(torch.tensor(rng.normal(size=parameter.shape)))
        weight = source(torch.arange(47))
        found = QuotientRemainderTable.from_table(weight, 8, operation=operation)(torch.arange(47))
    np.testing.assert_allclose(found, weight, atol=2e-3)


def test_from_table_is_the_best_product_of_rank_one():
    weight = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    found = QuotientRemainderTable.from_table(weight, 10)(torch.arange(60)).detach().numpy()
    for d in range(2):
        grid = weight[:, d].reshape(6, 10)
        s = np.linalg.svd(grid, compute_uv=False)
        assert ((found[:, d].reshape(6, 10) - grid) ** 2).sum() == pytest.approx((s[1:] ** 2).sum(), rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((10, 4, 11), {}, "n_remainders must be from 1 to 10, got 11"),
        ((10, 4, 0), {}, "n_remainders must be from 1 to 10, got 0"),
        ((10, 4, 2), {"operation": "max"}, "operation must be one of .*got 'max'"),
        ((10, 1, 2), {"operation": "concat"}, "embedding_dim must be at least 2, got 1"),
    ],
)
def test_bad_sizes_are_refused(arguments, options, message):
    with pytest.raises(ParameterError, match=message):
        QuotientRemainderTable(*arguments, **options)
