"""What holds of every table."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inlay.core import catalogue  # noqa: E402
from inlay.core.errors import DataError, ParameterError, ShapeError  # noqa: E402
from inlay.nn import tables  # noqa: E402
from inlay.nn.tables._table import least_squares, trained  # noqa: E402

ZIPF = [1000 // (i + 1) for i in range(30)]
MAKE = {
    "HashingTable": lambda seed=0: tables.HashingTable(12, 6, random_state=seed),
    "QuotientRemainderTable": lambda seed=0: tables.QuotientRemainderTable(30, 6, 5, random_state=seed),
    "MixedDimensionTable": lambda seed=0: tables.MixedDimensionTable(ZIPF, 6, alpha=0.5, random_state=seed),
    "UnifiedTable": lambda seed=0: One(tables.UnifiedTable(12, 6, 3, n_lookups=2, random_state=seed)),
    "SubspaceTable": lambda seed=0: tables.SubspaceTable(30, 6, 3, random_state=seed),
    "MultiHashTable": lambda seed=0: tables.MultiHashTable(12, 6, random_state=seed),
    "ThresholdTable": lambda seed=0: tables.ThresholdTable([10, 20], 6, random_state=seed).eval(),
    "QuantizedTable": lambda seed=0: tables.QuantizedTable(30, 6, random_state=seed),
}
OPEN = {"HashingTable", "UnifiedTable", "MultiHashTable"}  # take any integer


class One(torch.nn.Module):
    """A table of several features, seen through one of them."""

    def __init__(self, table):
        super().__init__()
        self.table = table

    def __getattr__(self, name):
        return super().__getattr__("table") if name == "table" else getattr(super().__getattr__("table"), name)

    def forward(self, ids):
        return self.table(ids, 1)


def test_no_table_is_left_out():
    assert set(dir(tables)) == set(MAKE)
    bib = (catalogue.ROOT / "papers.bib").read_text("utf-8")
    assert all(f"{{{getattr(tables, name).paper},\n" in bib for name in MAKE)


@pytest.mark.parametrize("name", MAKE)
def test_ids_of_any_shape_become_vectors_that_learn(name):
    table = MAKE[name]()
    ids = torch.arange(30).reshape(2, 5, 3)
    out = table(ids)
    assert out.shape == (2, 5, 3, 6)
    assert out.dtype == torch.float32
    assert torch.equal(out[1, 2, 0], table(ids[1, 2, 0]))
    assert torch.equal(table(ids.int()), out)
    assert table(torch.zeros(0, dtype=torch.long)).shape == (0, 6)
    assert table.embedding_dim == 6
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in table.parameters() if p.numel())


@pytest.mark.parametrize("name", MAKE)
def test_first_weights_follow_from_the_seed_and_have_length_one(name):
    before = torch.get_rng_state()
    tables_ = [MAKE[name](seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    a, b, c = (table(torch.arange(30)).detach() for table in tables_)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert 0.5 < float(a.square().sum(1).mean()) < 2


@pytest.mark.parametrize("name", MAKE)
def test_weights_are_saved_and_loaded(name):
    table, other = MAKE[name](), MAKE[name]()
    with torch.no_grad():
        for parameter in table.parameters():
            parameter.add_(1)
    other.load_state_dict(table.state_dict())
    assert torch.equal(table(torch.arange(30)), other(torch.arange(30)))


@pytest.mark.parametrize("name", MAKE)
def test_bad_ids_are_refused(name):
    table = MAKE[name]()
    with pytest.raises(ShapeError, match=r"ids must be integers, got torch\.float32"):
        table(torch.zeros(2))
    if name in OPEN:
        assert table(torch.tensor([-5, 2**40])).shape == (2, 6)
    else:
        with pytest.raises(DataError, match="ids must be from 0 to 29, got -1 to 30"):
            table(torch.tensor([30, -1]))


@pytest.mark.parametrize("weight", [[1.0, 2.0], np.zeros((0, 3)), [[np.nan]]])
def test_bad_weights_are_refused(weight):
    with pytest.raises(ShapeError, match="finite and of shape"):
        trained(weight)
    with pytest.raises(ParameterError, match="random_state must be at least 0"):
        tables.HashingTable(3, 2, random_state=-1)


def test_least_squares_is_that_of_a_dense_solver():
    rng = np.random.default_rng(0)
    rows, weight = rng.integers(0, 7, (40, 3)), rng.normal(size=(40, 2))
    A = np.zeros((40, 8))  # the last row is used by none
    for i, row in enumerate(rows):
        for r in row:
            A[i, r] += 1
    want = np.linalg.lstsq(A, weight, rcond=None)[0]
    found = least_squares(torch.tensor(rows), torch.tensor(weight, dtype=torch.float32), 8).numpy()
    np.testing.assert_allclose(A @ found, A @ want, atol=1e-4)
    assert not found[7].any()
