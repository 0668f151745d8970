"""Relevance probability: equal to Platt's fit and to a step function of loops; what it drops, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.calibrate import RelevanceProbability


def judged(n=60, k=8, seed=0, slope=2.0):
    """Return a search whose hits are relevant with a probability that rises with the score, and its judgments."""
    rng = np.random.default_rng(seed)
    scores = -np.sort(-rng.normal(size=(n, k)))
    ids = np.argsort(rng.random((n, 50)))[:, :k]
    good = rng.random((n, k)) < 1 / (1 + np.exp(-(slope * scores - 1)))
    y = [{int(row): 1.0 for row in ids[i][good[i]]} for i in range(n)]
    return Search(Hits(ids, scores)), y, good


def flat(hits):
    """Return the scores by row number, for each query."""
    rows = zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)
    return [dict(zip(ids, scores, strict=True)) for ids, scores in rows]


def test_is_the_fit_of_platt():
    search, y, good = judged()
    ranker = RelevanceProbability(inputs=["score"]).fit(search, y)
    n_good, n_bad = good.sum(), (~good).sum()
    targets = np.where(good, (n_good + 1) / (n_good + 2), 1 / (n_bad + 2)).ravel()
    s = search.hits.scores.astype(float).ravel()

    def loss(w):
        z = w[0] * s + w[1]
        return np.sum(np.logaddexp(0, z) - targets * z)

    want = minimize(loss, [0.0, 0.0], tol=1e-10).x
    assert np.allclose([ranker.coef_[0], ranker.intercept_], want, atol=1e-3)
    # The targets and the probabilities have the same sum where the likelihood is greatest.
    assert ranker.rank(search).hits.scores.sum() == pytest.approx(targets.sum(), rel=1e-4)


def test_place_and_margin_are_those_of_loops():
    search, y, _ = judged(k=14)
    ranker = RelevanceProbability(inputs=["margin", "score", "place"]).fit(search, y)
    found = flat(ranker.rank(search).hits)
    for i in (0, 7):
        scores = search.hits.scores[i].astype(float)
        for place in range(14):
            behind = scores[place + 1 : place + 11]
            margin = scores[place] - behind.mean() if len(behind) else 0.0
            z = ranker.coef_ @ [margin, scores[place], np.log(place + 1)] + ranker.intercept_
            assert found[i][int(search.hits.ids[i, place])] == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-5)


def test_steps_are_means_of_pooled_neighbours():
    search, y, good = judged(n=30)
    ranker = RelevanceProbability("isotonic", inputs=["score"]).fit(search, y)
    order = np.argsort(search.hits.scores.ravel(), kind="stable")
    blocks = []
    for value in good.ravel()[order].astype(float):  # pool adjacent violators
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            value, n = blocks.pop()
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + value * n) / (blocks[-1][1] + n), blocks[-1][1] + n]
    want = np.empty(good.size)
    want[order] = np.repeat([value for value, _ in blocks], [n for _, n in blocks])
    hits = ranker.rank(search).hits
    assert np.allclose(np.sort(hits.scores.ravel()), np.sort(want), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
def test_probabilities_do_not_depend_on_the_unit_of_the_scores(seed, shift, scale):
    search, y, _ = judged(n=20, seed=seed)
    other = Search(Hits(search.hits.ids, search.hits.scores.astype(float) * scale + shift))
    ranker = RelevanceProbability()
    want, got = (flat(ranker.fit(one, y).rank(one).hits) for one in (search, other))
    for a, b in zip(want, got, strict=True):
        assert a.keys() == b.keys()
        assert all(0 <= a[row] <= 1 and a[row] == pytest.approx(b[row], abs=1e-2) for row in a)


def test_the_threshold_drops_and_may_leave_nothing():
    search, y, _ = judged()
    ranker = RelevanceProbability(inputs=["score"]).fit(search, y)
    whole = ranker.rank(search).hits
    some = ranker.set_params(threshold=0.6).rank(search).hits
    assert (some.counts == (whole.scores >= np.float32(0.6)).sum(axis=1)).all()
    assert some.k == whole.k
    assert (some.counts == 0).any()
    assert (some.counts > 0).any()
    assert (some.scores[some.ids >= 0] >= 0.6).all()


def test_what_is_no_hit_is_left_out_and_unnamed_rows_are_not_relevant():
    search, y, _ = judged()
    ids, scores = search.hits.ids.copy(), search.hits.scores.copy()
    ids[0, 3:], ids[1] = -1, -1
    ranker = RelevanceProbability().fit(Search(Hits(ids, scores)), y)
    assert ranker.n_ == 60 * 8 - 5 - 8
    hits = ranker.rank(Search(Hits(ids, scores))).hits
    assert hits.counts[:3].tolist() == [3, 0, 8]
    named = [{**grades, 55: 0.0, 70: 1.0} for grades in y]
    twin = RelevanceProbability().fit(Search(Hits(ids, scores)), named)
    assert (twin.coef_ == ranker.coef_).all()


def test_equal_probabilities_keep_their_places():
    search, y, _ = judged(n=10)
    hits = RelevanceProbability("isotonic").fit(search, y).rank(search).hits
    for before, after, scores in zip(search.hits.ids, hits.ids, hits.scores, strict=True):
        place = {row: i for i, row in enumerate(before)}
        for a, b, equal in zip(after, after[1:], scores[1:] == scores[:-1], strict=False):
            assert not equal or place[a] < place[b]


def test_refusals():
    search, y, _ = judged(n=6)
    with pytest.raises(ParameterError, match="method must be one of logistic, isotonic, got 'platt'"):
        RelevanceProbability("platt").fit(search, y)
    with pytest.raises(ParameterError, match="inputs must be some of score, place, margin, each once, got"):
        RelevanceProbability(inputs=["rank"]).fit(search, y)
    with pytest.raises(ParameterError, match=r"threshold must be between 0 and 1, got 1\.5"):
        RelevanceProbability(threshold=1.5).fit(search, y)
    with pytest.raises(ParameterError, match="of 48 hits 0 are relevant"):
        RelevanceProbability().fit(search, [{}] * 6)
    with pytest.raises(ParameterError, match="learns from judgments"):
        RelevanceProbability().fit(search)
    with pytest.raises(ShapeError, match="has 6 queries, but y has judgments for 5"):
        RelevanceProbability().fit(search, y[:5])
    with pytest.raises(ShapeError, match="query 0 has a list"):
        RelevanceProbability().fit(search, [[1]] * 6)
    with pytest.raises(ShapeError, match="by their numbers, those of the ids; query 1 has 'd7'"):
        RelevanceProbability().fit(search, [{3: 1}, {"d7": 1}, {}, {}, {}, {}])
    with pytest.raises(ShapeError, match="infinite score"):
        RelevanceProbability().fit(Search(Hits([[1]] * 6, [[np.inf]] * 6)), y)
    with pytest.raises(NotFittedError):
        RelevanceProbability().rank(search)
