"""Vector arithmetic equals loops, to the last bit where it claims to, and refuses what is not a vector."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.core import blocks, vectors
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.vectors import as_vectors, normalize, pair_scores, product_top_k, rescore, top_k

seeds = st.integers(0, 2**32 - 1)


def loop_top_k(S, k):
    order = [sorted(range(len(row)), key=lambda j: (-row[j], j))[:k] for row in S]
    return order, [[row[j] for j in best] for row, best in zip(S, order, strict=True)]


def loop_search(Q, X, k, rows):
    """All pairs one by one, sorted by score and row number."""
    ids, scores = np.full((len(Q), k), -1), np.full((len(Q), k), -np.inf, np.float32)
    for i, q in enumerate(Q):
        pairs = [(-pair_scores(q[None], X, np.array([[r]]))[0, 0], r) for r in rows]
        for place, (score, row) in enumerate(sorted(pairs)[:k]):
            ids[i, place], scores[i, place] = row, -score
    return ids, scores


def test_as_vectors_converts_and_does_not_copy_what_fits():
    X = np.ones((2, 3), np.float32)
    assert as_vectors(X) is X
    for other in (X.astype(float), X.astype(int), X.astype(bool), X.astype(np.float16), X.tolist(), X.astype(object)):
        assert as_vectors(other).dtype == np.float32
        assert np.array_equal(as_vectors(other), X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones(3), r"Q\[None, :\]"),
        (np.ones((1, 2, 3)), "shape"),
        (3.0, "shape"),
        ([[1, 2], [3]], "numbers"),
        ([["1", "2"]], "numbers"),
        ([[1j]], "numbers"),
        ([[None]], "numbers|finite"),
        ([[1.0], [np.nan]], "row 1"),
        ([[np.inf]], "row 0"),
        ([[1e300]], "row 0"),
    ],
)
def test_as_vectors_refuses(X, message):
    with pytest.raises(ShapeError, match=message):
        as_vectors(X, "Q")


def test_as_vectors_names_the_row_in_a_later_block(monkeypatch):
    monkeypatch.setattr(vectors, "HELD_BYTES", 64)
    X = np.ones((50, 4), np.float32)
    X[[37, 41], 2] = np.nan
    with pytest.raises(ShapeError, match="row 37;"):
        as_vectors(X)
    with pytest.raises(ShapeError, match="4 columns, got 3"):
        as_vectors(np.ones((2, 3)), dim=4)


@given(seed=seeds, scale=st.sampled_from([1e-38, 1e-20, 1.0, 1e20, 1e38]))
def test_normalize_gives_length_one_at_any_scale(seed, scale):
    X = np.random.default_rng(seed).uniform(-1, 1, (5, 7)) * scale
    X[2] = 0
    before = X.copy()
    out = normalize(X)
    want = [x / np.sqrt(sum(v * v for v in x / np.abs(x).max())) / np.abs(x).max() if x.any() else x for x in X]
    np.testing.assert_allclose(out, want, rtol=1e-5, atol=1e-7)
    assert np.array_equal(X, before)


@given(seed=seeds, m=st.integers(0, 60), k=st.integers(1, 70), levels=st.sampled_from([1, 2, 5, 1000]))
def test_top_k_equals_sorting_with_ties_by_column(seed, m, k, levels):
    S = np.random.default_rng(seed).integers(0, levels, (4, m)).astype(np.float32)
    columns, values = top_k(S, k)
    want, best = loop_top_k(S.tolist(), k)
    assert columns.tolist() == want
    assert values.tolist() == best


def test_top_k_takes_scores_of_any_type():
    for dtype in (np.uint8, np.int8, np.int64, bool, np.float16, np.float64):
        S = np.array([[0, 1, 0, 0, 1, 0, 0, 0, 0, 0]], dtype)
        assert top_k(S, 2)[0].tolist() == [[1, 4]]
        assert top_k(S, 3)[0].tolist() == [[1, 4, 0]]
    assert top_k(np.array([[-128, 3]], np.int8), 1)[0].tolist() == [[1]]


@pytest.mark.parametrize("m", [3, 50])
def test_top_k_refuses(m):
    S = np.zeros((2, m))
    with pytest.raises(ParameterError, match="at least 1"):
        top_k(S, 0)
    with pytest.raises(ShapeError, match="shape"):
        top_k(S[0], 1)
    S[1, 2] = np.nan
    with pytest.raises(ShapeError, match="query 1 is not a number"):
        top_k(S, 2)


def test_pair_scores_do_not_depend_on_company(monkeypatch):
    rng = np.random.default_rng(0)
    Q, X = rng.standard_normal((9, 37)).astype(np.float32), rng.standard_normal((50, 37)).astype(np.float32)
    ids = rng.integers(-1, 50, (9, 30))
    want = [[pair_scores(q[None], X, np.array([[i]]))[0, 0] for i in row] for q, row in zip(Q, ids, strict=True)]
    np.testing.assert_allclose(want, np.where(ids < 0, -np.inf, np.take_along_axis(Q @ X.T, ids, 1)), rtol=1e-4)
    for size in (64, 1000, 1 << 20):
        monkeypatch.setattr(vectors, "HELD_BYTES", size)
        for queries, stored in ((Q, X), (np.asfortranarray(Q), np.asfortranarray(X))):
            assert np.array_equal(pair_scores(queries, stored, ids), np.float32(want))


@given(
    seed=seeds,
    n=st.integers(0, 5),
    m=st.integers(0, 40),
    k=st.integers(1, 45),
    dtype=st.sampled_from([np.float32, np.float16]),
    share=st.sampled_from([None, 0.0, 0.1, 0.6, 1.0]),
    kinds=st.sampled_from([1, 3, 1000]),
    block=st.sampled_from([1, 256, 1 << 24]),
)
def test_search_equals_loops_for_any_block_and_filter(seed, n, m, k, dtype, share, kinds, block):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((kinds, 6)).astype(dtype)[rng.integers(0, kinds, m)]  # kinds: how many distinct vectors
    Q = rng.standard_normal((n, 6)).astype(np.float32)
    rows = None if share is None else np.flatnonzero(rng.random(m) < share)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SCORE_BYTES", "VECTOR_BYTES", "COPY_BYTES"):
            patch.setattr(blocks, name, block)
        hits = product_top_k(Q, X, k, rows=rows)
    ids, scores = loop_search(Q, X, k, range(m) if rows is None else rows)
    assert np.array_equal(hits.ids, ids)
    assert np.array_equal(hits.scores, scores)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_search_in_many_blocks_equals_sorting_all_pairs(dtype):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((9000, 48)).astype(dtype)
    X[rng.integers(0, 9000, 3000)] = X[7]  # far more equal rows than are kept as candidates
    Q = rng.standard_normal((1100, 48)).astype(np.float32)
    Q[:40] = X[7] + 0.01 * Q[:40]
    some = [0, 1, 39, 40, 1050, 1099]
    scores = pair_scores(Q[some], X, np.tile(np.arange(9000), (6, 1)))
    want = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    whole = product_top_k(Q, X, 10)
    assert np.array_equal(whole.ids[some], want)
    for i in some:
        alone = product_top_k(Q[i : i + 1], X, 10)
        assert np.array_equal(alone.ids[0], whole.ids[i])
        assert np.array_equal(alone.scores[0], whole.scores[i])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 2])
def test_search_among_few_or_most_rows(n, share):
    rng = np.random.default_rng(2)
    X, Q = rng.standard_normal((3000, 9)).astype(np.float32), rng.standard_normal((n, 9)).astype(np.float32)
    rows = np.flatnonzero(rng.random(3000) < share)
    hits = product_top_k(Q, X, 20, rows=rows)
    order = np.argsort(-pair_scores(Q, X, np.tile(rows, (n, 1))), axis=1, kind="stable")[:, :20]
    assert np.array_equal(hits.ids, rows[order])


def test_search_keeps_the_scores_of_rising_rows():
    # Every block beats the one before in every place: the worst case for a border that only rises.
    X = np.linspace(0, 1, 70_000, dtype=np.float32)[:, None] * np.ones((1, 128), np.float32)
    assert product_top_k(np.ones((1, 128), np.float32), X, 5).ids.tolist() == [[69999, 69998, 69997, 69996, 69995]]


def test_search_refuses_products_beyond_float32():
    X = np.float32([[1e30, 1e30]] * 50)
    with pytest.raises(ShapeError, match="not a number"):
        product_top_k(np.float32([[1e30, -1e30]]), X, 3)
    with pytest.raises(ParameterError, match="at least 1"):
        product_top_k(X, X, 0)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("n", [3, 100])
def test_hits_are_never_lost_or_out_of_order_where_products_exceed_float32(n, sign):
    X, Q = np.full((n, 1), 3e38, np.float32), np.float32([[sign * 1e38]])
    for call in (lambda: product_top_k(Q, X, 2), lambda: rescore(Q, X, np.arange(n)[None], 2)):
        with pytest.raises(ShapeError, match="exceed float32"):
            call()
    X[:2] = [[0], [sign]]
    if sign < 0:  # those in range are the best
        for hits in (product_top_k(Q, X, 2), rescore(Q, X, np.arange(n)[None], 2)):
            assert hits.ids.tolist() == [[1, 0]]


def test_length_one_does_not_depend_on_the_order_in_memory():
    X = np.random.default_rng(0).standard_normal((200, 48)).astype(np.float32)
    for laid in (np.asfortranarray(X), X[::-1][::-1], np.stack([X, X])[1]):
        assert np.array_equal(normalize(laid), normalize(X))


def test_rescore_orders_candidates_and_pads():
    hits = rescore(np.float32([[1, 0]]), np.float32([[1, 0], [2, 0], [1, 5]]), np.array([[2, -1, 1, 0]]), 6)
    assert hits.ids.tolist() == [[1, 0, 2, -1, -1, -1]]
    assert hits.scores[0, :3].tolist() == [2, 1, 1]
