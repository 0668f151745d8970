from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from inlay.core.errors import DataError, ParameterError
from inlay.encoders.tables import ColumnEncoder
from inlay.encoders.tables._self_join import joinable
from inlay.encoders.text import HashingEncoder
from inlay.testing import check

COLUMNS = [
    ("Capitals", "City", ["Bern", "Paris", "Rome", "Paris"]),
    {"title": "Night trains", "name": "To", "cells": ["Wien", "Rome", "Paris"]},
    {"name": "Year", "cells": np.array([1999, 2001, 1999])},
    {"cells": []},
]


def by_loops(column: tuple[str, str, list[str]], repository: list[tuple[str, str, list[str]]], n_cells: int) -> str:
    title, name, cells = column
    distinct: list[str] = []
    for cell in cells:
        if cell not in distinct:
            distinct.append(cell)

    def rank(cell: str) -> tuple[int, int, int]:
        columns = sum(cell in other for _, _, other in repository)
        return -max(columns, 1), -cells.count(cell), distinct.index(cell)

    lengths = [len(cell) for cell in distinct]
    statistics = f"{max(lengths)}, {min(lengths)}, {sum(lengths) / len(lengths):.2f}"
    said = ", ".join(sorted(distinct, key=rank)[:n_cells])
    return f"{title}. {name} contains {len(distinct)} values ({statistics}): {said}"


cells = st.lists(st.sampled_from(["a", "bb", "ccc", "Ünïcode", "e e", "f", "g"]), min_size=1, max_size=8)


@given(st.lists(cells, min_size=1, max_size=6), st.integers(1, 8))
def test_texts_are_those_of_loops(columns: list[list[str]], n_cells: int) -> None:
    repository = [(f"T{i}", "Name", column) for i, column in enumerate(columns)]
    encoder = ColumnEncoder(HashingEncoder(dim=8), n_cells=n_cells, n_epochs=0)
    assert encoder.texts(repository) == [by_loops(column, [], n_cells) for column in repository]
    encoder.fit(repository)
    assert encoder.texts(repository) == [by_loops(column, repository, n_cells) for column in repository]
    found = Counter(cell for column in columns for cell in set(column))
    assert sorted(encoder.frequencies_) == sorted(count for count in found.values() if count > 1)


def test_vectors_are_those_of_the_texts() -> None:
    inner = HashingEncoder(dim=64)
    encoder = ColumnEncoder(inner, n_epochs=0).fit(COLUMNS)
    texts = encoder.texts([*COLUMNS, "capitals of Europe"])
    assert texts == [
        "Capitals. City contains 3 values (5, 4, 4.33): Paris, Rome, Bern",
        "Night trains. To contains 3 values (5, 4, 4.33): Rome, Paris, Wien",
        "Year contains 2 values (4, 4, 4.00): 1999, 2001",
        " contains 0 values (0, 0, 0.00): ",
        "capitals of Europe",
    ]
    np.testing.assert_array_equal(encoder.encode([*COLUMNS, "capitals of Europe"]), inner.encode(texts))


