"""A condition on a table is one whole expression: it neither leaks into others nor ends before its end."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from inlay._space.table import Table
from inlay.core.errors import ParameterError


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Twelve rows: `a` is 0 to 5 twice, `b` the number of the row; row 3, where a is 3, is deleted."""
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(24, np.float32)), 2)
    rows = pa.table({"a": np.arange(12) % 6, "b": np.arange(12), "vector": vectors})
    table = Table.create(str(tmp_path / "t.lance"), rows, {"uid": "x"})
    return table.commit([], table.addresses("b = 3"), table.schema, table.meta)


def found(table: Table, where: str) -> list[int]:
    rows: list[int] = table.read(["b"], where)["b"].to_pylist()
    assert len(table.addresses(where)) == len(rows)
    return rows


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("a = 1 OR b = 2", [1, 2, 7]),
        ("b = 2 OR a = 3", [2, 9]),  # not the row that is deleted
        ("(a = 1 OR b = 2) AND b < 5", [1, 2]),
        ("a = 1 OR b = 2 AND b > 5", [1, 7]),
        ("NOT a = 1 AND b > 5", [6, 8, 9, 10, 11]),
        ("a = 1 -- ) OR true", [1, 7]),
        ("a = 1) OR (b = 2", [1, 2, 7]),
        ("true", [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_a_condition_holds_for_its_rows_alone(table: Table, where: str, rows: list[int]) -> None:
    assert found(table, where) == rows


@pytest.mark.parametrize(
    "where", ["a = 1) b = 2", "a = 1) AND (a", "a = 1; b = 2", "a = 1 b = 2", "a = 1)", "a = 1 OR", "", "a"]
)
def test_what_is_not_one_condition_is_refused(table: Table, where: str) -> None:
    with pytest.raises(ParameterError, match=r"(?s)cannot be understood.*\['a', 'b'\]"):
        table.addresses(where)


@pytest.mark.parametrize("where", ['"a" = 1', "a = 1 OR \"b b\" <> 'y'", 'a = 1 AND b <> "it\'s"', "'x' = \"x'\""])
def test_double_quotes_are_refused(table: Table, where: str) -> None:
    with pytest.raises(ParameterError, match=r"double quotes.*names with spaces or capitals stand in backticks"):
        table.addresses(where)
    with pytest.raises(ParameterError, match="double quotes"):
        table.read(["b"], where)


def test_a_double_quote_may_stand_in_text(table: Table) -> None:
    assert found(table, "a = 1 AND 'it''s \"' <> 'x'") == [1, 7]
    assert found(table, "a = 1 AND `b` > 1") == [7]
