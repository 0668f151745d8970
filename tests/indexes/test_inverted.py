import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from inlay.core.errors import ShapeError
from inlay.core.vectors import top_k
from inlay.indexes import Inverted

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")


def made(n, dim, density, seed):
    rng = np.random.default_rng(seed)
    return (rng.random((n, dim)) * (rng.random((n, dim)) < density)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(0, 60), dim=st.integers(1, 20), k=st.integers(1, 70), seed=st.integers(0, 99), some=st.booleans())
def test_it_finds_what_the_product_finds(n, dim, k, seed, some):
    X, Q = made(n, dim, 0.2, seed), made(7, dim, 0.3, seed + 1)
    where = np.random.default_rng(seed).random(n) < 0.5 if some else None
    hits = Inverted().fit(sparse.csr_array(X)).search(sparse.csr_array(Q), k, where=where)
    S = np.where((Q > 0) @ (X > 0).T, Q @ X.T, -np.inf)
    S = S if where is None else np.where(where, S, -np.inf)
    assert hits.ids.shape == (7, k)
    np.testing.assert_array_equal(hits.counts, np.minimum((-np.inf < S).sum(axis=1), k))
    if n:
        np.testing.assert_allclose(hits.scores[:, : min(n, k)], top_k(S, min(n, k))[1], rtol=1e-5)
        real = hits.ids >= 0
        np.testing.assert_allclose(np.take_along_axis(S, np.maximum(hits.ids, 0), 1)[real], hits.scores[real], 1e-5)


def test_equal_scores_stand_in_the_order_of_rows():
    X = sparse.csr_array(np.float32([[1, 0], [2, 0], [1, 5], [2, 1], [0, 1]]))
    assert Inverted().fit(X).search(sparse.csr_array([[1.0, 0]]), 4).ids.tolist() == [[1, 3, 0, 2]]


def test_added_rows_are_as_if_they_had_been_there():
    X = made(80, 12, 0.3, 1)
    grown, whole = Inverted().fit(X[:50]).add(sparse.coo_array(X[50:])), Inverted().fit(X)
    for name in ("values_", "rows_", "starts_"):
        np.testing.assert_array_equal(getattr(grown, name), getattr(whole, name))


def test_other_formats_and_entries_named_twice_are_understood():
    twice = sparse.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    index = Inverted().fit(twice)
    assert index.values_.tolist() == [3.0]
    assert index.search(np.float32([[0, 2]]), 2).scores.tolist() == [[6.0, -np.inf]]


@pytest.mark.parametrize(
    ("X", "says"),
    [
        (np.float32([[1, 0], [0, -2]]), "at least 0, got -2.0 in row 1"),
        (np.float32([1, 2]), "shape"),
        (sparse.csr_array(np.array([[0, np.inf]])), "got inf in row 0"),
    ],
)
def test_bad_vectors_are_refused(X, says):
    with pytest.raises(ShapeError, match=says):
        Inverted().fit(X)


def test_queries_have_to_have_the_columns():
    with pytest.raises(ShapeError, match="Q must have 12 columns, got 11"):
        Inverted().fit(made(9, 12, 0.5, 0)).search(made(2, 11, 0.5, 0), 3)


def test_products_beyond_float32_are_refused():
    X = np.float32([[1e30, 0], [2e30, 1], [0, 1]])  # the first would stand before the second
    with pytest.raises(ShapeError, match="exceed float32"):
        Inverted().fit(X).search(np.float32([[1e30, 0]]), 2)
