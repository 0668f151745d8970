"""The chunks of source code are read with the counts of their publisher."""

import pytest

from inlay.data.datasets import load


@pytest.mark.data
def test_the_chunks_are_read_whole():
    found = load("codebase-chunks")
    assert [len(found[name]) for name in ("documents", "queries", "relevant")] == [737, 248, 248]
    assert found["queries"]["0"] == "What is the purpose of the DiffExecutor struct?"
    [chunk] = found["relevant"]["0"]
    assert found["documents"][chunk].startswith("//! Executor for differential fuzzing.")
    assert sum(map(len, found["relevant"].values())) == 306
