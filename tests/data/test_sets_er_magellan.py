"""Pairs of records have the counts of their publishers, and a line that is no pair is named."""

import pytest

from inlay.core.errors import DataError, MissingData
from inlay.data.datasets import known_sets, load


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "fields", "counts"),
    [
        ("abt-buy", ("name", "description", "price"), ((5743, 616), (1916, 206), (1916, 206))),
        ("amazon-google", ("title", "manufacturer", "price"), ((6874, 699), (2293, 234), (2293, 234))),
        ("dblp-acm", ("title", "authors", "venue", "year"), ((7417, 1332), (2473, 444), (2473, 444))),
    ],
)
def test_counts_and_fields(name, fields, counts):
    pairs = load(name)
    assert len(pairs) == 15
    for part, (n, positive) in zip(("train_", "valid_", ""), counts, strict=True):
        columns = [pairs[f"{part}{column}"] for column in ("text1", "text2", "record1", "record2", "label")]
        assert {len(column) for column in columns} == {n}
        assert sum(columns[-1]) == positive
        assert {tuple(record) for side in columns[2:4] for record in side} == {fields}
        assert all(text == text.strip() != "" for side in columns[:2] for text in side)


@pytest.mark.data
def test_a_known_pair():
    pairs = load("amazon-google")
    assert pairs["train_text1"][0] == "microsoft visio standard 2007 version upgrade microsoft 129.95"
    assert pairs["train_text2"][0] == "adobe cs3 design standard upgrade 413.99"  # without a manufacturer
    assert pairs["train_record2"][0] == {
        "title": "adobe cs3 design standard upgrade",
        "manufacturer": "",
        "price": "413.99",
    }
    assert pairs["train_label"][0] == 0


_LINE = "COL name VAL a thing COL price VAL \tCOL name VAL the COL thing  COL price VAL 1.5 \t1\n"


def _write(folder, **parts):
    inside = folder / "Textual" / "Abt-Buy"
    inside.mkdir(parents=True)
    for part, text in parts.items():
        (inside / f"{part}.txt").write_text(text, encoding="utf-8")


def test_empty_values_and_words_like_the_marks(tmp_path):
    _write(tmp_path, train=_LINE * 2, valid=_LINE, test=_LINE)
    pairs = known_sets()["abt-buy"].read(tmp_path)
    assert pairs["train_label"] == [1, 1]
    assert (pairs["valid_record1"], pairs["valid_text1"]) == ([{"name": "a thing", "price": ""}], ["a thing"])
    assert (pairs["record2"], pairs["text2"]) == ([{"name": "the COL thing", "price": "1.5"}], ["the COL thing 1.5"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("COL name VAL a\tCOL name VAL b\n", "not two records and a 0 or 1"),
        ("COL name VAL a\tCOL name VAL b\t1\t1\n", "not two records and a 0 or 1"),
        ("COL name VAL a\tCOL name VAL b\tyes\n", "not two records and a 0 or 1.*'COL name VAL a"),
        ("\n", "not two records and a 0 or 1"),
        ("name a\tCOL name VAL b\t1\n", "not 'COL name VAL value' for each field: 'name a'"),
        ("COL name VAL a\tx COL name VAL b\t1\n", "not 'COL name VAL value' for each field: 'x COL"),
        ("COL name VAL a\t\t1\n", "not 'COL name VAL value' for each field: ''"),
        ("COL name VAL a COL name VAL c\tCOL name VAL b\t1\n", "not 'COL name VAL value' for each field"),
    ],
)
def test_a_broken_line_is_named(tmp_path, line, said):
    _write(tmp_path, train=_LINE, valid=_LINE + line, test=_LINE)
    with pytest.raises(DataError, match=rf"valid\.txt:2: this .*{said}"):
        known_sets()["abt-buy"].read(tmp_path)


def test_a_part_that_lacks_or_is_empty_is_named(tmp_path, monkeypatch):
    _write(tmp_path / "er_ditto", train=_LINE, valid="")
    monkeypatch.setenv("INLAY_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"valid\.txt holds no pairs"):
        load("abt-buy")
    (tmp_path / "er_ditto" / "Textual" / "Abt-Buy" / "valid.txt").write_text(_LINE)
    with pytest.raises(MissingData, match=r"'abt-buy' is not whole: .*test\.txt"):
        load("abt-buy")
