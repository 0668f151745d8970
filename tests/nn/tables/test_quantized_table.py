import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError  # noqa: E402
from inlay.nn.tables import QuantizedTable  # noqa: E402


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_rows_are_rounded_between_their_smallest_and_largest_number(bits):
    weight = np.random.default_rng(0).normal(size=(20, 7)).astype(np.float32)
    table = QuantizedTable.from_table(weight, bits=bits)
    found = table(torch.arange(20)).detach().numpy()
    for row, got in zip(weight, found, strict=True):
        step = (row.max() - row.min()) / (2**bits - 1)
        want = np.round((row - row.min()) / step) * step + row.min()
        np.testing.assert_allclose(got, want, atol=1e-5)
        assert np.abs(got - row).max() <= step * 0.501
        assert len(np.unique(got.round(4))) <= 2**bits
    codes, step, start = table.codes()
    assert codes.dtype == torch.uint8
    assert int(codes.max()) == 2**bits - 1
    np.testing.assert_allclose(codes * step + start, found, atol=1e-6)
    assert table.n_bytes == -(-140 * bits // 8) + 20 * 8


def test_gradients_go_straight_through():
    table = QuantizedTable(5, 3)
    (table(torch.tensor([1, 1, 4])) * torch.tensor([1.0, 2, 3])).sum().backward()
    assert table.weight.grad.tolist() == [[0, 0, 0], [2, 4, 6], [0, 0, 0], [0, 0, 0], [1, 2, 3]]


def test_a_row_of_equal_numbers_stays_what_it_is():
    assert QuantizedTable.from_table([[0.25, 0.25]])(torch.tensor([0])).tolist() == [[0.25, 0.25]]


@pytest.mark.parametrize("bits", [1, 9])
def test_bits_out_of_range_are_refused(bits):
    with pytest.raises(ParameterError, match=f"bits must be from 2 to 8, got {bits}"):
        QuantizedTable(5, 3, bits=bits)
