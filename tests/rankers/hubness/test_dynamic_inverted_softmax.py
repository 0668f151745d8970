import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.hubness import CSLS, DynamicInvertedSoftmax, InvertedSoftmax, Margin, _bank


def spaces(seed=0, rows=40, bank=60, n=25, dim=5):
    rng = np.random.default_rng(seed)
    X, B, Q = (rng.normal(size=(m, dim)) + 0.7 for m in (rows, bank, n))
    return np.float32(X), np.float32(B), np.float32(Q)


def searched(Q, X, k=10):
    return Search(product_top_k(normalize(Q), normalize(X), k), Q=Q, X=X)


def loops(Q, X, B, hits, beta, n_active):
    """The definition of the paper, over the candidates."""
    X, B, Q = normalize(X), normalize(B), normalize(Q)
    active = {int(row) for b in B for row in np.argsort(-(X @ b), kind="stable")[:n_active]}
    weight = [sum(np.exp(beta * float(b @ x)) for b in B) for x in X]
    out = []
    for q, ids in zip(Q, hits.ids, strict=True):
        cosine = {int(row): float(q @ X[row]) for row in ids if row >= 0}
        best = max(cosine, key=cosine.get, default=-1)
        score = {row: np.exp(beta * s) / weight[row] for row, s in cosine.items()} if best in active else cosine
        out.append((sorted(score, key=score.get, reverse=True), best in active, score))
    return out


@pytest.mark.parametrize("n_active", [1, 3])
@pytest.mark.parametrize("temperature", [0.05, 0.3])
def test_equals_loops(temperature, n_active):
    X, B, Q = spaces()
    one = searched(Q, X)
    hits = DynamicInvertedSoftmax(temperature, n_active).fit(Search(one.hits, Q=B[: len(Q)], X=X)).rank(one).hits
    want = loops(Q, X, B[: len(Q)], one.hits, 1 / temperature, n_active)
    assert {active for _, active, _ in want} == {True, False} or n_active == 3
    for ids, scores, (order, active, score) in zip(hits.ids, hits.scores, want, strict=True):
        assert ids.tolist() == order
        plain = [score[row] for row in order]
        if active:
            plain = temperature * np.log(np.multiply(plain, len(Q)))
        np.testing.assert_allclose(scores, plain, atol=1e-5)


def test_queries_that_find_no_row_of_the_bank_keep_their_cosines():
    X, _, Q = spaces()
    far = np.float32(-np.ones((4, 5)))
    one = searched(Q, X)
    method = DynamicInvertedSoftmax().fit(Search(Hits(np.zeros((4, 0)), np.zeros((4, 0))), Q=far, X=X))
    found = {int(row) for row in (normalize(far) @ normalize(X).T).argmax(axis=1)}
    hits = method.rank(one).hits
    untouched = ~np.isin(one.hits.ids[:, 0], list(found))
    assert untouched.any()
    assert (hits.ids[untouched] == one.hits.ids[untouched]).all()
    np.testing.assert_allclose(hits.scores[untouched], one.hits.scores[untouched], atol=1e-6)


def test_a_part_of_the_rows_gives_the_same():
    X, B, Q = spaces()
    one = searched(Q[:1], X)
    method = DynamicInvertedSoftmax().fit(Search(Hits(np.zeros((60, 0)), np.zeros((60, 0))), Q=B, X=X))
    want = method.rank(one).hits
    rows = np.sort(one.hits.ids[0])
    part = Search(Hits(np.searchsorted(rows, one.hits.ids), one.hits.scores), Q=Q[:1], X=X[rows])
    hits = method.rank(part).hits
    assert (rows[hits.ids] == want.ids).all()
    np.testing.assert_allclose(hits.scores, want.scores, atol=1e-6)


def test_a_hub_is_found_less_often():
    rng = np.random.default_rng(1)
    Y = normalize(rng.normal(size=(200, 20)))
    Q = np.float32(Y + 0.1 * rng.normal(size=Y.shape) + 1.1 * Y[0])
    method = DynamicInvertedSoftmax().fit(Search(Hits(np.zeros((100, 0)), np.zeros((100, 0))), Q=Q[:100], X=Y))
    one = searched(Q[100:], Y, 20)
    before, after = ((hits.ids[:, 0] == 0).sum() for hits in (one.hits, method.rank(one).hits))
    assert before > 20
    assert after < before / 4


def test_padding_stays_at_the_end():
    X, B, Q = spaces()
    ids = np.array([[3, 1, -1], [-1, -1, -1]])
    one = Search(Hits(ids, np.where(ids < 0, -np.inf, [[2, 1, 0]])), Q=Q[:2], X=X)
    hits = DynamicInvertedSoftmax(n_active=40).fit(Search(one.hits, Q=B[:2], X=X)).rank(one).hits
    assert sorted(hits.ids[0][:2].tolist()) == [1, 3]
    assert hits.ids[:, 2].tolist() == [-1, -1]
    assert hits.counts.tolist() == [2, 0]


def test_wrong_input_is_refused():
    X, B, Q = spaces()
    one = searched(Q, X)
    with pytest.raises(ParameterError, match="temperature must be above 0"):
        DynamicInvertedSoftmax(0).fit(one)
    with pytest.raises(ParameterError, match="n_active must be at least 1"):
        DynamicInvertedSoftmax(n_active=0).fit(one)
    with pytest.raises(ParameterError, match="looks at X of the search"):
        DynamicInvertedSoftmax().fit(Search(one.hits, Q=Q))
    with pytest.raises(ShapeError, match="Q of the search is empty"):
        DynamicInvertedSoftmax().fit(Search(Hits(np.zeros((0, 1)), np.zeros((0, 1))), Q=B[:0], X=X))
    method = DynamicInvertedSoftmax().fit(one)
    with pytest.raises(ShapeError, match="Q must have the 5 columns"):
        method.rank(Search(one.hits, Q=Q[:, :4], X=X))
    with pytest.raises(ShapeError, match="but X has 2 rows"):
        method.rank(Search(one.hits, Q=Q, X=X[:2]))


