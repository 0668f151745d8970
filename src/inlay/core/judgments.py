"""Judgments, from which rankers learn: for each query the grades of rows."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .contracts import Grades
from .errors import ParameterError, ShapeError
from .values import IdArray


def judgments(ranker: str, n: int, y: Grades | None, *, n_rows: int | None = None) -> Grades:
    """Return the judgments of `n` queries, or say what is wrong with them.

    With `n_rows` they may name only so many rows.

    Raises
    ------
    ParameterError
        If there are none.
    ShapeError
        If there is not one mapping for each query, or one of them names a row that there is not.

    Examples
    --------
    >>> judgments("Example", 2, [{0: 1, 3: 2}, {}], n_rows=3)
    Traceback (most recent call last):
        ...
    inlay.core.errors.ShapeError: y must name rows by their numbers, from 0 to 2; query 0 has 3.
    """
    if y is None:
        raise ParameterError(f"{ranker} learns from judgments: fit(search, y), for each query the grades of its rows.")
    if len(y) != n:
        raise ShapeError(f"The search has {n} queries, but y has judgments for {len(y)}.")
    for i, grades in enumerate(y):
        if not isinstance(grades, Mapping):
            raise ShapeError(
                f"y must hold a mapping from rows to grades for each query; query {i} has a {type(grades).__name__}."
            )
        for row in grades:
            if not isinstance(row, int | np.integer):
                raise ShapeError(f"y must name rows by their numbers, those of the ids; query {i} has {row!r}.")
            if row < 0 or (n_rows is not None and row >= n_rows):
                last = "" if n_rows is None else f" to {n_rows - 1}"
                raise ShapeError(f"y must name rows by their numbers, from 0{last}; query {i} has {row}.")
    return y


def relevant_rows(y: Grades) -> list[list[int]]:
    """Return for each query the rows with a grade above 0.

    Examples
    --------
    >>> relevant_rows([{4: 2, 7: 0, 1: 0.5}, {}])
    [[4, 1], []]
    """
    return [[int(row) for row, grade in grades.items() if grade > 0] for grades in y]


def relevant_hits(ids: IdArray, y: Grades) -> NDArray[np.bool_]:
    """Return (n queries, k) whether a hit has a grade above 0; one that is not named has the grade 0.

    Examples
    --------
    >>> relevant_hits(np.array([[7, 4, -1]]), [{4: 2, 7: 0, 1: 0.5}])
    array([[False,  True, False]])
    """
    found = [np.isin(some, rows) for some, rows in zip(ids, relevant_rows(y), strict=True)]
    return np.array(found, bool).reshape(ids.shape) & (ids >= 0)
