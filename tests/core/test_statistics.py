"""Every statistic equals scipy or scikit-learn; weights are the same as items repeated; undefined is NaN."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from inlay.core.statistics import STATISTICS

RANKED = ("average_precision", "best_f1", "best_accuracy", "auc", "equal_error_rate")
LABELLED = ("f1", "macro_f1")
NUMERIC = ("ratio", "pearson", "spearman")


def thresholds(true, score):
    """Yield true positives, false positives, false negatives and true negatives at each threshold, highest first."""
    for threshold in [np.inf, *sorted(set(score), reverse=True)]:
        taken = [s >= threshold for s in score]
        yield tuple(
            sum(t == y and int(p) == x for t, p in zip(true, taken, strict=True))
            for y, x in ((1, 1), (0, 1), (1, 0), (0, 0))
        )


def best_f1(true, score):
    return max(2 * tp / (2 * tp + fp + fn) if tp else 0.0 for tp, fp, fn, _ in thresholds(true, score))


def best_accuracy(true, score):
    return max((tp + tn) / len(true) for tp, _, _, tn in thresholds(true, score))


def equal_error_rate(true, score):
    before = None
    for tp, fp, fn, tn in thresholds(true, score):
        accepts, rejects = fp / (fp + tn), fn / (fn + tp)
        if accepts == rejects:
            return accepts
        if accepts > rejects:  # the two lines cross between this threshold and the one before
            a, r = before
            part = (r - a) / ((accepts - a) + (r - rejects))
            return a + part * (accepts - a)
        before = accepts, rejects
    raise AssertionError("the lines always cross")


REFERENCES = {
    "mean": np.mean,
    "ratio": lambda x, y: sum(x) / sum(y),
    "pearson": lambda x, y: pearsonr(x, y).statistic,
    "spearman": lambda x, y: spearmanr(x, y).statistic,
    "f1": f1_score,
    "macro_f1": lambda true, predicted: f1_score(true, predicted, average="macro"),
    "average_precision": average_precision_score,
    "best_f1": best_f1,
    "best_accuracy": best_accuracy,
    "auc": roc_auc_score,
    "equal_error_rate": equal_error_rate,
}


def drawn_columns(name, rng, n):
    if name == "mean":
        return (rng.normal(size=n),)
    if name in RANKED:
        return rng.permutation(np.arange(n) % 2), np.round(rng.normal(size=n), 1)  # with ties
    if name == "macro_f1":
        return rng.integers(0, 4, n), rng.integers(0, 4, n)
    if name == "f1":
        return rng.permutation(np.arange(n) % 2), rng.integers(0, 2, n)
    return np.round(rng.normal(5, 1, n), 1), np.round(rng.normal(5, 1, n), 1)


def plain(name, columns):
    columns = [np.asarray(column, np.float64) for column in columns]
    return STATISTICS[name](np.ones((1, len(columns[0]))), *columns)[0]


def test_every_statistic_has_a_reference():
    assert set(REFERENCES) == set(STATISTICS) == {"mean", *RANKED, *LABELLED, *NUMERIC}


@pytest.mark.parametrize("name", STATISTICS)
def test_equals_the_reference_on_plain_items(name):
    for seed in range(20):
        columns = drawn_columns(name, np.random.default_rng(seed), 2 + 3 * seed)
        assert plain(name, columns) == pytest.approx(REFERENCES[name](*columns), abs=1e-12), seed


@pytest.mark.parametrize("name", STATISTICS)
def test_many_resamples_at_once_are_each_that_of_the_repeated_items(name):
    rng = np.random.default_rng(3)
    columns = drawn_columns(name, rng, 40)
    weights = rng.multinomial(40, np.full(40, 1 / 40), size=50)
    got = STATISTICS[name](weights.astype(float), *(np.asarray(c, float) for c in columns))
    want = [REFERENCES[name](*(np.repeat(column, w) for column in columns)) for w in weights]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)


@st.composite
def weighted(draw, low, high):
    """Few items of few values, so that ties, constant columns and items of weight zero are common."""
    n = draw(st.integers(1, 8))
    first = draw(st.lists(st.integers(low, high), min_size=n, max_size=n))
    second = draw(st.lists(st.integers(-2, 2), min_size=n, max_size=n))
    weights = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n).filter(any))
    return np.array(weights), np.array(first, float), np.array(second, float)


def check_repeated(name, weights, columns, undefined):
    got = STATISTICS[name](weights[None].astype(float), *columns)[0]
    repeated = [np.repeat(column, weights) for column in columns]
    if undefined(*repeated):
        assert np.isnan(got)
    else:
        assert got == pytest.approx(REFERENCES[name](*repeated), abs=1e-9)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
@given(sample=weighted(-2, 2), scale=st.sampled_from([1.0, 0.1, 1e-7, 1e6]), shift=st.sampled_from([0.0, 0.1, 1e4]))
def test_weighted_correlations_are_those_of_repeated_items(name, sample, scale, shift):
    weights, x, y = sample
    check_repeated(name, weights, (x * 1.0 * scale, y + shift), lambda x, y: np.ptp(x) == 0 or np.ptp(y) == 0)


@pytest.mark.parametrize("name", RANKED)
@given(sample=weighted(0, 1))
def test_weighted_rankings_are_those_of_repeated_items(name, sample):
    weights, true, score = sample
    needed = {"auc": {0, 1}, "equal_error_rate": {0, 1}, "average_precision": {1}, "best_f1": {1}}.get(name, set())
    check_repeated(name, weights, (true, score), lambda true, score: not needed <= set(true))


@given(sample=weighted(0, 1), low=st.integers(-1, 1))
def test_weighted_classes_are_those_of_repeated_items(sample, low):
    weights, true, other = sample
    one = (other > low) * 1.0
    check_repeated("f1", weights, (true, one), lambda true, predicted: not (true.any() or predicted.any()))
    check_repeated("macro_f1", weights, (true * 2, other), lambda true, predicted: False)


@given(sample=weighted(-2, 2))
def test_weighted_sums_are_those_of_repeated_items(sample):
    weights, x, y = sample
    check_repeated("mean", weights, (x,), lambda x: False)
    check_repeated("ratio", weights, (x, y), lambda x, y: sum(y) == 0)


@pytest.mark.parametrize("name", STATISTICS)
def test_nothing_drawn_has_no_value(name):
    columns = [np.asarray(column, float) for column in drawn_columns(name, np.random.default_rng(0), 6)]
    assert np.isnan(STATISTICS[name](np.zeros((2, 6)), *columns)).all()


@pytest.mark.parametrize("name", ["average_precision", "best_f1", "auc", "equal_error_rate"])
def test_a_ranking_without_a_positive_has_no_value(name):
    assert np.isnan(plain(name, ([0, 0, 0], [0.1, 0.2, 0.3])))


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_a_column_that_does_not_vary_has_no_correlation(name):
    x = np.array([0.1, 0.1, 0.7, 0.3, 1 / 3])
    weights = np.array([[3, 4, 0, 0, 0], [0, 0, 7, 0, 0], [0, 0, 0, 0, 6.0]])
    assert np.isnan(STATISTICS[name](weights, x, np.arange(5.0))).all()
    assert np.isnan(plain(name, ([0.1] * 7, range(7))))


def test_pearson_keeps_its_digits_far_from_zero():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 100))
    assert plain("pearson", (1e8 + x, y)) == pytest.approx(pearsonr(x, y).statistic, abs=1e-6)


def test_small_cases_by_hand():
    # thresholds: 0.9 accepts no negative and rejects 1/2; 0.8 accepts 1/2 and rejects 1/2
    assert plain("equal_error_rate", ([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])) == 0.5
    assert plain("equal_error_rate", ([1, 1, 0, 0], [0.9, 0.8, 0.7, 0.1])) == 0
    assert plain("equal_error_rate", ([0, 0, 1, 1], [0.9, 0.8, 0.7, 0.1])) == 1
    assert plain("equal_error_rate", ([1, 0], [0.5, 0.5])) == 0.5
    assert plain("best_accuracy", ([0, 0, 0, 1], [0.9, 0.8, 0.7, 0.1])) == 0.75  # take none
    assert plain("auc", ([1, 0, 0], [0.5, 0.5, 0.1])) == 0.75
    assert plain("f1", ([1, 1, 0, 0], [1, 0, 1, 0])) == 0.5
