"""Google's analogies have their questions and sections."""

from collections import Counter

import pytest

from inlay.data.datasets import load

pytestmark = pytest.mark.data


def test_counts_and_known_questions():
    found = load("google_analogies")
    assert {name: len(column) for name, column in found.items()} == dict.fromkeys(
        ("a", "b", "c", "d", "section"), 19544
    )
    assert [found[name][0] for name in found] == ["Athens", "Greece", "Baghdad", "Iraq", "capital-common-countries"]
    sections = Counter(found["section"])
    assert len(sections) == 14
    assert (sections["family"], sections["gram6-nationality-adjective"]) == (506, 1599)
    assert len({word for name in "abcd" for word in found[name]}) == 905
