"""Intervals cover, p-values are even under the null, both equal scipy's, and nothing depends on chance."""

import time

import numpy as np
import pytest
from scipy.stats import bootstrap, kstest, norm, permutation_test, spearmanr

from inlay.core import resampling
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.resampling import Difference, difference, with_interval
from inlay.core.sample import Sample
from inlay.core.statistics import STATISTICS
from inlay.core.values import Reading

RNG = np.random.default_rng(11)
X, NOISE = RNG.normal(size=(2, 60))
PAIRED = (X, X + NOISE)


def interval(sample, **options):
    return with_interval(Reading.of("it", sample), **options).interval


def test_the_same_twice_and_another_state_gives_another_interval():
    sample = Sample("spearman", PAIRED)
    first = interval(sample, n_resamples=500)
    assert interval(sample, n_resamples=500) == first
    assert interval(sample, n_resamples=500, random_state=1) != first


def test_draws_are_of_n_items_and_do_not_depend_on_the_size_of_a_block(monkeypatch):
    whole = np.concatenate(list(resampling._draws(7, 300, 0)))
    assert whole.shape == (300, 7)
    assert (whole.sum(1) == 7).all()
    monkeypatch.setattr(resampling, "_BLOCK", 20)
    parts = list(resampling._draws(7, 300, 0))
    assert len(parts) == 150
    assert (np.concatenate(parts) == whole).all()
    monkeypatch.setattr(resampling, "_BLOCK", 3)  # a block holds a resample at least
    assert len(list(resampling._draws(7, 300, 0))) == 300


@pytest.mark.parametrize("statistic", ["mean", "spearman"])
def test_intervals_cover_the_truth_as_often_as_they_say(statistic):
    rng, n, rho = np.random.default_rng(0), 80, 0.6
    truth = {"mean": 0.0, "spearman": 6 / np.pi * np.arcsin(rho / 2)}[statistic]  # of two normal variables
    covered = 0
    for _ in range(200):
        x, y = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n).T
        low, high = interval(Sample(statistic, (x,) if statistic == "mean" else (x, y)), n_resamples=1000)
        covered += low <= truth <= high
    assert 180 <= covered <= 196


def spearman(x, y):
    return spearmanr(x, y).statistic


@pytest.mark.parametrize(
    ("statistic", "columns", "function"), [("mean", (X,), np.mean), ("spearman", PAIRED, spearman)]
)
@pytest.mark.parametrize("confidence", [0.95, 0.6])
def test_intervals_equal_those_of_scipy_within_monte_carlo_error(statistic, columns, function, confidence):
    many = 4000
    theirs = bootstrap(
        columns,
        function,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=many,
        confidence_level=confidence,
        rng=np.random.default_rng(5),
    )
    ours = interval(Sample(statistic, columns), n_resamples=many, confidence=confidence)
    tail = (1 - confidence) / 2
    error = np.sqrt(tail * (1 - tail) / many) / norm.pdf(norm.ppf(tail)) * theirs.standard_error
    np.testing.assert_allclose(ours, theirs.confidence_interval, rtol=0, atol=4 * np.sqrt(2) * error)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_an_interval_holds_the_value_of_every_statistic(statistic):
    rng = np.random.default_rng(1)
    columns = (rng.integers(0, 2, 50),) if statistic == "mean" else (rng.integers(0, 2, 50), rng.integers(0, 2, 50))
    reading = with_interval(Reading.of("it", Sample(statistic, columns)), n_resamples=500)
    low, high = reading.interval
    assert low <= reading.value <= high
    assert high > low
    wider = interval(reading.sample, n_resamples=500, confidence=0.99)
    assert wider[0] <= low
    assert wider[1] >= high


