import numpy as np
import pytest
from scipy import sparse

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.vectors import normalize
from inlay.transforms.sparse import SparseCodes, _rows

pytest.importorskip("torch")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 12)).astype(np.float32)
FAST = {"dim": 48, "n_epochs": 15, "batch_size": 75, "learning_rate": 0.01}


def active(codes):
    """Return the share of rows in which each dimension is active."""
    return np.bincount(codes.indices, minlength=codes.shape[1]) / codes.shape[0]


def test_codes_are_those_of_the_layer_by_loops():
    model = SparseCodes(**{**FAST, "n_epochs": 2}).fit(X)
    codes = model.transform(X[:20])
    assert isinstance(codes, sparse.csr_array)
    assert codes.dtype == np.float32
    for x, code in zip(X[:20].astype(float), codes.toarray(), strict=True):
        u = x / np.sqrt(sum(value**2 for value in x))
        z = [max(0.0, float(np.dot(w, u - model.mean_) + b)) for w, b in zip(model.weight_, model.bias_, strict=True)]
        np.testing.assert_allclose(code, np.array(z) / np.linalg.norm(z), rtol=1e-4, atol=1e-6)


def test_a_stronger_regularizer_needs_fewer_operations():
    costs = [np.square(active(SparseCodes(strength=s, **FAST).fit(X).transform(X))).sum() for s in (0, 10, 100)]
    assert costs[0] > 1.2 * costs[1] > 1.44 * costs[2]


def test_flops_spread_activity_more_evenly_than_l1():
    uneven = {}
    for regularizer, strength in (("flops", 100), ("l1", 2)):
        p = active(SparseCodes(strength=strength, regularizer=regularizer, **FAST).fit(X).transform(X))
        uneven[regularizer] = (p**2).mean() / p.mean() ** 2
    assert uneven["flops"] < uneven["l1"]


def test_neighbours_are_kept():
    units = normalize(X)
    true = np.argsort(-units @ units.T, axis=1)[:, :10]
    codes = SparseCodes(strength=0.1, **FAST).fit_transform(X)
    found = np.argsort(-(codes @ codes.T).toarray(), axis=1)[:, :10]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(true, found, strict=True)])
    assert recall > 0.5


def test_blocks_do_not_change_codes(monkeypatch):
    model = SparseCodes(**{**FAST, "n_epochs": 1}).fit(X)
    whole = model.transform(X)
    monkeypatch.setattr(_rows, "BLOCK", 7)
    np.testing.assert_allclose(model.transform(X).toarray(), whole.toarray(), rtol=1e-6)


def test_wrong_input_is_refused():
    with pytest.raises(ParameterError, match="regularizer must be one of flops, l1, got 'l2'"):
        SparseCodes(regularizer="l2").fit(X)
    with pytest.raises(ParameterError, match="strength must be at least 0, got -1"):
        SparseCodes(strength=-1).fit(X)
    with pytest.raises(ParameterError, match="dim must be at least 1, got 0"):
        SparseCodes(dim=0).fit(X)
    with pytest.raises(ParameterError, match="temperature must be above 0, got 0"):
        SparseCodes(temperature=0).fit(X)
    with pytest.raises(NotFittedError):
        SparseCodes().transform(X)
    with pytest.raises(ShapeError):
        SparseCodes(**{**FAST, "n_epochs": 1}).fit(X).transform(X[:, :5])
