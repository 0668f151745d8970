"""The short texts are read whole: the counts of their publishers, and rows known by sight."""

from collections import Counter

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "n", "n_labels", "first", "label"),
    [
        ("agnews-short", 8000, 4, "bhp billiton approves chile copper project", 3),
        ("searchsnippets", 12340, 8, "turtlesoft goldenseal software reference", 1),
        ("stackoverflow-short", 20000, 20, "How do I fill a DataSet or a DataTable from a LINQ query resultset ?", 18),
    ],
)
def test_counts_and_first_rows(name, n, n_labels, first, label):
    found = load(name)
    assert len(found["text"]) == len(found["label"]) == n
    assert len(set(found["label"])) == n_labels
    assert found["text"][0].startswith(first)
    assert found["label"][0] == label
    assert all(text and text == text.strip() and "\t" not in text for text in found["text"])


def test_topics_of_equal_size_are_of_equal_size():
    assert set(Counter(load("agnews-short")["label"]).values()) == {2000}
    assert set(Counter(load("stackoverflow-short")["label"]).values()) == {1000}