@pytest.mark.parametrize("ranker", [DynamicInvertedSoftmax(), InvertedSoftmax(), CSLS(), Margin()])
def test_a_query_of_zeros_in_the_bank_counts_for_nothing(ranker):
    rng = np.random.default_rng(0)
    X, bank, Q = (rng.normal(size=(n, 16)).astype(np.float32) for n in (200, 60, 50))
    search = Search(product_top_k(normalize(Q), normalize(X), 10), Q=Q, X=X)
    ranked = []
    for some in (bank, np.vstack([bank, np.zeros((3, 16), np.float32)])):
        nothing = np.zeros((len(some), 0))
        ranked.append(ranker.fit(Search(Hits(nothing, nothing), Q=some, X=X)).rank(search).hits)
    np.testing.assert_array_equal(ranked[0].ids, ranked[1].ids)
    np.testing.assert_array_equal(ranked[0].scores, ranked[1].scores)
    with pytest.raises(ShapeError, match="no vector but of zeros"):
        ranker.fit(Search(Hits(np.zeros((1, 0)), np.zeros((1, 0))), Q=np.zeros((1, 16)), X=X))


def test_what_is_not_finite_is_named_by_its_own_row():
    rng = np.random.default_rng(0)
    X, bank = (rng.normal(size=(n, 4)).astype(np.float32) for n in (9, 20))
    nothing = Hits(np.zeros((20, 0)), np.zeros((20, 0)))
    ranker = InvertedSoftmax().fit(Search(nothing, Q=bank))
    broken, hits = X.copy(), Hits([[3, 4]], [[1, 0.5]])
    broken[4, 0] = np.nan
    with pytest.raises(ShapeError, match="X has a value that is not finite in row 4"):
        ranker.rank(Search(hits, Q=bank[:1], X=broken))
    with pytest.raises(ShapeError, match="Q has a value that is not finite in row 0"):
        ranker.rank(Search(hits, Q=bank[:1] * np.nan, X=X))
    with pytest.raises(ShapeError, match="4 columns"):
        ranker.rank(Search(hits, Q=bank[:1], X=X[0]))


@pytest.mark.parametrize("ranker", [CSLS(), Margin()])
def test_rows_are_made_wide_block_by_block(ranker, monkeypatch):
    rng = np.random.default_rng(0)
    X, bank, Q = (rng.normal(size=(n, 16)).astype(np.float32) for n in (200, 60, 50))
    search = Search(product_top_k(normalize(Q), normalize(X), 10), Q=Q, X=X)
    ranker.fit(Search(Hits(np.zeros((60, 0)), np.zeros((60, 0))), Q=bank))
    whole = ranker.rank(search).hits
    monkeypatch.setattr(_bank, "HELD_BYTES", 4 * 16 * 7)
    np.testing.assert_array_equal(ranker.rank(search).hits.scores, whole.scores)
    for name, wrong in {"n_neighbors": 0, "kind": "nonsense"}.items():
        if name in ranker.get_params():
            with pytest.raises(ParameterError, match=name):
                ranker.set_params(**{name: wrong}).rank(search)
            ranker.set_params(n_neighbors=4)


@pytest.mark.parametrize("ranker", [InvertedSoftmax(), DynamicInvertedSoftmax(), Margin(kind="absolute")])
def test_a_row_that_nothing_has_found_is_not_read(ranker):
    X, B, Q = spaces()
    ranker.fit(Search(Hits(np.zeros((60, 0)), np.zeros((60, 0))), Q=B, X=X))
    hits = Hits([[1, 2], [3, -1]], [[0.9, 0.8], [0.7, -np.inf]])
    want = ranker.rank(Search(hits, Q=Q[:2], X=X)).hits
    X[0] = np.nan
    found = ranker.rank(Search(hits, Q=Q[:2], X=X)).hits
    np.testing.assert_array_equal(found.ids, want.ids)
    np.testing.assert_array_equal(found.scores, want.scores)


def test_a_row_that_is_not_finite_is_named_by_its_number(monkeypatch):
    X, B, Q = spaces()
    ranker = CSLS().fit(Search(Hits(np.zeros((60, 0)), np.zeros((60, 0))), Q=B))
    X[37] = np.nan
    monkeypatch.setattr(_bank, "HELD_BYTES", 4 * 5 * 7)
    with pytest.raises(ShapeError, match="in row 37;"):
        ranker.rank(Search(Hits([[1]], [[1.0]]), Q=Q[:1], X=X))


def test_a_fit_that_fails_changes_nothing():
    X, B, Q = spaces()
    ranker = DynamicInvertedSoftmax().fit(searched(B, X))
    want = ranker.rank(searched(Q, X)).hits.scores
    with pytest.raises(ShapeError, match="X must have the 3 columns"):
        ranker.fit(Search(Hits(np.zeros((60, 0)), np.zeros((60, 0))), Q=B[:, :3], X=X))
    np.testing.assert_array_equal(ranker.rank(searched(Q, X)).hits.scores, want)