def test_a_best_threshold_may_lie_above_its_percentiles_and_stays_inside_the_interval():
    columns = ([1, 0, 1, 0, 0, 1], [0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    reading = Reading.of("it", Sample("best_accuracy", columns))
    low, high = with_interval(reading, n_resamples=100, confidence=0.01).interval
    assert low <= reading.value <= high


def test_what_has_no_interval_is_left_as_it_is():
    for reading in (
        Reading("seconds", 3.0, n=5),
        Reading.of("one item", Sample("mean", ([1.0],))),
        Reading.of("no positive", Sample("auc", ([0, 0, 0], [1, 2, 3]))),
    ):
        assert with_interval(reading) is reading


def test_resamples_without_a_value_are_left_out():
    low, high = interval(Sample("auc", ([1, 0, 0, 0], [4, 3, 2, 1])), n_resamples=500)  # a third draws no positive
    assert (low, high) == (1.0, 1.0)


def test_two_systems_meet_the_same_draws():
    gap = difference(Sample("mean", (X + 0.5,)), Sample("mean", (X,)))
    np.testing.assert_allclose([gap.value, *gap.interval], 0.5)  # drawn apart, it would be as wide as that of X
    same = difference(Sample("spearman", PAIRED), Sample("spearman", PAIRED))
    assert (same.value, same.interval, same.p, same.n) == (0.0, (0.0, 0.0), 1.0, 60)
    assert not same.is_real()


def test_the_first_against_the_second_is_the_second_against_the_first_turned_around():
    for statistic, first, second in (("mean", (X,), (NOISE,)), ("spearman", PAIRED, (X, NOISE))):
        one = difference(Sample(statistic, first), Sample(statistic, second), n_resamples=500)
        other = difference(Sample(statistic, second), Sample(statistic, first), n_resamples=500)
        assert (one.value, one.p, one.n, one.test) == (-other.value, other.p, other.n, other.test)
        np.testing.assert_allclose(one.interval, (-other.interval[1], -other.interval[0]))


def test_randomisation_equals_that_of_scipy_within_monte_carlo_error():
    rng, many = np.random.default_rng(2), 5000
    for shift in (0.0, 0.1, 0.3):
        x, y = rng.normal(shift, size=40), rng.normal(size=40)
        theirs = permutation_test(
            (x, y),
            lambda x, y, axis: np.mean(x - y, axis=axis),
            permutation_type="samples",
            n_resamples=many,
            vectorized=True,
            rng=np.random.default_rng(3),
        ).pvalue
        ours = difference(Sample("mean", (x,)), Sample("mean", (y,)), n_resamples=many)
        assert ours.test == "randomisation"
        assert ours.p == pytest.approx(theirs, abs=4 * np.sqrt(2 * theirs * (1 - theirs) / many) + 2 / many)


def test_randomisation_of_few_items_equals_all_ways_to_exchange_them():
    gap = np.array([0.1, 0.2, 0.3, 0.4, -0.2])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 5)).reshape(5, -1).T
    exact = np.mean(np.abs(signs @ gap) >= abs(gap.sum()) - 1e-12)
    ours = difference(Sample("mean", (gap,)), Sample("mean", (np.zeros(5),)), n_resamples=20_000)
    assert ours.p == pytest.approx(exact, abs=0.012)


@pytest.mark.parametrize("scale", [1e-15, 1e9])
def test_the_scale_of_a_score_does_not_matter(scale):
    gap = np.array([0.1, 0.2, 0.3, 0.4, -0.2])
    none = Sample("mean", (np.zeros(5),))
    assert difference(Sample("mean", (gap * scale,)), none).p == difference(Sample("mean", (gap,)), none).p


def test_p_values_are_even_where_chance_is_all_there_is():
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        x, y = rng.normal(size=(2, 30))
        found.append(difference(Sample("mean", (x,)), Sample("mean", (y,)), n_resamples=400).p)
    assert kstest(found, "uniform").pvalue > 0.01


def test_p_values_of_the_bootstrap_are_rarely_small_by_chance_and_small_for_what_is_real():
    rng = np.random.default_rng(6)
    chance, real = [], []
    for _ in range(150):
        y = rng.normal(size=80)
        near, also_near, far = (Sample("spearman", (y + spread * rng.normal(size=80), y)) for spread in (1, 1, 4))
        chance.append(difference(near, also_near, n_resamples=400).p)
        real.append(difference(near, far, n_resamples=400).p)
    assert np.mean(np.array(chance) < 0.05) < 0.09
    assert np.mean(np.array(real) < 0.05) > 0.85


def test_a_difference_says_in_words_whether_it_is_real():
    strong = difference(Sample("mean", (np.ones(30),)), Sample("mean", (np.zeros(30),)))
    assert strong.p == 1 / 10_001
    assert str(strong) == "+1 [+1, +1], p=0.0001, n=30: a real difference"
    assert strong.is_real(0.001)
    weak = Difference(0.1, (-0.1, 0.3), 0.2, 30, "bootstrap")
    assert str(weak) == "+0.1 [-0.1, +0.3], p=0.2, n=30: no difference that these items can show"
    assert weak.is_real(0.3)


def test_ten_thousand_resamples_of_a_thousand_queries_are_faster_than_a_loop():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1000))
    start = time.perf_counter()
    for _ in range(100):
        rows = rng.integers(0, 1000, 1000)
        spearmanr(x[rows], y[rows])
    loop = time.perf_counter() - start
    start = time.perf_counter()
    interval(Sample("spearman", (x, y)))
    assert time.perf_counter() - start < 100 * loop / 2  # a hundred times as many, in less than half the time


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 99}, "n_resamples must be at least 100, got 99"),
        ({"confidence": 0}, "between 0 and 1, such as 0.95, got 0"),
        ({"confidence": 95}, "between 0 and 1, such as 0.95, got 95"),
    ],
)
def test_parameters_that_are_not_allowed_are_refused(options, message):
    sample = Sample("mean", (X,))
    with pytest.raises(ParameterError, match=message):
        interval(sample, **options)
    with pytest.raises(ParameterError, match=message):
        difference(sample, sample, **options)


def test_only_the_same_statistic_of_the_same_items_is_compared():
    mean = Sample("mean", (X,))
    with pytest.raises(ShapeError, match="got mean of 60 items and mean of 59"):
        difference(mean, Sample("mean", (X[1:],)))
    with pytest.raises(ShapeError, match="got mean of 60 items and spearman of 60"):
        difference(mean, Sample("spearman", PAIRED))
    with pytest.raises(ShapeError, match="auc is not defined on these items, got nan and nan"):
        difference(*[Sample("auc", (np.zeros(4), np.arange(4)))] * 2)
