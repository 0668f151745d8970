"""The tables have their rows, classes and types."""

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "n", "positive"),
    [("adult", 16281, 3846), ("adult-train", 32561, 7841), ("mammography", 11183, 260), ("phoneme", 5404, 1586)],
)
def test_counts(name, n, positive):
    table = load(name)
    assert {len(column) for column in table.values()} == {n}
    assert sum(table["label"]) == positive
    assert set(table["label"]) == {0, 1}


def test_columns_of_adult_are_named_and_typed():
    table = load("adult-train")
    assert len(table) == 15
    assert (table["age"][0], table["education"][0], table["native-country"][0]) == (39.0, "Bachelors", "United-States")
    assert {type(value) for value in table["capital-gain"]} == {float}
    assert table["workclass"].count("?") == 1836
    assert set(table["sex"]) == {"Male", "Female"}


def test_vectors_have_one_width():
    assert {len(row) for row in load("mammography")["vector"]} == {6}
    assert load("phoneme")["vector"][0] == [1.24, 0.875, -0.205, -0.078, 0.067]
