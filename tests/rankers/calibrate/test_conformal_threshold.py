"""The conformal threshold: its rank by counting, its coverage over many draws, and what it cannot promise."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import NotFittedError, ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.calibrate import ConformalThreshold


def asked(scores, ids=None):
    scores = np.asarray(scores, float)
    return Search(Hits(np.tile(np.arange(scores.shape[1]), (len(scores), 1)) if ids is None else ids, scores))


def drawn(n, rng, k=6):
    """Return a search and judgments of one relevant row each, which stands anywhere."""
    search = asked(-np.sort(-rng.normal(size=(n, k)), axis=1))
    return search, [{int(row): 1.0} for row in rng.integers(k, size=n)]


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 60), alpha=st.sampled_from([0.05, 0.1, 0.29, 0.3, 0.5, 0.7]), seed=st.integers(0, 99))
def test_the_cutoff_is_the_largest_that_the_correction_allows(n, alpha, seed):
    search, y = drawn(n, np.random.default_rng(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ConformalThreshold(alpha).fit(search, y)
    true = np.array([search.hits.scores[i, next(iter(y[i]))] for i in range(n)])
    # of all cutoffs at a true score, those that keep ceil((n + 1)(1 - alpha)) of them, or everything
    need = math.ceil(round((n + 1) * (1 - alpha), 9))
    fit = [t for t in true if (true >= t).sum() >= need]
    assert fitted.threshold_ == (max(fit) if fit else -math.inf)
    assert fitted.coverage_ == 0 if not fit else fitted.coverage_ >= 1 - alpha - 1e-12
    left = fitted.rank(search).hits
    assert (left.counts == (search.hits.scores >= fitted.threshold_).sum(axis=1)).all()


@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_coverage_over_many_draws_is_what_the_theory_says(alpha):
    rng = np.random.default_rng(0)
    n, covered = 40, []
    for _ in range(200):
        search, y = drawn(n + 20, rng)
        fitted = ConformalThreshold(alpha).fit(Search(Hits(search.hits.ids[:n], search.hits.scores[:n])), y[:n])
        left = fitted.rank(search).hits
        covered.append(np.mean([next(iter(y[i])) in left.ids[i] for i in range(n, n + 20)]))
    error = np.std(covered) / np.sqrt(len(covered))
    assert 1 - alpha - 3 * error <= np.mean(covered) <= 1 - alpha + 1 / (n + 1) + 3 * error
    assert abs(np.mean(covered) - fitted.coverage_) < 3 * error


def test_one_relevant_row_or_all_of_them():
    search = asked([[0.9, 0.5, 0.1]] * 3 + [[0.8, 0.7, 0.6]])
    y = [{0: 1, 1: 2, 2: 0}, {0: 1, 1: 1}, {0: 1, 2: 1}, {}]
    one = ConformalThreshold(0.25).fit(search, y)
    assert (one.threshold_, one.n_, one.found_, one.coverage_) == (pytest.approx(0.9), 3, 1.0, 0.75)
    every = ConformalThreshold(0.5, keep="all").fit(search, y)
    assert every.threshold_ == pytest.approx(0.5)
    assert every.rank(search).hits.counts.tolist() == [2, 2, 2, 3]
    # a row that was not found: one of the two is enough, both are not there
    y[0] = {0: 1, 7: 1}
    assert ConformalThreshold(0.25).fit(search, y).found_ == 1
    every.fit(search, y)
    assert every.found_ == pytest.approx(2 / 3)
    assert every.threshold_ == pytest.approx(0.1)


def test_what_cannot_be_promised_is_said_and_all_is_kept():
    search, y = drawn(8, np.random.default_rng(0))
    with pytest.warns(UserWarning, match="8 queries are fewer than the 9 that it takes; every hit is kept"):
        fitted = ConformalThreshold(0.1).fit(search, y)
    assert fitted.threshold_ == -math.inf
    assert fitted.coverage_ == 0
    assert (fitted.rank(search).hits.ids == search.hits.ids).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ConformalThreshold(1 / 9).fit(search, y)
    with pytest.warns(UserWarning, match=r"found what is relevant for only 0\.5 of the queries"):
        fitted = ConformalThreshold(0.3).fit(search, [{77: 1}] * 4 + y[4:])
    assert fitted.found_ == 0.5
    assert fitted.threshold_ == -math.inf


def test_places_without_a_hit_stay_empty():
    search = asked([[0.9, 0.5, -np.inf]] * 9 + [[-np.inf] * 3], [[4, 1, -1]] * 9 + [[-1] * 3])
    left = ConformalThreshold(0.2).fit(search, [{4: 1}] * 10).rank(search).hits
    assert left.ids.tolist() == [[4, -1, -1]] * 9 + [[-1] * 3]


def test_refusals():
    search, y = drawn(6, np.random.default_rng(0))
    for alpha in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(ParameterError, match="alpha must be above 0 and below 1, got"):
            ConformalThreshold(alpha).fit(search, y)
    with pytest.raises(ParameterError, match="keep must be one of one, all, got 'some'"):
        ConformalThreshold(keep="some").fit(search, y)
    with pytest.raises(ParameterError, match="learns from judgments"):
        ConformalThreshold().fit(search)
    with pytest.raises(ParameterError, match="y names none"):
        ConformalThreshold().fit(search, [{0: 0}] * 6)
    with pytest.raises(ShapeError, match="has 6 queries, but y has judgments for 7"):
        ConformalThreshold().fit(search, [*y, {}])
    with pytest.raises(NotFittedError):
        ConformalThreshold().rank(search)


def test_lists_of_no_places_promise_nothing():
    empty = Search(Hits(np.zeros((5, 0)), np.zeros((5, 0))))
    for keep in ("one", "all"):
        with pytest.warns(UserWarning, match="every hit is kept"):
            ranker = ConformalThreshold(0.5, keep=keep).fit(empty, [{1: 1}] * 5)
        assert (ranker.threshold_, ranker.found_) == (-np.inf, 0.0)


def test_an_alpha_just_below_one():
    assert ConformalThreshold(1 - 1e-10).fit(Search(Hits([[3]], [[0.5]])), [{3: 1}]).threshold_ == 0.5
