import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import ParameterError  # noqa: E402
from inlay.nn.tables import HashingTable, MultiHashTable  # noqa: E402
from inlay.nn.tables._hash import hashed  # noqa: E402
from inlay.nn.tables.multi_hash_table import word_features, word_ids  # noqa: E402


def test_vectors_are_the_sum_of_the_rows_of_all_hashes():
    table = MultiHashTable(15, 3, n_hashes=3)
    found = table(torch.arange(20))
    for i in range(20):
        rows = [int(hashed(torch.tensor(i), 15, numbers)) for numbers in table._numbers]
        torch.testing.assert_close(found[i], sum(table.weight[r] for r in rows))


def test_ids_hardly_meet_where_one_hash_makes_most_of_them_meet():
    ids = torch.arange(20_000)
    assert len(MultiHashTable(500, 4)(ids).unique(dim=0)) > 0.999 * len(ids)
    assert len(HashingTable(500, 4)(ids).unique(dim=0)) <= 500


def test_from_table_finds_again_what_the_form_can_hold():
    source = MultiHashTable(20, 3, random_state=1)
    weight = source(torch.arange(200)).detach()
    found = MultiHashTable.from_table(weight, 20, random_state=1)(torch.arange(200)).detach()
    np.testing.assert_allclose(found, weight, atol=1e-4)


@pytest.mark.parametrize(
    ("word", "features"),
    [
        ("Apple", ("apple", "A", "ple", "Xxxxx")),
        ("internationally", ("internationally", "i", "lly", "xxxx")),
        ("U.S.", ("u.s.", "U", ".S.", "X.X.")),
        ("1234567", ("1234567", "1", "567", "dddd")),
        ("iPhone11", ("iphone11", "i", "e11", "xXxxxxdd")),
        ("-----", ("-----", "-", "---", "----")),
        ("Öl", ("öl", "Ö", "Öl", "Xx")),
        ("", ("", "", "", "")),
    ],
)
def test_features_of_words(word, features):
    assert word_features(word) == features


def test_ids_of_words_are_equal_where_features_are():
    found = word_ids(["Cats", "cats", "bats"])
    assert found.shape == (3, 4)
    assert (found[0] == found[1]).tolist() == [True, False, True, False]
    assert (found[1] == found[2]).tolist() == [False, False, True, True]
    assert word_ids([]).shape == (0, 4)


def test_sizes_are_at_least_one():
    with pytest.raises(ParameterError, match="n_hashes must be at least 1, got 0"):
        MultiHashTable(5, 3, n_hashes=0)
