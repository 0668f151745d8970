import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.hubness import CSLS, Margin


def spaces(n=15, rows=30, bank=50, dim=6):
    rng = np.random.default_rng(0)
    Q, X, B = (np.float32(rng.normal(size=(m, dim)) + 0.5) for m in (n, rows, bank))
    bank = Search(Hits(np.zeros((len(B), 0)), np.zeros((len(B), 0))), Q=B)
    return Search(product_top_k(normalize(Q), normalize(X), 8), Q=Q, X=X), bank


@pytest.mark.parametrize("n_neighbors", [1, 10, 1000])
def test_equals_loops(n_neighbors):
    one, bank = spaces()
    hits = CSLS(n_neighbors).fit(bank).rank(one).hits
    X, Q, B = normalize(one.X), normalize(one.Q), normalize(bank.Q)
    for q, before, after, scores in zip(Q, one.hits.ids, hits.ids, hits.scores, strict=True):
        around = np.sort(X @ q)[::-1][:n_neighbors].mean()
        want = {int(i): 2 * X[i] @ q - around - np.sort(B @ X[i])[::-1][:n_neighbors].mean() for i in before}
        assert after.tolist() == sorted(want, key=want.get, reverse=True)
        np.testing.assert_allclose(scores, [want[int(i)] for i in after], atol=1e-5)


def test_it_is_twice_the_distance_of_margins():
    one, bank = spaces()
    hits = CSLS(4).fit(bank).rank(one).hits
    other = Margin(4, kind="distance").fit(bank).rank(one).hits
    assert (hits.ids == other.ids).all()
    np.testing.assert_allclose(hits.scores, 2 * other.scores, atol=1e-6)


def test_a_hub_gives_way():
    X = np.float32([[1, 0, 0], [0, 1, 0], [0.7, 0.7, 0.1]])
    bank = np.float32([[0.9, 0.8, 0], [0.8, 0.9, 0], [0.7, 0.7, 0.3]])
    one = Search(Hits([[2, 0]], [[0.9, 0.85]]), Q=np.float32([[0.9, 0.55, 0]]), X=X)
    method = CSLS(2).fit(Search(Hits(np.zeros((3, 0)), np.zeros((3, 0))), Q=bank))
    assert method.rank(one).hits.ids.tolist() == [[0, 2]]


def test_wrong_input_is_refused():
    one, bank = spaces()
    with pytest.raises(ParameterError, match="n_neighbors must be at least 1, got 0"):
        CSLS(0).fit(bank)
    with pytest.raises(ParameterError, match="looks at Q of the search"):
        CSLS().fit(Search(one.hits))
    with pytest.raises(ParameterError, match="looks at X of the search"):
        CSLS().fit(bank).rank(Search(one.hits, Q=one.Q))
