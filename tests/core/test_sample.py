"""A sample holds what is known of each item, keeps it as it was given, and refuses what it cannot count."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.sample import Sample
from inlay.core.statistics import STATISTICS


def test_value_is_that_of_all_items_and_values_those_of_resamples():
    sample = Sample("mean", ([1, 2, 6],))
    assert len(sample) == 3
    assert sample.value() == 3.0
    assert type(sample.value()) is float
    assert sample.values([[1, 1, 1], [3, 0, 0], [0, 1, 2]]).tolist() == [3.0, 1.0, 14 / 3]


@pytest.mark.parametrize("name", STATISTICS)
def test_every_statistic_can_be_asked_for(name):
    columns = ([1, 0, 1, 0],) if name == "mean" else ([1, 0, 1, 0], [1, 0, 0.5, 1])
    sample = Sample(name, columns)
    assert sample.value() == sample.values(np.ones((2, 4)))[1]
    assert np.isfinite(sample.value())


def test_columns_are_copies_that_can_only_be_read():
    given = np.array([1.0, 2.0])
    sample = Sample("mean", (given,))
    given[0] = 100
    assert sample.value() == 1.5
    with pytest.raises(ValueError, match="read-only"):
        sample.columns[0][0] = 5
    with pytest.raises(AttributeError):
        sample.statistic = "ratio"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 2], [1, 2, 3]), r"one length, at least 1, got the shapes \[\(2,\), \(3,\)\]"),
        (([], []), "at least 1"),
        (([[1, 2]], [[1, 2]]), r"\[\(1, 2\)\]"),
        (([1, float("nan")], [1, 2]), "not finite numbers"),
        (([1, 2], [1, float("inf")]), "not finite numbers"),
        ((["one", "two"], [1, 2]), "needs columns of numbers"),
        (([1, 2],), "spearman takes 2 columns, got 1"),
        (([1, 2], [1, 2], [1, 2]), "spearman takes 2 columns, got 3"),
        ((), "spearman takes 2 columns, got 0"),
    ],
)
def test_columns_that_cannot_be_counted_are_refused(columns, message):
    with pytest.raises(ShapeError, match=message):
        Sample("spearman", columns)


def test_an_unknown_statistic_is_refused():
    with pytest.raises(ParameterError, match=r"one of \['auc', .*got 'median'"):
        Sample("median", ([1],))
