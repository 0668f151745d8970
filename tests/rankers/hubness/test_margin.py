import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.hubness import Margin


def spaces(n=15, rows=30, bank=50, dim=6, shift=0.5):
    rng = np.random.default_rng(0)
    Q, X, B = (np.float32(rng.normal(size=(m, dim)) + shift) for m in (n, rows, bank))
    bank = Search(Hits(np.zeros((len(B), 0)), np.zeros((len(B), 0))), Q=B)
    return Search(product_top_k(normalize(Q), normalize(X), 8), Q=Q, X=X), bank


KINDS = {"ratio": lambda a, b: a / b, "distance": lambda a, b: a - b, "absolute": lambda a, b: a}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_neighbors", [1, 4, 1000])
def test_equals_loops(kind, n_neighbors):
    one, bank = spaces(shift=2)
    hits = Margin(n_neighbors, kind).fit(bank).rank(one).hits
    X, Q, B = normalize(one.X), normalize(one.Q), normalize(bank.Q)
    for q, before, after, scores in zip(Q, one.hits.ids, hits.ids, hits.scores, strict=True):
        want = {}
        for i in before:
            forth = sum(sorted((float(x @ q) for x in X), reverse=True)[:n_neighbors]) / min(n_neighbors, len(X))
            back = sum(sorted((float(b @ X[i]) for b in B), reverse=True)[:n_neighbors]) / min(n_neighbors, len(B))
            want[int(i)] = KINDS[kind](float(X[i] @ q), forth / 2 + back / 2)
        assert after.tolist() == sorted(want, key=want.get, reverse=True)
        np.testing.assert_allclose(scores, [want[int(i)] for i in after], rtol=1e-4, atol=1e-5)


def test_a_ratio_over_nothing_comes_last():
    X = np.float32([[1, 0], [-1, 0.1]])
    bank = Search(Hits(np.zeros((1, 0)), np.zeros((1, 0))), Q=np.float32([[1, 0.2]]))
    one = Search(Hits([[1, 0]], [[-0.5, -1]]), Q=np.float32([[-1, 0]]), X=X)
    hits = Margin(2).fit(bank).rank(one).hits
    assert sorted(hits.ids[0].tolist()) == [0, 1]
    assert np.isfinite(hits.scores).all()
    assert hits.scores[0, -1] == np.finfo(np.float32).min


def test_one_hit_a_query_has_the_score_that_it_has_among_many():
    one, bank = spaces()
    method = Margin().fit(bank)
    many = method.rank(one).hits
    single = method.rank(Search(one.hits.top(1), Q=one.Q, X=one.X)).hits
    for ids, scores, row, score in zip(many.ids, many.scores, single.ids[:, 0], single.scores[:, 0], strict=True):
        assert score == pytest.approx(float(scores[ids.tolist().index(row)]), rel=1e-6)


def test_wrong_input_is_refused():
    one, bank = spaces()
    with pytest.raises(ParameterError, match="kind must be one of ratio, distance, absolute, got 'sum'"):
        Margin(kind="sum").fit(bank)
    with pytest.raises(ParameterError, match="n_neighbors must be at least 1"):
        Margin(0).fit(bank)
    with pytest.raises(ShapeError, match="X must have the 6 columns of the bank"):
        Margin().fit(bank).rank(Search(one.hits, Q=one.Q, X=one.X[:, :3]))
