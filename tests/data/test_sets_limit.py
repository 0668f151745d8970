"""LIMIT is read with the counts of its publisher."""

import pytest

from inlay.data.datasets import load


@pytest.mark.data
def test_the_small_part_is_read_whole():
    found = load("limit-small")
    assert [len(found[name]) for name in ("documents", "queries", "relevant")] == [46, 1000, 1000]
    assert {len(of) for of in found["relevant"].values()} == {2}
    assert len({frozenset(of) for of in found["relevant"].values()}) == 1000
    assert found["queries"]["query_0"] == "Who likes Joshua Trees?"
    for person in found["relevant"]["query_0"]:
        assert "Joshua Trees" in found["documents"][person]
