import numpy as np
import pytest
from scipy.special import softmax

from inlay.core.errors import ParameterError
from inlay.core.values import Hits, Search
from inlay.core.vectors import normalize, product_top_k
from inlay.rankers.hubness import InvertedSoftmax


def spaces(n=15, rows=30, bank=50, dim=6):
    rng = np.random.default_rng(0)
    Q, X, B = (np.float32(rng.normal(size=(m, dim)) + 0.5) for m in (n, rows, bank))
    return Search(product_top_k(normalize(Q), normalize(X), 8), Q=Q, X=X), B


def none(n):
    return Hits(np.zeros((n, 0)), np.zeros((n, 0)))


@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_equals_the_softmax_of_scipy_over_the_bank(temperature):
    one, B = spaces()
    hits = InvertedSoftmax(temperature).fit(Search(none(len(B)), Q=B)).rank(one).hits
    X = normalize(one.X)
    for q, before, after, scores in zip(normalize(one.Q), one.hits.ids, hits.ids, hits.scores, strict=True):
        # the share of q beside the bank, over its odds
        every = np.vstack([q[None], normalize(B)]) @ X[before].T
        share = softmax(every.astype(float) / temperature, axis=0)[0]
        odds = share / (1 - share)
        order = np.argsort(-odds, kind="stable")
        assert after.tolist() == before[order].tolist()
        np.testing.assert_allclose(scores, temperature * np.log(odds[order] * len(B)), atol=1e-5)


def test_a_small_temperature_does_not_run_out_of_numbers():
    one, B = spaces()
    hits = InvertedSoftmax(1e-4).fit(Search(none(len(B)), Q=B)).rank(one).hits
    # it becomes the cosine less that of the nearest query of the bank
    nearest = (normalize(one.X) @ normalize(B).T).max(axis=1)
    cosines = np.vecdot(normalize(one.X)[hits.ids], normalize(one.Q)[:, None])
    np.testing.assert_allclose(hits.scores, cosines - nearest[hits.ids], atol=2e-3)


def test_the_length_of_vectors_does_not_matter():
    one, B = spaces()
    want = InvertedSoftmax().fit(Search(none(len(B)), Q=B)).rank(one).hits
    longer = Search(one.hits, Q=3 * one.Q, X=one.X * np.arange(1, 31)[:, None].astype(np.float32))
    hits = InvertedSoftmax().fit(Search(none(len(B)), Q=7 * B)).rank(longer).hits
    assert (hits.ids == want.ids).all()
    np.testing.assert_allclose(hits.scores, want.scores, atol=1e-5)


def test_wrong_input_is_refused():
    one, _ = spaces()
    with pytest.raises(ParameterError, match="temperature must be above 0 and below inf, got -1"):
        InvertedSoftmax(-1).fit(one)
    with pytest.raises(ParameterError, match="looks at Q of the search"):
        InvertedSoftmax().fit(Search(one.hits))
    with pytest.raises(ParameterError, match="looks at Q and X of the search"):
        InvertedSoftmax().fit(one).rank(Search(one.hits))
