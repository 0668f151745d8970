"""A task goes where the others predict it: equal to scikit-learn's regression model by model, and to a loop over it."""

import csv
import itertools

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.linear_model import LinearRegression

from inlay.core.errors import DataError, ParameterError
from inlay.tasks import _downsample
from inlay.tasks._downsample import downsample


def drawn(n_models, n_tasks, seed=0, noise=3.0):
    """Scores of models that differ in two abilities, on tasks that ask for both in different shares."""
    rng = np.random.default_rng(seed)
    ability, share = rng.normal(60, 10, (n_models, 2)), rng.uniform(size=n_tasks)
    table = np.outer(ability[:, 0], share) + np.outer(ability[:, 1], 1 - share)
    return table + noise * rng.normal(size=table.shape)


def by_name(table):
    return {f"t{i}": column for i, column in enumerate(table.T)}


def predicted(table):
    out = np.empty_like(table)
    for model, task in itertools.product(*map(range, table.shape)):
        others, rest = np.delete(table, task, axis=1), np.arange(len(table)) != model
        out[model, task] = LinearRegression().fit(others[rest], table[rest, task]).predict(others[[model]])[0]
    return out


@pytest.mark.parametrize("n_tasks", [2, 5, 8, 9, 10, 11, 30])  # for 10 models: fewer, as many, and more
def test_predictions_equal_scikit_learn(n_tasks):
    table = drawn(10, n_tasks)
    np.testing.assert_allclose(_downsample._predictions(table), predicted(table), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("correlation", [0.95, 0.8, 0.3])
def test_equals_a_loop(correlation):
    table = drawn(9, 14)
    names, dropped = [f"t{i}" for i in range(14)], []
    while len(names) > 1:
        part = table[:, [int(name[1:]) for name in names]]
        guess = predicted(part)
        quality = [
            (round(spearmanr(*pair).statistic, 9), pearsonr(*pair).statistic)
            for pair in zip(guess.T, part.T, strict=True)
        ]
        best = max(range(len(names)), key=lambda i: quality[i])
        if quality[best][0] < correlation:
            break
        dropped.append((names.pop(best), quality[best][0]))
    got = downsample(by_name(table), correlation=correlation)
    assert got.kept == tuple(names)
    assert [name for name, _ in got.dropped] == [name for name, _ in dropped]
    assert [found for _, found in got.dropped] == pytest.approx([found for _, found in dropped])
    whole = table[:, [int(name[1:]) for name in names]].mean(1)
    assert got.spearman == pytest.approx(spearmanr(whole, table.mean(1)).statistic)


def test_what_says_nothing_new_goes_first_and_what_is_alone_stays():
    rng = np.random.default_rng(1)
    a, b, alone = rng.normal(50, 10, (3, 20))
    scores = {"a": a, "b": b, "both": a + b, "again": 2 * a + 1, "alone": alone}
    got = downsample(scores, correlation=0.9)
    assert got.kept[-1] == "alone"
    assert len(got.kept) == 3
    assert {found for _, found in got.dropped} == {1.0}


def test_a_table_of_noise_is_left_whole():
    got = downsample(by_name(np.random.default_rng(3).normal(size=(30, 6))))
    assert (len(got.kept), got.dropped, got.spearman) == (6, (), pytest.approx(1))


def test_so_many_are_kept_and_always_those_that_are_named():
    scores = by_name(drawn(8, 10))
    for n in (1, 3, 10, 50):
        assert len(downsample(scores, correlation=-1, n_tasks=n).kept) == min(n, 10)
    assert downsample(scores, correlation=-1, always={"t3", "t7"}).kept == ("t3", "t7")
    assert downsample(scores, always=set(scores)).kept == tuple(scores)


def test_a_lower_correlation_goes_on_where_a_higher_one_stopped():
    scores = by_name(drawn(9, 14))
    high, low = downsample(scores, correlation=0.9), downsample(scores, correlation=0.5)
    assert set(low.kept) < set(high.kept)
    assert low.dropped[: len(high.dropped)] == high.dropped
    assert all(found >= 0.5 for _, found in low.dropped)


def test_the_unit_of_a_task_does_not_matter_where_it_is_predicted_exactly():
    table = drawn(12, 4)  # fewer tasks than models
    plain = downsample(by_name(table), correlation=0.5)
    scaled = downsample(by_name(table * [1, 100, 0.01, 3] + [0, 5, -7, 1]), correlation=0.5)
    assert plain.kept == scaled.kept
    assert plain.dropped == scaled.dropped


def test_a_task_on_which_all_models_are_equal_is_not_predicted():
    scores = by_name(drawn(9, 5, noise=0)) | {"flat": np.ones(9)}
    got = downsample(scores, correlation=0.9)
    assert "flat" in got.kept


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"a": [1, 2, 3, 4], "b": [1, 2, 3]}, r"same models, at least 4, on every task; got"),
        ({"a": [1, 2, 3]}, "at least 4"),
        ({"a": [[1, 2, 3, 4]]}, "at least 4"),
        ({}, "got no tasks"),
        ({"a": [1, 2, 3, float("nan")]}, "needs a score of each model; a has"),
    ],
)
def test_tables_with_holes_are_refused(scores, message):
    with pytest.raises(DataError, match=message):
        downsample(scores)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correlation": 1.5}, "between -1 and 1, such as 0.8, got 1.5"),
        ({"correlation": float("nan")}, "between -1 and 1"),
        ({"n_tasks": 0}, "n_tasks must be at least 1, got 0"),
        ({"always": ["t9"]}, "always names 't9', which is not among the tasks t0, t1"),
    ],
)
def test_parameters_that_are_not_allowed_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        downsample(by_name(drawn(5, 2)), **options)


@pytest.mark.data
def test_published_scores_rank_the_models_alike_with_two_thirds_of_the_tasks(data_folder):
    with (data_folder / "mteb_published_scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    scores = {row[0]: [float(score) for score in row[2:]] for row in rows if all(row[2:])}  # of all 14 models
    assert len(scores) == 23
    got = downsample(scores)
    assert len(got.kept) == 15
    assert got.spearman == pytest.approx(0.9956, abs=1e-4)
    assert got.dropped[0] == ("STS14", pytest.approx(0.9736, abs=1e-4))
