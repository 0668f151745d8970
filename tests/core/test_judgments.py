"""Judgments are refused in one way, whatever learns from them."""

import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.judgments import judgments, relevant_hits, relevant_rows

Y = [{4: 2.0, 7: 0, np.int64(1): 0.5}, {}, {5: 3, 0: -1}]


def test_what_is_right_comes_back_as_it_is():
    assert judgments("Example", 3, Y) is Y
    assert judgments("Example", 2, Y[:2], n_rows=8) == Y[:2]
    assert judgments("Example", 0, []) == []


@pytest.mark.parametrize(
    ("y", "error", "said"),
    [
        (None, ParameterError, r"Example learns from judgments: fit\(search, y\)"),
        ([{}], ShapeError, "has 2 queries, but y has judgments for 1"),
        ([{}, {}, {}], ShapeError, "but y has judgments for 3"),
        ([{}, [1, 0]], ShapeError, "query 1 has a list"),
        (np.zeros((2, 3)), ShapeError, "query 0 has a ndarray"),
        ([{"a": 1}, {}], ShapeError, "by their numbers, those of the ids; query 0 has 'a'"),
        ([{}, {1.0: 1}], ShapeError, "query 1 has 1.0"),
        ([{}, {0: 1, 5: 0}], ShapeError, "from 0 to 4; query 1 has 5"),
        ([{-1: 1}, {}], ShapeError, "from 0 to 4; query 0 has -1"),
    ],
)
def test_what_is_wrong_is_refused(y, error, said):
    with pytest.raises(error, match=said):
        judgments("Example", 2, y, n_rows=5)


def test_relevant_is_what_has_a_grade_above_0():
    assert relevant_rows(Y) == [[4, 1], [], [5]]
    hits = relevant_hits(np.array([[1, 7, 4, 9], [4, 1, 0, 7], [0, 4, -1, -1]]), Y)
    assert hits.tolist() == [[True, False, True, False], [False] * 4, [False] * 4]
    assert relevant_hits(np.empty((3, 0), np.int64), Y).shape == (3, 0)
    assert relevant_hits(np.empty((0, 4), np.int64), []).shape == (0, 4)


def test_rows_below_zero_are_refused():
    with pytest.raises(ShapeError, match="from 0; query 1 has -1"):
        judgments("Example", 2, [{0: 1}, {-1: 1}])