@pytest.mark.parametrize("n_per_text", [1, 2, 5])
def test_cells_in_several_texts_are_the_mean_of_those(n_per_text: int) -> None:
    inner = HashingEncoder(dim=64)
    encoder = ColumnEncoder(inner, n_per_text=n_per_text, template="{name}, {n}: {cells}")
    column = ("", "Name", [f"cell {i}" for i in range(5)])
    want = np.zeros(64)
    for start in range(0, 5, n_per_text):
        some = column[2][start : start + n_per_text]
        want += len(some) / 5 * inner.encode([f"Name, 5: {', '.join(some)}"])[0]
    got = encoder.encode([column, "a question", ("", "None", [])])
    np.testing.assert_allclose(got[0], want, atol=1e-6)
    np.testing.assert_allclose(got[1:], inner.encode(["a question", "None, 0: "]), atol=1e-6)
    assert len(encoder.texts([column])) == -(-5 // n_per_text)
    assert encoder.encode([]).shape == (0, 64)


@given(st.lists(cells, max_size=6), st.sampled_from([0.25, 0.5, 1.0]))
def test_pairs_are_those_of_loops(columns: list[list[str]], threshold: float) -> None:
    numbers = [np.array(sorted({ord(cell[0]) for cell in column}), np.int64) for column in columns]
    want = [
        (i, j)
        for i, a in enumerate(columns)
        for j, b in enumerate(columns)
        if i != j and len(set(a) & set(b)) >= threshold * len(set(a))
    ]
    first, second = joinable(numbers, threshold)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == want


def drawn_columns(seed: int) -> list[tuple[str, str, list[str]]]:
    """Return ten columns of each of six domains, with many words in their titles that say nothing."""
    rng = np.random.default_rng(seed)
    noise = [f"noise{i}" for i in range(10)]
    return [
        (" ".join(rng.choice(noise, 20)), "", [f"word{i % 6}{j}" for j in rng.permutation(12)[:6]]) for i in range(60)
    ]


def test_columns_that_can_be_joined_are_learned_to_be_neighbours() -> None:
    learned = ColumnEncoder(HashingEncoder(dim=128), template="{title} {cells}", batch_size=16, learning_rate=0.01)
    plain = clone(learned).set_params(n_epochs=0)
    domain, found = np.arange(60) % 6, []
    for encoder in (plain, learned):
        X = encoder.fit(drawn_columns(0)).encode(drawn_columns(1))
        nearest = (X @ X.T - 2 * np.eye(60)).argsort(axis=1)[:, -9:]
        found.append((domain[nearest] == domain[:, None]).mean())
    assert found[0] < 0.6
    assert found[1] > 0.9
    assert learned.losses_.shape == (20,)
    want = plain.encode(COLUMNS[:3]) @ learned.map_
    want /= np.linalg.norm(want, axis=1, keepdims=True)
    np.testing.assert_allclose(learned.encode(COLUMNS[:3]), want, atol=1e-5)


def test_without_pairs_nothing_is_learned() -> None:
    apart = [("", "A", ["a", "b"]), ("", "B", ["c", "d"])]
    encoder = ColumnEncoder(HashingEncoder(dim=8)).fit(apart)
    assert encoder.map_.shape == (0, 0)
    np.testing.assert_array_equal(encoder.encode(apart), ColumnEncoder(HashingEncoder(dim=8)).encode(apart))
    encoder.fit(COLUMNS)
    assert encoder.map_.shape == (8, 8)
    assert encoder.fit(apart).map_.shape == (0, 0)


def test_what_many_columns_have_is_written_out() -> None:
    tall = ("", "Place", [f"village {i}" for i in range(1000)] + ["Paris"])
    short = ColumnEncoder(HashingEncoder(), n_cells=1, template="{cells}")
    assert short.texts([tall]) == ["village 0"]
    assert short.fit([tall, COLUMNS[0]]).texts([tall]) == ["Paris"]


def test_missing_cells_and_plain_values() -> None:
    cells = [None, float("nan"), " ", np.int64(3), 3, 2.5, True, date(2024, 5, 1), np.str_(" x ")]
    encoder = ColumnEncoder(HashingEncoder(dim=8), template="{name}|{n}|{cells}")
    assert encoder.texts([(None, 7, cells)]) == ["7|5|3, 2.5, True, 2024-05-01, x"]


def test_columns_pass_the_checks_of_encoders() -> None:
    words = ["red", "green", "blue", "rose", "tulip", "oak", "elm"]
    items = [("title", word, (word, f"{word} leaf", i % 3)) for i, word in enumerate(words)]
    for n_per_text in (None, 1):
        check(ColumnEncoder(HashingEncoder(dim=64), n_per_text=n_per_text, batch_size=4), items=items)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (None, "Item 1 is no column"),
        (("title", "name"), "Item 1 is no column"),
        ({"name": "no cells"}, "Item 1 is no column"),
        (("title", "name", "cells"), "cells of item 1 must be a list, got 'cells'"),
        (("title", "name", 3), "cells of item 1 must be a list, got 3"),
        (("title", "name", [b"bytes"]), "Item 1 has a bytes where a text"),
        (("title", "name", [["nested"]]), "Item 1 has a list where a text"),
    ],
)
def test_what_is_no_column_is_refused(item: object, said: str) -> None:
    encoder = ColumnEncoder(HashingEncoder(dim=8))
    with pytest.raises(DataError, match=said):
        encoder.encode([COLUMNS[0], item])
    with pytest.raises(DataError, match=said):
        encoder.fit([COLUMNS[0], item])


def test_wrong_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="n_cells must be at least 1, got 0"):
        ColumnEncoder(HashingEncoder(), n_cells=0).encode(COLUMNS)
    with pytest.raises(ParameterError, match=r"\['cells.__class__'\] are not among them"):
        ColumnEncoder(HashingEncoder(), template="{cells.__class__}").encode(COLUMNS)
    with pytest.raises(ParameterError, match="n_per_text must be at least 1, got 0"):
        ColumnEncoder(HashingEncoder(), n_per_text=0).encode(COLUMNS)
    for name, value in (("threshold", 0), ("threshold", 1.5), ("temperature", 0), ("batch_size", 1), ("n_epochs", -1)):
        with pytest.raises(ParameterError, match=f"{name} must be .*, got {value}"):
            ColumnEncoder(HashingEncoder()).set_params(**{name: value}).fit(COLUMNS)
    for template in ("{cells", "{cells:d}", "{n:{n}x{n}}"):
        with pytest.raises(ParameterError, match="is no format"):
            ColumnEncoder(HashingEncoder(), template=template).encode(COLUMNS)
    with pytest.raises(ParameterError, match="got one dict; wrap it"):
        ColumnEncoder(HashingEncoder()).encode(COLUMNS[1])  # type: ignore[arg-type]
