import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core.errors import DataError, ParameterError, ShapeError  # noqa: E402
from inlay.nn.tables import UnifiedTable  # noqa: E402
from inlay.nn.tables._hash import hashed  # noqa: E402


def test_lookups_stand_side_by_side_and_each_has_its_hash():
    table = UnifiedTable(20, 6, 3, n_lookups=2)
    found = table(torch.arange(50), 2)
    for i in range(50):
        rows = [int(hashed(torch.tensor(i), 20, table._numbers[2, c])) for c in range(2)]
        assert torch.equal(found[i], torch.cat([table.weight[r] for r in rows]))
    assert table.n_parameters == 20 * 3


def test_features_in_a_tensor_are_those_one_by_one():
    table = UnifiedTable(30, 4, 5)
    ids = torch.arange(15).reshape(3, 5)
    together = table(ids, torch.arange(5))
    for feature in range(5):
        assert torch.equal(together[:, feature], table(ids[:, feature], feature))


def test_features_share_rows_but_not_collisions():
    table = UnifiedTable(100, 4, 2)
    rows = [table._rows(torch.arange(500), torch.tensor(feature)).squeeze(1) for feature in range(2)]
    assert float((rows[0] == rows[1]).double().mean()) < 0.05
    pairs = [(row[:250] == row[250:]).nonzero().squeeze(1).tolist() for row in rows]
    assert not set(pairs[0]) & set(pairs[1])


def test_from_table_takes_the_mean_of_pieces_that_meet():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(n, 4)).astype(np.float32) for n in (9, 5)]
    table = UnifiedTable.from_table(weights, 6, n_lookups=2)
    met = {}
    for feature, weight in enumerate(weights):
        for i, vector in enumerate(weight):
            for row, piece in zip(
                table._rows(torch.tensor(i), torch.tensor(feature)).tolist(), vector.reshape(2, 2), strict=True
            ):
                met.setdefault(row, []).append(piece)
    for row, pieces in met.items():
        np.testing.assert_allclose(table.weight[row].detach(), np.mean(pieces, 0), rtol=1e-5, atol=1e-6)


def test_what_is_wrong_is_refused():
    with pytest.raises(ParameterError, match="multiple of n_lookups, 3, got 4"):
        UnifiedTable(5, 4, 2, n_lookups=3)
    with pytest.raises(DataError, match="feature must be from 0 to 1, got 2"):
        UnifiedTable(5, 4, 2)(torch.tensor([1]), 2)
    with pytest.raises(ShapeError, match="of one dimension"):
        UnifiedTable.from_table([np.ones((2, 3)), np.ones((2, 4))], 5)
    with pytest.raises(ShapeError, match="at least one of them"):
        UnifiedTable.from_table([], 5)
