import numpy as np
import pytest

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.transforms.hash import SemiPairedHashing
from inlay.transforms.hash._hamming import signs
from inlay.transforms.hash._semi_paired import Views, _ridge

TOPIC = np.arange(600) % 8
N_PAIRS = 30


def made(seed):
    """Return two views of items of 8 topics."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(8, 6))[TOPIC] + 0.6 * rng.normal(size=(600, 6))
    first = latent @ rng.normal(size=(6, 40)) + rng.normal(size=(600, 40))
    second = latent @ rng.normal(size=(6, 30)) + rng.normal(size=(600, 30)) + 1
    return first.astype(np.float32), second.astype(np.float32)


def known(Y, n):
    y = Y.copy()
    y[n:] = np.nan
    return y


rng = np.random.default_rng(0)
X, Y = made(0)


def test_items_of_one_view_help():
    found = []
    for seed in range(3):
        first, second = made(seed)
        y = known(second, N_PAIRS)
        hashes = (
            SemiPairedHashing(bits=16).fit(first[:N_PAIRS], second[:N_PAIRS]),
            SemiPairedHashing(bits=16).fit(first, y),
            SemiPairedHashing(bits=16).fit(first[:300], y[:300], second[300:]),
        )
        rows = [hash.search_codes_second(second, hash.transform(first), k=20).ids for hash in hashes]
        found.append([(TOPIC[ids] == TOPIC[:, None]).mean() for ids in rows])
    pairs_only, one_sided, both = np.mean(found, axis=0)
    assert one_sided > pairs_only + 0.01
    assert both > pairs_only + 0.01


def test_codes_of_a_pair_agree():
    hash = SemiPairedHashing(bits=16).fit(X, Y)
    agree = signs(hash.transform(X), 16) @ signs(hash.transform_second(Y), 16).T / 16
    assert np.diag(agree).mean() > agree.mean() + 0.5


def test_bits_are_signs_of_projections():
    hash = SemiPairedHashing(bits=9).fit(X, known(Y, 50))
    first, second = signs(hash.transform(X), 9), signs(hash.transform_second(Y), 9)
    for i in range(10):
        a = (X[i].astype(float) - hash.mean_) @ hash.projection_
        b = (Y[i].astype(float) - hash.second_mean_) @ hash.second_projection_
        np.testing.assert_array_equal(first[i], np.where(a > 0, 1, -1))
        np.testing.assert_array_equal(second[i], np.where(b > 0, 1, -1))


def test_order_of_rows_decides_nothing_but_the_anchors():
    order = rng.permutation(600)
    y = known(Y, 50)
    hash = SemiPairedHashing(bits=8, relations=0).fit(X, y)
    same = SemiPairedHashing(bits=8, relations=0).fit(X[order], y[order])
    agree = np.bitwise_count(hash.transform(X) ^ same.transform(X)).mean()
    assert agree < 0.1


def test_views_lie_pairs_first_then_first_then_second():
    views = Views(X[:5], Y[:4], 3, 8)
    assert [rows.tolist() for rows in views.rows] == [[0, 1, 2, 3, 4], [0, 1, 2, 5]]
    assert [alone.tolist() for alone in views.alone] == [[3, 4], [5]]
    for part in views.X:
        assert (part**2).sum(axis=1).mean() == pytest.approx(8)


def test_ridge_solves_its_equation():
    A, B = rng.normal(size=(20, 4)), rng.normal(size=(20, 3))
    W = _ridge(A, B, 0.5)
    gradient = A.T @ (A @ W - B) + 0.5 * np.trace(A.T @ A) / 4 * W
    np.testing.assert_allclose(gradient, 0, atol=1e-10)


def test_wrong_input_is_refused():
    with pytest.raises(ShapeError, match="no row that is known"):
        SemiPairedHashing().fit(X, known(Y, 0))
    with pytest.raises(ShapeError, match="requires y"):
        SemiPairedHashing().fit(X)
    with pytest.raises(ShapeError, match="a row for each of 600 rows"):
        SemiPairedHashing().fit(X, Y[1:])
    half = Y.copy()
    half[7, 3] = np.nan
    with pytest.raises(ShapeError, match="y has a value that is not finite in row 7"):
        SemiPairedHashing().fit(X, half)
    with pytest.raises(ShapeError, match="must have 30 columns, got 40"):
        SemiPairedHashing().fit(X, Y, X)
    with pytest.raises(ParameterError, match="ridge must be above 0, got 0"):
        SemiPairedHashing(ridge=0).fit(X, Y)
    with pytest.raises(ParameterError, match="n_anchors must be at least 1, got 0"):
        SemiPairedHashing(n_anchors=0).fit(X, Y)
    with pytest.raises(ShapeError, match="Y must have 30 columns"):
        SemiPairedHashing(bits=4).fit(X, Y).transform_second(X)
    with pytest.raises(NotFittedError):
        SemiPairedHashing().transform_second(Y)
