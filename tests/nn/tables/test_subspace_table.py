import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError, ShapeError  # noqa: E402
from inlay.nn.tables import SubspaceTable  # noqa: E402


@pytest.mark.parametrize(
    ("n", "f", "fewest"), [(1000, 3, 10), (1001, 3, 11), (1, 2, 1), (65536, 4, 16), (65537, 4, 17)]
)
def test_digits_differ_and_there_are_as_few_rows_as_can_be(n, f, fewest):
    table = SubspaceTable(n, 2 * f, f)
    assert table.n_rows == fewest
    assert table.n_parameters == fewest * 2 * f
    ids = torch.tensor([0, n // 2, n - 1])
    for i, vector in zip(ids.tolist(), table(ids), strict=True):
        digits, rest = [], i
        for _ in range(f):
            digits.append(rest % fewest)
            rest //= fewest
        assert torch.equal(vector, torch.cat([table.weight[j, c] for j, c in enumerate(digits)]))
    if n <= 1001:
        assert len(table(torch.arange(n)).unique(dim=0)) == n


def test_codes_are_used_as_they_are():
    codes = np.array([[0, 1], [1, 1], [2, 0]])
    table = SubspaceTable(3, 4, 2, n_rows=3, codes=codes)
    for i, (a, b) in enumerate(codes):
        assert torch.equal(table(torch.tensor(i)), torch.cat([table.weight[0, a], table.weight[1, b]]))
    assert table.n_bytes == 4 * 12 + 2  # six codes of two bits


def test_from_table_groups_slices_that_are_alike():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(2, 4, 3)) * 10
    codes = rng.integers(0, 4, (200, 2))
    weight = np.concatenate([centres[j, codes[:, j]] for j in range(2)], 1) + rng.normal(size=(200, 6)) * 0.01
    table = SubspaceTable.from_table(weight, 2, n_rows=8)
    assert np.abs(table(torch.arange(200)).detach().numpy() - weight).max() < 0.1
    few, many = (
        float(
            (SubspaceTable.from_table(noise, 3, n_rows=n)(torch.arange(300)).detach() - torch.tensor(noise))
            .square()
            .mean()
        )
        for noise in [rng.normal(size=(300, 6)).astype(np.float32)]
        for n in (4, 64)
    )
    assert many < 0.5 * few
    assert SubspaceTable.from_table(weight[:5], 2).n_rows == 5  # not more groups than vectors


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_rows": 2}, ParameterError, "n_rows must be at least 4 for digits that differ, got 2"),
        ({"codes": [[0, 0]]}, ShapeError, r"shape \(10, 2\), got torch.int64 of \(1, 2\)"),
        ({"codes": np.full((10, 2), 4)}, ShapeError, "codes must be from 0 to 3, got 4 to 4"),
        ({"codes": np.zeros((10, 2))}, ShapeError, "codes must be integers"),
    ],
)
def test_bad_codes_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        SubspaceTable(10, 4, 2, **options)


def test_dimensions_that_do_not_divide_are_refused():
    with pytest.raises(ParameterError, match="multiple of n_subspaces, 3, got 4"):
        SubspaceTable(10, 4, 3)
    with pytest.raises(ParameterError, match="n_subspaces must divide the dimension, 4, got 3"):
        SubspaceTable.from_table(np.ones((5, 4)), 3)
