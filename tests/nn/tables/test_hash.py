import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.nn.tables._hash import coefficients, hashed, text_id  # noqa: E402


def test_rows_are_those_of_arithmetic_without_limits():
    ids = [0, 1, -1, 7, 2**31, 2**32 + 5, -(2**63), 2**63 - 1, 123456789012345]
    for a, b, c in coefficients(3, 4, 2).tolist():
        for n in (1, 10, 2**31 - 1):
            want = []
            for i in ids:
                u = i % 2**64
                u = ((u ^ (u >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
                u = ((u ^ (u >> 27)) * 0x94D049BB133111EB) % 2**64
                u ^= u >> 31
                mixed = (a * (u % 2**32) + b * (u >> 32) + c) % 2**64
                want.append(((mixed >> 32) * n) >> 32)
            assert hashed(torch.tensor(ids), n, torch.tensor([a, b, c])).tolist() == want


def test_the_coefficients_of_a_seed_stay_what_they_are():
    assert coefficients(1, 0).tolist() == [[-6696874842932477345, 4976686463289251617, 755828109848996024]]
    assert not torch.equal(coefficients(1, 0), coefficients(1, 1))
    assert torch.equal(coefficients(2, 3)[:1], coefficients(1, 3))


@pytest.mark.parametrize("ids", [torch.arange(20_000), torch.arange(20_000) * 2**20, -torch.arange(20_000) * 64])
def test_rows_are_even_and_functions_independent(ids):
    n = 64
    first, second = (hashed(ids, n, numbers) for numbers in coefficients(2, 0))
    for rows, cells in ((first, n), (first * n + second, n * n)):
        counts = np.bincount(rows.numpy(), minlength=cells)
        mean = len(ids) / cells
        assert counts.std() < 1.5 * mean**0.5  # at random that is the root of the mean


def test_texts_have_numbers_of_64_bits():
    numbers = [text_id(word) for word in ("cat", "Cat", "", "é", "\ud800")]
    assert len(set(numbers)) == 5
    assert all(-(2**63) <= number < 2**63 for number in numbers)
